"""``goldlane replay``: did the store tell what training would have seen?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.application import declared_tables
from goldlane.cli.options import JsonOption, StorageOption, project, storage_or_default
from goldlane.cli.output import print_json, progress, results
from goldlane.cli.stores import StoreOption, store_or_default
from goldlane.errors import UsageError

if TYPE_CHECKING:
    from goldlane.features.replay import Replayed

_APART = {
    "ahead": "tell of a time after their read: a clock is ahead",
    "gone": "are of a version of gold that can no longer be read",
    "replaced": "are of a gold table that was replaced since",
    "no_gold": "are of a table that has no gold table in this storage",
    "forgotten": "are of entities that were forgotten since",
}


def replay(
    *,
    storage: StorageOption = None,
    store: StoreOption = None,
    answers: Annotated[Path | None, typer.Option(help="The folder in which answers were logged, or one of its files.")] = None,
    threshold: Annotated[int, typer.Option(min=0, help="So many answers may differ unexplained; more, and the exit code is 1.")] = 0,
    as_json: JsonOption = False,
) -> int:
    """Compare logged answers with the offline point-in-time join, as of each answer's time."""
    from goldlane.features.replay import replay as replay_answers

    if answers is None:
        raise UsageError("nothing says where the answers are", hint="goldlane replay --answers FOLDER")
    settings = project()
    tables = () if settings.features is None else declared_tables(settings)
    target, folder = store_or_default(store, settings), storage_or_default(storage, settings)
    found = replay_answers(folder, target, answers, tables=tables, told=lambda step: progress().print(step, markup=False))
    document = found.document()
    if as_json:
        print_json(document)
    else:
        _print(document, found)
    return 1 if found.unexplained > threshold else 0


def _print(document: dict[str, Any], found: Replayed) -> None:
    from rich.table import Table

    counts = ", ".join(f"{document[name]:,} {name}" for name in ("matched", "mismatched", "missing", "extra"))
    results().print(f"{document['compared']:,} of {document['answers']:,} answers compared: {counts}")
    table = Table("table", "feature", "mismatched", "missing", "extra", "revised", box=None)
    for each in document["features"]:
        table.add_row(each["table"], each["feature"], *(f"{each[name]:,}" for name in ("mismatched", "missing", "extra", "revised")))
    results().print(table)
    for line in (*_examples(document), *_notes(document)):
        results().print(line, markup=False)
    if found.unexplained:
        results().print(f"{found.unexplained:,} answers differ unexplained")


def _examples(document: dict[str, Any]) -> list[str]:
    told = []
    for each in document["features"]:
        example = each["example"]
        if example is not None:
            key = ", ".join(f"{name}={value}" for name, value in example["key"].items())
            place = f"{each['table']}.{each['feature']} of {key} at {example['at']}"
            told.append(f"{place}: online {example['online']}, offline {example['offline']} (version {example['version']})")
    return told


def _notes(document: dict[str, Any]) -> list[str]:
    told = [f"{count:,} answers {_APART[reason]}" for reason, count in document["apart"].items() if count]
    for each in document["definitions"]:
        now = "and the store serves the old one still" if each["still_served"] else "since they were given"
        told.append(f"{each['table']}: the definition of {each['answers']:,} answers changed, {now}: {'; '.join(each['changes'])}")
    if document["stale"]:
        told.append(f"{document['stale']:,} answers were right of the published version, and gold had a newer one: lag")
    if document["revised"]:
        told.append(f"{document['revised']:,} answers were right, and gold tells the same rows otherwise today: history was corrected")
    if document["broken_lines"]:
        told.append(f"{document['broken_lines']:,} lines of the log cannot be read: a process was killed while it wrote")
    lag = document["lag_s"]
    if lag["p50"] is not None:
        told.append(f"served {lag['p50']:,.3f} s (p50), {lag['p95']:,.3f} s (p95) after it became known")
    return told
