"""How often a flow looks for work in continuous mode: ``pipelines.trigger.interval``, or the platform's defaults."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.pipelines.definitions import Dataset, Flow
from goldlane.pipelines.errors import PipelineError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from goldlane.pipelines.plan import Plan

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


def require_intervals(plan: Plan, configuration: Mapping[str, str]) -> None:
    """Look at every interval before anything runs.

    Raises:
        Mistakes: some do not parse; all of them at once.
    """
    mistakes: list[str] = []
    for planned in plan.datasets.values():
        for flow in planned.flows:
            try:
                trigger_interval(planned.dataset, flow.flow, configuration)
            except PipelineError as error:
                mistakes.append(error.message)
    if mistakes:
        raise Mistakes("continuous mode", list(dict.fromkeys(mistakes)))


def _seconds(text: str, dataset: Dataset) -> float:
    found = _INTERVAL.fullmatch(text)
    word = found.group(2).lower() if found else ""
    unit = _UNITS.get(word, _UNITS.get(word.removesuffix("s")))
    if found is None or unit is None:
        raise PipelineError(f"{dataset.written!r}: {SETTING} = {text!r} is no interval", hint='say "10 seconds" or "1 minute"')
    return float(found.group(1)) * unit
