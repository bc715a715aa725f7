"""A query of a SQL file as the function that a flow calls."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import TYPE_CHECKING, NoReturn

from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.places import Place

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_LINE = re.compile(r"\bline (\d+),? pos")


@dataclass(frozen=True, slots=True)
class Label:
    """A column that a view renames by its position, and its comment."""

    name: str
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SqlQuery:
    """``text`` as it was written, beginning at ``place``; ``run`` is the session's ``sql``. What it raises points into the file."""

    text: str
    place: Place
    run: Callable[[str], DataFrame]
    labels: Sequence[Label] = ()

    def __call__(self) -> DataFrame:
        """The query's frame."""
        try:
            # So much space that Spark counts lines as the file does.
            return self._labelled(self.run("\n" * (self.place.line - 1) + self.text))
        except Exception as error:  # noqa: BLE001  whatever it is, it is raised again, from a line of the file
            found = _LINE.search(str(error))
            _raise_at(Place(self.place.file, int(found.group(1)) if found else self.place.line), error)

    def _labelled(self, frame: DataFrame) -> DataFrame:
        if not self.labels:
            return frame
        if len(self.labels) != len(frame.columns):
            raise PipelineError(f"{len(self.labels)} columns are named, but the query gives {len(frame.columns)}")
        frame = frame.toDF(*(label.name for label in self.labels))
        for label in self.labels:
            if label.comment is not None:
                frame = frame.withMetadata(label.name, {"comment": label.comment})
        return frame


def _raise(error: Exception) -> NoReturn:
    raise error


def _raise_at(place: Place, error: Exception) -> NoReturn:
    """Raise from a line of a file that Python did not compile: tracebacks show the line, and so does the pipeline's error."""
    code = _raise.__code__.replace(co_filename=place.file, co_firstlineno=place.line - 1)
    FunctionType(code, _raise.__globals__)(error)
    raise error  # never reached
