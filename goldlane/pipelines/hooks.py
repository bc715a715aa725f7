"""Event hooks: the user's functions hear of each event, one after the other, beside the update and never in its way."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from goldlane.errors import first_line
from goldlane.pipelines.definitions import Hook
from goldlane.pipelines.events import Event, EventLog

# How long an update that is over waits for its hooks.
PATIENCE_SECONDS = 10.0


@contextmanager
def hooked(log: EventLog, hooks: Sequence[Hook]) -> Iterator[None]:
    """Hand each event of ``log`` to ``hooks`` while the body runs; what they did is in the log afterwards."""
    runner = HookRunner(hooks, log)
    log.tell(runner)
    try:
        yield
    finally:
        runner.close()
        log.flush()


class HookRunner:
    """Hands events to hooks in a thread of its own; the log says which hooks failed and which were switched off."""

    def __init__(self, hooks: Sequence[Hook], log: EventLog) -> None:
        self._hooks, self._log = list(hooks), log
        self._failures = dict.fromkeys(range(len(hooks)), 0)
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="event-hooks", daemon=True)
        if self._hooks:
            self._thread.start()

    def __call__(self, row: dict[str, Any]) -> None:
        """Take note of an event of the log; those about hooks are not for hooks."""
        if self._hooks and row["event_type"] != "hook_progress":
            self._queue.put(row)

    def close(self, patience: float = PATIENCE_SECONDS) -> None:
        """Wait until the hooks have heard of everything, but not for ever."""
        if not self._hooks:
            return
        self._queue.put(None)
        self._thread.join(patience)
        if self._thread.is_alive():
            self._say(
                "hooks", "TIMED_OUT", f"Event hooks did not end within {patience:.0f} s; some events were not handed to them.", "WARN"
            )

    def _work(self) -> None:
        while (row := self._queue.get()) is not None:
            for number, hook in enumerate(self._hooks):
                if number in self._failures:
                    self._call(number, hook, row)

    def _call(self, number: int, hook: Hook, row: dict[str, Any]) -> None:
        try:
            hook.function(_event(row))
        except Exception as error:  # noqa: BLE001  a user's hook may raise anything, and must not stop the update
            self._failures[number] += 1
            self._failed(number, hook, error)
        else:
            self._failures[number] = 0

    def _failed(self, number: int, hook: Hook, error: Exception) -> None:
        where = f" ({hook.place})" if hook.place else ""
        reason = f"{type(error).__name__}: {first_line(error)}"
        self._say(hook.name, "FAILED", f"Event hook '{hook.name}'{where} failed: {reason}", "WARN")
        if hook.allowed_failures is not None and self._failures[number] > hook.allowed_failures:
            del self._failures[number]
            self._say(hook.name, "DISABLED", f"Event hook '{hook.name}'{where} is switched off for the rest of this update.", "ERROR")

    def _say(self, hook: str, status: str, message: str, level: str) -> None:
        self._log.emit(
            Event(event_type="hook_progress", message=message, level=level, details={"name": hook, "hook_name": hook, "status": status})
        )


def _event(row: dict[str, Any]) -> dict[str, Any]:
    """An event as a hook gets it: the log's columns, ``details`` as a dictionary, ``timestamp`` as text; a copy for each hook."""
    return {**row, "origin": dict(row["origin"]), "details": json.loads(row["details"]), "timestamp": row["timestamp"].isoformat()}
