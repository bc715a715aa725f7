"""What an event log has against going on: an update that did not complete, rules that dropped too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from goldlane.reports.logged import LoggedDataset, LoggedUpdate, logged_updates
from goldlane.reports.naming import Names

_ENDED_WELL = {"COMPLETED", "UNCHANGED", "EXCLUDED"}


def objections(rows: Iterable[Mapping[str, Any]], tables: Sequence[str] = (), *, most_dropped: float = 1.0) -> Iterator[str]:
    """Why a job should stop, one reason each; nothing where all is well.

    Of each of ``tables`` the newest update that defines it is asked; without tables the newest update, about all of its datasets.
    ``most_dropped`` is the greatest share of rows that a rule may have dropped in that update.
    """
    updates = list(reversed(logged_updates(rows).values()))
    if not updates:
        yield "the event log knows no update"
        return
    told: dict[str, None] = {}
    for update, names in _asked(updates, tables, told):
        if update.state != "COMPLETED":
            told[f"update {update.update_id} of {update.pipeline} is {update.state}"] = None
        told |= {reason: None for name in names for reason in _of_dataset(update.datasets[name], most_dropped)}
    yield from told


def _asked(updates: Sequence[LoggedUpdate], tables: Sequence[str], told: dict[str, None]) -> Iterator[tuple[LoggedUpdate, Sequence[str]]]:
    if not tables:
        yield updates[0], list(updates[0].datasets)
    for table in tables:
        found = next(((update, name) for update in updates if (name := Names(update.datasets).find(table)) is not None), None)
        if found is None:
            told[f"no update in the event log makes {table}"] = None
        else:
            yield found[0], [found[1]]


def _of_dataset(dataset: LoggedDataset, most_dropped: float) -> Iterator[str]:
    name = dataset.name.removeprefix("default.")
    if dataset.status not in _ENDED_WELL:
        why = dataset.skipped or _message(dataset.error)
        yield f"{name} is {dataset.status}" + (f": {why}" if why else "")
    actions = {rule["name"]: rule.get("action", "") for rule in dataset.declared}
    for (_, rule), (passed, failed) in dataset.judged.items():
        rows = passed + failed
        # Rules of a view are declared there, and counted where its rows were written.
        if failed and actions.get(rule, "drop").lower() == "drop" and failed > most_dropped * rows:
            yield f"{name}: {rule} dropped {failed:,} of {rows:,} rows, more than {most_dropped:.2%}"


def _message(error: Mapping[str, Any] | None) -> str:
    exceptions = (error or {}).get("exceptions") or ()
    return str(exceptions[0].get("message", "")).partition("\n")[0] if exceptions else ""
