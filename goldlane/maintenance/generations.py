"""What full refreshes left behind: checkpoints, schemas and change logs of earlier generations of a table, rows among them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from goldlane.pipelines.storage import read_json

_PATTERNS = ("checkpoints/*/*/*", "schemas/*/*/*", "cdc/*/*")


def remove_old_generations(storage: Path, *, dry_run: bool) -> int:
    """Remove them; how many folders there were."""
    old = list(_old_generations(storage / "system"))
    for folder in () if dry_run else old:
        shutil.rmtree(folder)
    return len(old)


def _old_generations(system: Path) -> Iterator[Path]:
    for pattern in _PATTERNS:
        for folder in sorted(system.glob(pattern)):
            table = folder.relative_to(system).parts[1]
            current = int(read_json(system / "tables" / f"{table}.json").get("generation", 0))
            if folder.name.isdigit() and int(folder.name) < current:
                yield folder
