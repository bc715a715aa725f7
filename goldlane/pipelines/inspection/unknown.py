"""Stand-ins for what only a run can know: the rows of a table outside, a setting that nobody gave."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any


class Unknown:
    """Answers everything with itself: a frame, its rows, a value in them. It is empty, false, 0, and ``unknown`` as text.

    So a file that reads a table at module level still runs to its end. ``streams`` says whether it stands for a stream.
    """

    def __init__(self, *, streams: bool = False) -> None:
        self.isStreaming = streams  # Spark's name

    def __getattr__(self, name: str) -> Unknown:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *_: Any, **__: Any) -> Unknown:
        """What it answers when it is called."""
        return self

    def __getitem__(self, _: Any) -> Unknown:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __contains__(self, _: Any) -> bool:
        return False

    def __str__(self) -> str:
        return "unknown"

    def __int__(self) -> int:
        return 0

    def __float__(self) -> float:
        return 0.0

    def __index__(self) -> int:
        return 0

    def _itself(self, _: Any) -> Unknown:
        return self

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __and__ = __or__ = _itself

    def _is_not(self, _: Any) -> bool:
        return False

    __lt__ = __le__ = __gt__ = __ge__ = _is_not


class UnknownText(str):
    """A setting that nobody gave: its own key, as a name; where a number is wanted, 1."""

    __slots__ = ()

    @classmethod
    def of(cls, key: str) -> UnknownText:
        """The stand-in for the setting ``key``, fit for a table's name."""
        return cls(re.sub(r"\W+", "_", key))

    def __int__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0
