"""What an event log has against going on: an update that did not complete, rules that dropped too much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from goldlane.reports.logged import LoggedDataset, LoggedUpdate, logged_updates
from goldlane.reports.naming import Names

_ENDED_WELL = {"COMPLETED", "UNCHANGED", "EXCLUDED"}
_ENDED_BADLY = {"FAILED", "SKIPPED", "CANCELED"}


def objections(
    rows: Iterable[Mapping[str, Any]], tables: Sequence[str] = (), *, most_dropped: float = 1.0, may_go_on: bool = False
) -> Iterator[str]:
    """Why a job should stop, one reason each; nothing where all is well.

    Of each of ``tables`` the newest update that defines it is asked; without tables the newest update, about all of its datasets.
    ``most_dropped`` is the greatest share of rows that a rule may have dropped in that update. A continuous pipeline's update never
    ends: where it ``may_go_on``, only one that ended badly is objected to.
    """
    updates = list(reversed(logged_updates(rows).values()))
    if not updates:
        yield "the event log knows no update"
        return
    told: dict[str, None] = {}
    for update, names in _asked(updates, tables, told):
        if _is_bad(update.state, may_go_on=may_go_on):
            told[f"update {update.update_id} of {update.pipeline} is {update.state}"] = None
        told |= {reason: None for name in names for reason in _of_dataset(update.datasets[name], most_dropped, may_go_on=may_go_on)}
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


def _is_bad(status: str, *, may_go_on: bool) -> bool:
    return status in _ENDED_BADLY if may_go_on else status not in _ENDED_WELL


def _of_dataset(dataset: LoggedDataset, most_dropped: float, *, may_go_on: bool) -> Iterator[str]:
    name = dataset.name.removeprefix("default.")
    if _is_bad(dataset.status, may_go_on=may_go_on):
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
