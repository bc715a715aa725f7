"""Readers of a check: what they read at module level is read where it is on this machine, and unknown where it is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.inspection.unknown import Unknown
from goldlane.pipelines.places import place_of_caller
from goldlane.pipelines.reads import current_reads

_OF_FILES = {"load", "csv", "json", "orc", "parquet", "text", "textFile", "xml", "avro"}


class LazyReader:
    """Remembers how it is told to read, and asks a real reader only for files that are here."""

    def __init__(self, real: Callable[[], Any], *, streams: bool, note: Callable[[Problem], None]) -> None:
        self._real, self.streams, self._note = real, streams, note
        self._steps: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *args, **kwargs: self._step(name, args, kwargs)

    def table(self, name: str) -> Any:
        """A table by name."""
        reads = current_reads()
        return reads.stream(name, {}) if self.streams else reads.batch(name)

    def _step(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if name in _OF_FILES:
            return self._files(name, args, kwargs)
        self._steps.append((name, args, kwargs))
        return self

    def _files(self, name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        path = args[0] if args else kwargs.get("path")
        if not self.streams and isinstance(path, str) and Path(current_reads().path(path)).exists():
            reader = self._real()
            for step, given, named in self._steps:
                reader = getattr(reader, step)(*given, **named)
            return getattr(reader, name)(*args, **kwargs)
        message = f"{path!r} is read at module level, and check has no rows of it"
        self._note(Problem(code="read_at_module_level", message=message, place=place_of_caller(), severity="warning"))
        return Unknown(streams=self.streams)
