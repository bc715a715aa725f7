"""The function that hands out snapshots one by one, and what it handed out while the pipeline was planned."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.cdc.errors import SnapshotError
from goldlane.pipelines.cdc.versions import Version, checked_version

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """A table's rows at one version."""

    frame: DataFrame
    version: Version


class SnapshotSource:
    """Asks the user's function for the snapshot after a version; checks what it answers.

    Planning needs the columns, and so asks before anything is written. A function may count its calls, so that answer is kept, and
    given again to whoever asks first for the snapshot after the same version.
    """

    def __init__(self, function: Callable[[Any], Any], target: str) -> None:
        self.function, self._target = function, target
        self._kept: list[tuple[Version | None, Snapshot | None]] = []

    def after(self, last: Version | None) -> Snapshot | None:
        """The next snapshot, None when there is none.

        Raises:
            SnapshotError: the answer is no (DataFrame, version), or its version does not come after ``last``.
        """
        kept, self._kept = self._kept, []
        if kept and kept[0][0] == last:
            return kept[0][1]
        return self._asked(last)

    def planned(self, last: Version | None, *, keep: Callable[[], bool]) -> Snapshot | None:
        """As ``after``; the answer is kept for it when ``keep()`` says so, for one made of stand-ins holds no rows."""
        answer = self._asked(last)
        self._kept = [(last, answer)] if answer is not None and keep() else []
        return answer

    def _asked(self, last: Version | None) -> Snapshot | None:
        answer = self.function(last)
        if answer is None:
            return None
        if not isinstance(answer, tuple) or len(answer) != 2:  # noqa: PLR2004  a pair
            raise self._unusable(f"returned {type(answer).__name__}")
        frame, version = answer
        if frame is None:
            return None
        from pyspark.sql import DataFrame

        if not isinstance(frame, DataFrame):
            raise self._unusable(f"returned a {type(frame).__name__} with version {version!r}")
        return Snapshot(frame=frame, version=checked_version(version, last, self._target))

    def _unusable(self, what: str) -> SnapshotError:
        name = getattr(self.function, "__name__", "function")
        return SnapshotError(f"the snapshot function {name} for {self._target} {what}", hint="return (DataFrame, version), or None")
