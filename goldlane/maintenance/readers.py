"""Streams that have not read all of a table yet: what they still need must not be purged."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.quietcommits import is_quiet, positions

if TYPE_CHECKING:
    from deltalake import DeltaTable


def streams_behind(storage: Path, path: Path, delta: DeltaTable) -> tuple[str, ...]:
    """The flows, as ``table/flow``, and the streams into a store, as ``table_live``, that have something of this table before them."""
    own, newest = str(delta.metadata().id), int(delta.version())
    return tuple(name for name, checkpoint in _checkpoints(storage) if _is_behind(checkpoint, own, path, newest))


def _is_behind(checkpoint: Path, own: str, path: Path, newest: int) -> bool:
    versions = [version for table_id, version in positions(checkpoint, batches=1) if table_id == own]
    if not versions:
        return False
    batches = [int(file.name) for file in (checkpoint / "offsets").iterdir() if file.name.isdigit()]
    return not (checkpoint / "commits" / str(max(batches))).is_file() or not is_quiet(path, min(versions), newest)


def _checkpoints(storage: Path) -> Iterator[tuple[str, Path]]:
    """The newest generation of each flow's checkpoint, and the checkpoint of each stream into a store."""
    for flow in sorted((storage / "system" / "checkpoints").glob("*/*")):
        generations = [int(folder.name) for folder in flow.iterdir() if folder.name.isdigit()]
        if generations:
            yield f"{flow.parent.name}/{flow.name}", flow / str(max(generations))
    for checkpoint in sorted((storage / "system" / "live").glob("*/checkpoint")):
        yield f"{checkpoint.parent.name}_live", checkpoint
