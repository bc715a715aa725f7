"""The options of one ``cloudFiles`` source, checked all at once and split into Auto Loader's own and the format's."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from goldlane.pipelines.autoloader.errors import AutoLoaderUsageError
from goldlane.pipelines.autoloader.option_names import FORMATS, OWN, PREFIX, WITHOUT_EFFECT

_SOURCE = {"pathglobfilter": "pathGlobFilter", "maxfilespertrigger": "", "maxbytespertrigger": "", "recursivefilelookup": ""}
_TIMES = {"modifiedafter", "modifiedbefore"}
_UNITS = {"b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}


class Evolution(Enum):
    """What to do with a column that the schema does not know."""

    ADD = "addNewColumns"
    RESCUE = "rescue"
    FAIL = "failOnNewColumns"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """One source's options. ``reader`` goes to Spark's reader of the format, ``source`` to its file stream source.

    ``evolution`` is None and ``rescued_column`` is None when the caller said nothing: the defaults depend on whether a schema was given.
    """

    format: str
    evolution: Evolution | None
    infer_types: bool
    hints: str
    rescued_column: str | None
    include_existing: bool
    partition_columns: tuple[str, ...] | None
    schema_location: str | None
    sample_bytes: int
    sample_files: int
    modified_after: str | None
    modified_before: str | None
    source: Mapping[str, str]
    reader: Mapping[str, str]

    def flag(self, name: str, *, default: bool = False) -> bool:
        """A boolean option of the format, such as ``header``."""
        return self.text(name, str(default)).strip().lower() == "true"

    def text(self, name: str, default: str) -> str:
        """A text option of the format; names are compared without case, as Spark does."""
        return {key.lower(): value for key, value in self.reader.items()}.get(name.lower(), default)


def read_options(options: Mapping[str, object]) -> Options:
    """The checked options.

    Raises:
        AutoLoaderUsageError: unknown ``cloudFiles.*`` names (with the closest known one), no or an unknown format, values that do not
            parse; all of them in one message.
    """
    given = {key.lower(): _as_text(value) for key, value in options.items() if value is not None}
    own = {key[len(PREFIX) :]: value for key, value in given.items() if key.startswith(PREFIX)}
    reader = {key: _as_text(value) for key, value in options.items() if value is not None and not _is_own(key)}
    mistakes = [*_unknown(options), *_wrong(own, given)]
    if mistakes:
        raise AutoLoaderUsageError("cloudFiles: " + "; ".join(mistakes))
    return _built(own, given, reader)


def _built(own: Mapping[str, str], given: Mapping[str, str], reader: Mapping[str, str]) -> Options:
    mode, columns = own.get("schemaevolutionmode"), own.get("partitioncolumns")
    return Options(
        format=_match(own["format"], FORMATS) or "",
        evolution=Evolution(_match(mode, [known.value for known in Evolution])) if mode else None,
        infer_types=_is_true(own.get("infercolumntypes", "false")),
        hints=own.get("schemahints", ""),
        rescued_column=own.get("rescueddatacolumn") or given.get("rescueddatacolumn"),
        include_existing=_is_true(own.get("includeexistingfiles", "true")),
        partition_columns=None if columns is None else tuple(name.strip() for name in columns.split(",") if name.strip()),
        schema_location=own.get("schemalocation"),
        sample_bytes=_bytes(own.get("schemainference.samplesize.numbytes", "50g")) or 0,
        sample_files=int(own.get("schemainference.samplesize.numfiles", "1000")),
        modified_after=given.get("modifiedafter"),
        modified_before=given.get("modifiedbefore"),
        source=_source(own, given),
        reader=reader,
    )


def _source(own: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    files = own.get("maxfilespertrigger") or given.get("maxfilespertrigger")
    size = own.get("maxbytespertrigger") or given.get("maxbytespertrigger")
    chosen = {
        "pathGlobFilter": given.get("pathglobfilter"),
        "maxFilesPerTrigger": files,
        "maxBytesPerTrigger": str(_bytes(size)) if size and not files else None,
    }
    # Spark forgets files older than 7 days (by the newest's clock) after the first batch, and would never read one that arrives late.
    age = {"maxFileAge": own.get("maxfileage", "36500d"), "recursiveFileLookup": "true"}
    return {**{key: value for key, value in chosen.items() if value}, **age}


def _unknown(options: Mapping[str, object]) -> list[str]:
    known = {name.lower(): name for name in (*OWN, *WITHOUT_EFFECT)}
    mistakes = []
    for key in options:
        name = key[len(PREFIX) :].lower()
        if key.lower().startswith(PREFIX) and name not in known and not name.startswith("resourcetag."):
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            suggestion = f", did you mean 'cloudFiles.{known[close[0]]}'?" if close else ""
            mistakes.append(f"unknown option {key!r}{suggestion}")
    return mistakes


def _wrong(own: Mapping[str, str], given: Mapping[str, str]) -> list[str]:
    mistakes = []
    chosen, mode = own.get("format"), own.get("schemaevolutionmode")
    if chosen is None:
        mistakes.append(f"option 'cloudFiles.format' is missing; it is one of {', '.join(FORMATS)}")
    elif _match(chosen, FORMATS) is None:
        mistakes.append(f"unknown format {chosen!r}{_closest(chosen, FORMATS)}; known are {', '.join(FORMATS)}")
    modes = [known.value for known in Evolution]
    if mode and _match(mode, modes) is None:
        mistakes.append(f"unknown schemaEvolutionMode {mode!r}{_closest(mode, modes)}; known are {', '.join(modes)}")
    for name in ("maxfilespertrigger", "schemainference.samplesize.numfiles"):
        value = own.get(name, given.get(name, "1"))
        if not value.isdigit() or int(value) < 1:
            mistakes.append(f"{name} must be a whole number above 0, not {value!r}")
    for name in ("maxbytespertrigger", "schemainference.samplesize.numbytes"):
        value = own.get(name, given.get(name, "1"))
        if _bytes(value) is None:
            mistakes.append(f"{name} must be bytes or a size such as '10g', not {value!r}")
    return mistakes


def _is_own(key: str) -> bool:
    lower = key.lower()
    return lower.startswith(PREFIX) or lower in _SOURCE or lower in _TIMES or lower in {"rescueddatacolumn", "path"}


def _match(value: str | None, known: tuple[str, ...] | list[str]) -> str | None:
    return next((name for name in known if value is not None and name.lower() == value.strip().lower()), None)


def _closest(value: str, known: tuple[str, ...] | list[str]) -> str:
    close = difflib.get_close_matches(value, known, n=1, cutoff=0.4)
    return f", did you mean {close[0]!r}?" if close else ""


def _bytes(value: str) -> int | None:
    found = re.fullmatch(r"\s*(\d+)\s*([bkmgt]?)b?\s*", value.lower())
    return int(found.group(1)) * _UNITS[found.group(2) or "b"] if found else None


def _is_true(value: str) -> bool:
    return value.strip().lower() == "true"


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
