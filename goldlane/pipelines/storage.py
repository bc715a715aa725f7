"""The layout of a storage: ordinary Delta tables, and beside them what the runtime must remember."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldlane.filelocks import file_lock
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.names import TableName

LAYOUT_VERSION = 1
# Flows of one table run side by side, and each change of a record reads it first.
_records = threading.Lock()


@dataclass(frozen=True, slots=True)
class Storage:
    """Folders under one root; ``tables`` is for everybody, ``system`` is the runtime's own."""

    root: Path

    def table(self, name: TableName) -> Path:
        """The Delta table of ``name``."""
        return self.root / "tables" / name.folder

    @property
    def events(self) -> Path:
        """The event log, a Delta table."""
        return self.root / "system" / "events"

    def checkpoint(self, name: TableName, flow: str, generation: int) -> Path:
        """A flow's checkpoint. A full refresh starts a new generation instead of deleting under a reader's feet."""
        return self._system("checkpoints", name) / _safe(flow) / str(generation)

    def change_state(self, name: TableName, generation: int) -> Path:
        """What AUTO CDC remembers beside its target: sequences and tombstones."""
        return self._system("cdc", name) / str(generation)

    def file_schema(self, name: TableName, flow: str, generation: int, number: int) -> Path:
        """Where the ``number``-th Auto Loader read of a flow keeps its schema, when the source names no place."""
        return self._system("schemas", name) / _safe(flow) / str(generation) / str(number)

    @property
    def exists(self) -> bool:
        """Whether an update has written here."""
        return (self.root / "system" / "layout.json").is_file()

    def open(self) -> None:
        """Make the folders, and refuse a storage whose layout is newer than this Goldlane.

        Raises:
            PipelineError: the path is a file, holds a %, cannot be written, or was written by a newer version.
        """
        if "%" in str(self.root):
            # delta-rs, which writes the event log, takes %20 in a path for a blank.
            raise PipelineError(f"storage {self.root} has a % in its path", hint="name a folder without one")
        marker = self.root / "system" / "layout.json"
        try:
            marker.parent.mkdir(parents=True, exist_ok=True)
            if not marker.exists():
                write_json(marker, {"layout": LAYOUT_VERSION})
        except OSError as error:
            raise PipelineError(
                f"storage {self.root} cannot be used: {error.strerror}", hint="--storage names a folder that can be written"
            ) from error
        try:
            layout = read_json(marker).get("layout", 0)
        except (OSError, ValueError):
            hint = f'write {{"layout": {LAYOUT_VERSION}}} into it, or use another --storage'
            raise PipelineError(f"storage {self.root} cannot be used: {marker} cannot be read", hint=hint) from None
        if layout > LAYOUT_VERSION:
            message = f"storage {self.root} was written by a newer Goldlane: its layout is {layout}, this one knows {LAYOUT_VERSION}"
            raise PipelineError(message, hint="upgrade goldlane, or use another --storage")

    def require_written(self) -> None:
        """Refuse a folder that no update has written to.

        Raises:
            PipelineError: it is missing, or no storage.
        """
        if not self.exists:
            raise PipelineError(f"{self.root} is no Goldlane storage", hint="name the folder that `goldlane run --storage` wrote to")

    def remembered(self, name: TableName) -> dict[str, Any]:
        """The table's record: owner, generation, fingerprint; empty when nobody wrote the table."""
        return read_json(self._record(name))

    def remember(self, name: TableName, **changes: Any) -> None:
        """Change some entries of the table's record, atomically."""
        with _records:
            write_json(self._record(name), {**self.remembered(name), **changes})

    def generation(self, name: TableName) -> int:
        """How often the table was fully refreshed; checkpoints and what goes with them belong to one generation."""
        return int(self.remembered(name).get("generation", 0))

    def has_progress(self, name: TableName, generation: int) -> bool:
        """Whether flows have read something in this generation of the table."""
        return any(self._system("checkpoints", name).glob(f"*/{generation}/offsets/*")) or self.change_state(name, generation).exists()

    def remember_source(self, name: TableName, flow: str, generations: Mapping[str, int]) -> None:
        """Note which generations of other tables a flow has read."""
        with _records:
            record = self.remembered(name)
            write_json(self._record(name), {**record, "sources": {**record.get("sources", {}), flow: dict(generations)}})

    def ran_once(self, name: TableName, flow: str, generation: int) -> bool:
        """Whether a flow that runs once did so in this generation."""
        return bool(self.remembered(name).get("once", {}).get(flow) == generation)

    def remember_once(self, name: TableName, flow: str, generation: int) -> None:
        """Note that a flow that runs once did so."""
        with _records:
            record = self.remembered(name)
            write_json(self._record(name), {**record, "once": {**record.get("once", {}), flow: generation}})

    @contextmanager
    def update_of(self, pipeline: str) -> Iterator[None]:
        """Hold the pipeline's lock: one update at a time. The lock dies with its process, kill -9 included.

        Raises:
            PipelineError: another process is updating this pipeline on this storage.
        """
        file = self.root / "system" / "locks" / f"{_safe(pipeline)}.lock"

        def refusal(owner: str) -> PipelineError:
            message = f"pipeline {pipeline!r} is already being updated on {self.root}, by {owner}"
            return PipelineError(message, hint="wait for that update to end, or stop it")

        with file_lock(file, refusal):
            yield

    def _record(self, name: TableName) -> Path:
        return self.root / "system" / "tables" / f"{_safe(name.key)}.json"

    def _system(self, room: str, name: TableName) -> Path:
        return self.root / "system" / room / _safe(name.key)


def read_json(file: Path) -> dict[str, Any]:
    """A JSON object, or an empty one when there is no such file."""
    try:
        document: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return document


def write_json(file: Path, document: dict[str, Any]) -> None:
    """Replace a JSON file in one step."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}")
    temporary.write_text(json.dumps(document, indent=1, sort_keys=True), encoding="utf-8")
    temporary.replace(file)


def _safe(name: str) -> str:
    return "".join(letter if letter.isalnum() or letter in "._-" else f"%{ord(letter):02x}" for letter in name)
