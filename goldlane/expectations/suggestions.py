"""Rules somebody may want, with the Python that makes them."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from keyword import iskeyword
from typing import Any

from goldlane.errors import UsageError
from goldlane.expectations.kinds import in_range, in_set, matches, not_null
from goldlane.expectations.profiles import Profile
from goldlane.expectations.rule import Rule
from goldlane.expectations.rules import Rules

_FUNCTIONS: Mapping[str, Callable[..., Rule]] = {function.__name__: function for function in (not_null, in_range, in_set, matches, Rule)}
_WIDE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggestion:
    """A rule as the call that makes it: ``in_range("amount", 0, 990, why=...)``."""

    function: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def rule(self) -> Rule:
        """What the call returns."""
        return _FUNCTIONS[self.function](*self.arguments, **self.options)

    def source(self) -> str:
        """The call as Python, on one line where it fits."""
        words = [_literal(value) for value in self.arguments]
        words += [f"{name}={_literal(value)}" for name, value in self.options.items()]
        line = f"{self.function}({', '.join(words)})"
        return (
            line if len(line) <= _WIDE else f"{self.function}(\n{textwrap.indent(''.join(f'{word},{chr(10)}' for word in words), '    ')})"
        )


class Suggestions(Rules):
    """Rules that can be used as they are; ``str()`` is their Python source, for somebody to read, cut down and keep."""

    __slots__ = ("note", "profile", "suggested")

    def __init__(self, suggested: Iterable[Suggestion], *, profile: Profile, note: str) -> None:
        self.suggested, self.profile, self.note = tuple(suggested), profile, note
        super().__init__(*(one.rule for one in self.suggested))

    def source(self, name: str = "SUGGESTED") -> str:
        """A Python module that declares the rules as ``name``.

        Raises:
            UsageError: Python has no such name.
        """
        if not name.isidentifier() or iskeyword(name):
            raise UsageError(f"{name!r} is no name in Python", hint="letters, digits and underscores, such as ORDERS")
        calls = [one.source() for one in self.suggested]
        body = textwrap.indent("".join(f"{call},\n" for call in calls), "    ")
        rules = f"{name} = Rules(\n{body})\n" if calls else f"{name} = Rules()\n"
        note = textwrap.fill(self.note, _WIDE, initial_indent="# ", subsequent_indent="# ")
        return f"{self._imports(calls)}\n{note}\n{rules}"

    def __str__(self) -> str:
        return self.source()

    def _imports(self, calls: Iterable[str]) -> str:
        text = "\n".join(calls)
        times = [word for word in ("date", "datetime", "timezone") if f"{word}(" in text or f"{word}.utc" in text]
        used = sorted({"Rules", *(one.function for one in self.suggested)}, key=lambda name: (name.islower(), name))
        standard = f"from datetime import {', '.join(times)}\n\n" if times else ""
        return f"{standard}from goldlane.expectations import {', '.join(used)}\n"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        plain = "\\" in value and '"' not in value and not value.endswith("\\") and value.isprintable()
        if plain:
            return f'r"{value}"'
        # JSON leaves alone what ends a line to `str.splitlines`, and so to `indent`.
        return json.dumps(value, ensure_ascii=False) if value.isprintable() else repr(value)
    if isinstance(value, datetime):
        zone = "" if value.tzinfo is None else ", tzinfo=timezone.utc"
        return f"datetime({value.year}, {value.month}, {value.day}{zone})"
    if isinstance(value, date):
        return f"date({value.year}, {value.month}, {value.day})"
    if isinstance(value, list):
        return f"[{', '.join(_literal(one) for one in value)}]"
    return repr(value)
