"""What following a dataset's function brings to light: the tables it reads and its side effects, each with its place."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from goldlane.pipelines.effects import Effect
from goldlane.pipelines.inspection.values import Role, Value, concrete_or
from goldlane.pipelines.places import Place

# ``delta.`/mnt/x```: files under a table's spelling.
_FILES = re.compile(r"\s*(delta|parquet|csv|json|orc|text|avro)\s*\.\s*`", re.IGNORECASE)
_BUDGET = 1_000
_DEPTH = 15


@dataclass(slots=True)
class Trace:
    """The findings of one function. ``view_streams`` says whether a batch read of one of the pipeline's own views streams."""

    view_streams: Callable[[str], bool | None]
    inputs: dict[str, Place] = field(default_factory=dict)
    unresolved: list[tuple[Place, str]] = field(default_factory=list)
    effects: dict[tuple[Place, str], Effect] = field(default_factory=dict)
    temp_views: dict[str, Value] = field(default_factory=dict)
    depth: int = 0
    calls: int = 0

    def read(self, name: Value, place: Place, *, streams: bool) -> Value:
        """A read of a table by its name."""
        text = concrete_or(name, None)
        if not isinstance(text, str):
            self.unresolved.append((place, "the name of a table it reads"))
            return Value(Role.FRAME, None, True if streams else None)
        if _FILES.match(text):
            return Value(Role.FRAME, None, streams)
        if text.lower() in self.temp_views:
            return self.temp_views[text.lower()]
        self.inputs.setdefault(text, place)
        return Value(Role.FRAME, None, True if streams else self.view_streams(text))

    def effect(self, call: str, effect: Effect, place: Place) -> None:
        """A call with a side effect."""
        self.effects.setdefault((place, call), effect)

    def unsure(self, what: str, place: Place) -> Value:
        """Something that only running can tell."""
        self.unresolved.append((place, what))
        return Value(streams=None)

    def enter(self) -> bool:
        """Whether one more call may be followed."""
        self.calls += 1
        if self.calls > _BUDGET or self.depth >= _DEPTH:
            return False
        self.depth += 1
        return True

    def leave(self) -> None:
        """A followed call is over."""
        self.depth -= 1


def lifted(thing: Any) -> Value:
    """A real object as a value: sessions and frames by their role."""
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.pipelines.inspection.readers import LazyReader
    from goldlane.pipelines.inspection.unknown import Unknown

    if isinstance(thing, SparkSession):
        return Value(Role.SESSION)
    if isinstance(thing, LazyReader):
        return Value(Role.READER, None, thing.streams)
    if isinstance(thing, Unknown | DataFrame):
        return Value(Role.FRAME, None, bool(thing.isStreaming))
    return thing if isinstance(thing, Value) else Value(Role.KNOWN, thing)
