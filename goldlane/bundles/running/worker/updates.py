"""A pipeline task: one update, as ``goldlane run`` does it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from goldlane.bundles.running.worker.sessions import TaskSpark
from goldlane.bundles.running.worker.task import Task
from goldlane.errors import GoldlaneError

if TYPE_CHECKING:
    from goldlane.pipelines import Update
    from goldlane.pipelines.events import Event

_HEARD = ("flow_progress", "update_progress")
_SAID = ("RUNNING", "COMPLETED", "FAILED", "SKIPPED", "STOPPED")


def run_update(task: Task) -> Mapping[str, Any]:
    """Run the pipeline to its end.

    Raises:
        GoldlaneError: a dataset failed; with its line.
    """
    from goldlane.pipelines.run import run

    asked, spark = task.document["pipeline"], TaskSpark(task, task.root / "task")
    update = run(
        asked["sources"],
        storage=task.storage,
        spark=spark.base(),
        name=asked["name"],
        catalog=asked["catalog"],
        schema=asked["schema"],
        configuration=asked["configuration"],
        inputs=task.document["inputs"],
        paths=task.document["paths"],
        refresh=asked["refresh"] or None,
        full_refresh=asked["full_refresh"],
        listeners=[lambda event: _tell(task, event)],
    )
    _require_completed(update)
    return {"update_id": update.update_id}


def _tell(task: Task, event: Event) -> None:
    said = str(event.details.get("status") or event.details.get("state") or "")
    if event.event_type in _HEARD and said in _SAID:
        task.tell(event.message)


def _require_completed(update: Update) -> None:
    failed = [dataset for dataset in update.datasets if dataset.error is not None]
    if update.status == "COMPLETED":
        return
    told = "; ".join(f"{dataset.name}: {dataset.error.message}" for dataset in failed if dataset.error) or f"the update is {update.status}"
    place = next((dataset.error.place for dataset in failed if dataset.error and dataset.error.place), None)
    raise GoldlaneError(told, file=place.file if place else None, line=place.line if place else None)
