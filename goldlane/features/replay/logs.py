"""An answers log, read back: every answer with the declaration it was served under, in exact values."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from goldlane.errors import UsageError
from goldlane.features.declarations import FeatureTable
from goldlane.features.online.answer_files import PATTERN
from goldlane.features.online.answer_lines import exact
from goldlane.features.online.key_values import key_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What a store served of a table: its declaration then, and the salt of its digests."""

    table: FeatureTable
    definition: str
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """One answer. Moments are microseconds; ``features`` is None for a key that the store did not know.

    ``versions`` are the least and the greatest that the store may have equalled; None where that is not known.
    """

    served: Served
    key: tuple[Any, ...]
    features: Mapping[str, Any] | None
    as_of: int | None
    at: int
    read_at: int
    versions: tuple[int | None, int | None]
    source_id: str | None
    published_at: int | None


@dataclass(slots=True)
class AnswersRead:
    """The answers of a log, and how many of its lines cannot be read: the last one of a killed process is half a line."""

    answers: list[Logged] = field(default_factory=list)
    broken: int = 0


def read_answers(path: Path) -> AnswersRead:
    """Every answer in the files of a folder, or in one file.

    Raises:
        UsageError: there is no log.
    """
    files = sorted(path.glob(PATTERN)) if path.is_dir() else [path] if path.is_file() else []
    if not files:
        raise UsageError(
            f"there are no answers in {path}", hint="open_store(url, answers=FOLDER) or goldlane serve --answers FOLDER logs them"
        )
    read = AnswersRead()
    for file in files:
        _read_file(file, read)
    if read.broken and not read.answers:
        raise UsageError(f"{path} holds no log of answers: none of its {read.broken} lines is one")
    return read


def _read_file(file: Path, read: AnswersRead) -> None:
    served: dict[str, Served] = {}
    for line in _lines(file):
        try:
            document = json.loads(line)
            if document["line"] == "table":
                table = FeatureTable.from_json(json.dumps(document["declaration"]))
                served[document["definition"]] = Served(table=table, definition=document["definition"], salt=document["salt"])
            else:
                read.answers.append(_logged(document, served[document["definition"]]))
        except (ValueError, KeyError, TypeError, ArithmeticError):
            read.broken += 1


def _lines(file: Path) -> Iterator[str]:
    with file.open(encoding="utf-8", errors="surrogatepass") as opened:
        yield from (line for line in opened if line.strip())


def _logged(document: Mapping[str, Any], served: Served) -> Logged:
    table = served.table
    told = document["features"]
    features = None
    if told is not None:
        features = {each.name: told[each.name] if each.sensitive else exact(each.type)(told[each.name]) for each in table.features}
    least, greatest = document["versions"] or (None, None)
    return Logged(
        served=served,
        key=tuple(key_value(document["key"][key], table.key_types[key]) for key in table.keys),
        features=features,
        as_of=document["as_of"],
        at=document["at"],
        read_at=document["read_at"],
        versions=(least, greatest),
        source_id=document["source_id"],
        published_at=document["published_at"],
    )
