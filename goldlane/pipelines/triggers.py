"""How often a flow looks for work in continuous mode: ``pipelines.trigger.interval``, or the platform's defaults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from goldlane.pipelines.definitions import Dataset, Flow
from goldlane.pipelines.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTING = "pipelines.trigger.interval"
STREAMS_S, VIEWS_S, VIEWS_OVER_FILES_S = 5.0, 60.0, 600.0
_INTERVAL = re.compile(r"\s*(?:interval\s+)?(\d+(?:\.\d+)?)\s*([a-z]+)\s*", re.IGNORECASE)
_UNITS = {"ms": 0.001, "millisecond": 0.001, "s": 1.0, "second": 1.0, "m": 60.0, "minute": 60.0, "h": 3600.0, "hour": 3600.0}


def trigger_interval(dataset: Dataset, flow: Flow, configuration: Mapping[str, str]) -> float | None:
    """Seconds between two looks: said by the flow, else the table, else the pipeline; None when nobody says.

    Raises:
        PipelineError: the interval does not parse.
    """
    said = next((found for place in (flow.spark_conf, dataset.table_properties, configuration) if (found := place.get(SETTING))), None)
    return None if said is None else _seconds(said, dataset)


def _seconds(text: str, dataset: Dataset) -> float:
    found = _INTERVAL.fullmatch(text)
    word = found.group(2).lower() if found else ""
    unit = _UNITS.get(word, _UNITS.get(word.removesuffix("s")))
    if found is None or unit is None:
        raise PipelineError(f"{dataset.written!r}: {SETTING} = {text!r} is no interval", hint='say "10 seconds" or "1 minute"')
    return float(found.group(1)) * unit
