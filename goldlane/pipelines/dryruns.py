"""Where an update that only validates keeps what it writes: in the storage that is there, or in one that goes with the process."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from goldlane.pipelines.outcome import Update
from goldlane.pipelines.storage import Storage


def dry_storage(storage: Storage) -> Storage:
    """``storage``, unless it is none yet: checking a pipeline must not make one."""
    if storage.exists or storage.root.is_file():
        return storage
    folder = tempfile.mkdtemp(prefix="goldlane-validate-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Storage(Path(folder).resolve())


def as_if_in(storage: Storage, used: Storage, update: Update) -> Update:
    """``update`` with the paths that its tables will have in ``storage``."""
    if used == storage:
        return update
    datasets = (
        replace(dataset, path=storage.root / dataset.path.relative_to(used.root))
        if dataset.path and dataset.path.is_relative_to(used.root)
        else dataset
        for dataset in update.datasets
    )
    return replace(update, datasets=tuple(datasets))
