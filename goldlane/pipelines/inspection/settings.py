"""``spark.conf`` of a session that may never start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.inspection.unknown import UnknownText
from goldlane.pipelines.places import Place, place_of_caller

_NOT_GIVEN = object()


class Settings:
    """Answers from what the caller and the file itself have set; Spark's own settings are asked of the real session.

    A setting that nobody gave is answered by a stand-in, and noted: the update will need it.
    """

    def __init__(self, given: Mapping[str, str], note: Callable[[Problem], None], real: Callable[[], Any]) -> None:
        self._values, self._note, self._real = dict(given), note, real
        self.live = False

    def get(self, key: str, default: Any = _NOT_GIVEN) -> Any:
        """The value of ``key``, else ``default``, else a stand-in."""
        if key in self._values:
            return self._values[key]
        if default is not _NOT_GIVEN:
            return default
        if key.startswith("spark.sql."):
            return self._real().get(key)
        return self.stand_in(key, place_of_caller())

    def stand_in(self, key: str, place: Place | None = None) -> str:
        """A text for a setting that nobody gave, which is noted."""
        message = f"the setting {key!r} is not given, so check went on with a stand-in; give it with --conf {key}=VALUE"
        self._note(Problem(code="unknown_setting", message=message, place=place, severity="warning"))
        return UnknownText.of(key)

    def known(self, key: str, default: Any) -> Any:
        """The value of ``key``, else ``default``; never a stand-in, and nothing is noted."""
        return self._values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Set ``key``, as text; once the real session runs, in that, too."""
        self._values[key] = str(value).lower() if isinstance(value, bool) else str(value)
        if self.live:
            self._real().set(key, self._values[key])

    def unset(self, key: str) -> None:
        """Forget ``key``."""
        self._values.pop(key, None)

    def isModifiable(self, key: str) -> bool:  # noqa: N802  Spark's name
        """Whether a running session could change ``key``: only the real one knows."""
        return bool(self._real().isModifiable(key))

    @property
    def getAll(self) -> dict[str, str]:  # noqa: N802  Spark's name
        """Everything that was given or set."""
        return dict(self._values)
