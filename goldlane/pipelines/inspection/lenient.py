"""``dbutils`` of a check: what only the platform can answer is unknown, and nothing on this machine is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from goldlane.errors import GoldlaneError
from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.inspection.unknown import Unknown, UnknownText
from goldlane.pipelines.places import place_of_caller

_CHANGES = {"rm", "put", "mkdirs", "cp", "mv", "mount", "updateMount", "unmount"}
_TEXTS = {"get", "getArgument", "head", "run"}


class Lenient:
    """Passes calls on; where Goldlane's own ``dbutils`` refuses one, it is noted and answered by a stand-in."""

    def __init__(self, target: Any, name: str, note: Callable[[Problem], None]) -> None:
        self._target, self._name, self._note = target, name, note

    def __getattr__(self, name: str) -> Any:
        found, path = getattr(self._target, name), f"{self._name}.{name}"
        if callable(found) and not isinstance(found, type):
            return lambda *args, **kwargs: self._called(found, name, args, kwargs)
        return Lenient(found, path, self._note) if type(found).__module__.startswith("goldlane.") else found

    def _called(self, function: Callable[..., Any], name: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self._name == "dbutils.fs" and name in _CHANGES:
            return True
        try:
            answer = function(*args, **kwargs)
        except GoldlaneError as refused:
            text = f"{refused.message}; check went on with a stand-in"
            self._note(Problem(code="unknown_value", message=text, place=place_of_caller(), severity="warning"))
            wanted = [value for value in (*args, *kwargs.values()) if isinstance(value, str)]
            return UnknownText.of(wanted[-1]) if name in _TEXTS and wanted else Unknown()
        return (
            Lenient(answer, f"{self._name}.{name}()", self._note)
            if type(answer).__module__.startswith("goldlane.pipelines.dbutils") and not isinstance(answer, tuple)
            else answer
        )
