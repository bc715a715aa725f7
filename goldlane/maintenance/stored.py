"""Every Delta table of a storage: those of pipelines, what AUTO CDC remembers beside them, the event log, and who was forgotten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from goldlane.errors import UsageError
from goldlane.forgotten import NAME, forgotten_path

_CHANGES = "cdc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A table's name in messages, and its folder. ``is_log`` where its rows grow old and may be thrown away."""

    name: str
    path: Path
    is_log: bool = False


def stored_tables(storage: Path) -> tuple[Stored, ...]:
    """The tables of a storage, by name.

    Raises:
        UsageError: the folder is no storage.
    """
    if not (storage / "tables").is_dir():
        raise UsageError(f"{storage} is no Goldlane storage", hint="name the folder that `goldlane run --storage` wrote to")
    return (*sorted(_tables(storage), key=lambda table: table.name), *_system(storage))


def _tables(storage: Path) -> Iterator[Stored]:
    for log in (storage / "tables").glob("*/*/_delta_log"):
        schema, name = log.parent.parent.name, log.parent.name
        yield Stored(name=name if schema == "default" else f"{schema}.{name}", path=log.parent)


def _system(storage: Path) -> Iterator[Stored]:
    room = storage / "system" / _CHANGES
    for log in sorted(room.glob("*/*/*/_delta_log")):
        yield Stored(name=f"system/{log.parent.relative_to(room.parent)}", path=log.parent)
    events = storage / "system" / "events"
    if (events / "_delta_log").is_dir():
        yield Stored(name="system/events", path=events, is_log=True)
    if (forgotten_path(storage) / "_delta_log").is_dir():
        yield Stored(name=f"system/{NAME}", path=forgotten_path(storage))
