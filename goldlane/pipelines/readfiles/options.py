"""The named arguments of ``read_files`` as options of Auto Loader and of the format."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from goldlane.pipelines.autoloader.option_names import OWN, WITHOUT_EFFECT
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.readfiles.arguments import as_text

_PREFIX = "cloudFiles."
_OWN = {name.lower(): name for name in (*OWN, *WITHOUT_EFFECT)}
_RENAMED = {"filenamepattern": "pathGlobFilter", "sep": "sep", "delimiter": "sep"}
# A batch takes all files there are.
_OF_STREAMS = {"includeexistingfiles", "maxfilespertrigger", "maxbytespertrigger", "schemalocation", "schemaevolutionmode"}
_ALL_FILES = {"schemaInference.sampleSize.numFiles": str(2**31 - 1), "schemaInference.sampleSize.numBytes": str(2**62)}


def options_of(given: Mapping[str, Any], *, streams: bool) -> dict[str, str]:
    """``given`` (names in lower case) as options of a ``cloudFiles`` source. Other than Auto Loader, ``read_files`` infers types.

    Raises:
        PipelineError: a name that looks like a misspelt one.
    """
    names = {name.removeprefix(_PREFIX.lower()): as_text(value) for name, value in given.items() if value is not None}
    misspelt = [f"unknown option {name!r}, did you mean {close!r}?" for name in names if (close := _misspelt(name))]
    if misspelt:
        raise PipelineError(f"read_files: {'; '.join(misspelt)}")
    options = {f"{_PREFIX}inferColumnTypes": "true"}
    if not streams:
        evolution = "none" if "schema" in names else "rescue"
        options |= {f"{_PREFIX}{name}": value for name, value in _ALL_FILES.items()} | {f"{_PREFIX}schemaEvolutionMode": evolution}
    for name, value in names.items():
        if name != "schema" and (streams or name not in _OF_STREAMS):
            options[_option(name)] = value
    return options


def keeps_rescued(given: Mapping[str, Any]) -> bool:
    """Whether the rescued column stays: ``schemaEvolutionMode => 'none'`` takes it away, unless it was asked for by its name."""
    return as_text(given.get("schemaevolutionmode", "")).lower() != "none" or "rescueddatacolumn" in given


def _option(name: str) -> str:
    return f"{_PREFIX}{_OWN[name]}" if name in _OWN else _RENAMED.get(name, name)


def _misspelt(name: str) -> str | None:
    if name in _OWN or name == "schema":
        return None
    close = difflib.get_close_matches(name, ["schema", *_OWN], n=1, cutoff=0.85)
    return _OWN.get(close[0], close[0]) if close else None
