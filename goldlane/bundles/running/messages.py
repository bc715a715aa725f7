"""What a job run and the process of a task say to each other: one JSON document a line."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator, Mapping
from typing import Any


class Line:
    """One end of the line between them."""

    def __init__(self, door: socket.socket) -> None:
        self._door, self._lines = door, door.makefile("r", encoding="utf-8")
        self._lock = threading.Lock()

    def send(self, message: Mapping[str, Any]) -> None:
        """Say something; nobody may be there any more."""
        text = json.dumps(message, default=str) + "\n"
        with self._lock:
            try:
                self._door.sendall(text.encode())
            except OSError:
                return

    def read(self) -> dict[str, Any]:
        """The next message; empty when the other end is gone."""
        try:
            found = self._lines.readline()
            return dict(json.loads(found)) if found else {}
        except (OSError, ValueError):
            # Gone, perhaps in the middle of a line.
            return {}

    def __iter__(self) -> Iterator[dict[str, Any]]:
        while message := self.read():
            yield message
