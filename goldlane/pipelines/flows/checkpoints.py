"""What is wrong with a stream's checkpoint, once Spark could not go on from it."""

from __future__ import annotations

import json
from pathlib import Path

from goldlane.pipelines.errors import PipelineError

_VERSION_LINE = "v1"


def damaged_checkpoint(checkpoint: Path, dataset: str) -> PipelineError | None:
    """An error that names the file of ``checkpoint`` that cannot be read, if there is one."""
    broken = next((file for file in _files(checkpoint) if not _is_readable(file)), None)
    if broken is None:
        return None
    hint = f"put the file back from a backup, or start over with --full-refresh {dataset}"
    return PipelineError(f"the checkpoint of {dataset!r} is damaged: {broken} cannot be read", hint=hint)


def _files(checkpoint: Path) -> list[Path]:
    logs = [file for room in ("offsets", "commits") for file in sorted((checkpoint / room).glob("[0-9]*")) if file.name.isdigit()]
    metadata = checkpoint / "metadata"
    return [*([metadata] if metadata.exists() else []), *logs]


def _is_readable(file: Path) -> bool:
    try:
        text = file.read_text(encoding="utf-8")
        if file.name == "metadata":
            return bool(json.loads(text)["id"])
        version, *lines = text.splitlines()
        return (
            version.startswith("v")
            and version[1:].isdigit()
            and bool(lines)
            and all(json.loads(line) is not None for line in lines if line != "-")
        )
    except (OSError, ValueError, KeyError, TypeError):
        return False
