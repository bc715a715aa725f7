"""Values that must not leave a table, left out of everything a report shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

from goldlane.drawing.rendering import MASK

# A broken FAIL rule quotes the row as JSON after these words.
_QUOTED = re.compile(r"(?:Input data|Output record): '(?=\{)")


@dataclass(frozen=True, slots=True)
class Mask:
    """Hides the values of columns (or fields inside them) by name, whatever the case, and every text that quotes such a field."""

    names: frozenset[str]
    _quoting: re.Pattern[str] | None = field(init=False, repr=False, compare=False)

    def __init__(self, names: Iterable[str] = ()) -> None:
        lowered = frozenset(name.lower() for name in names)
        words = "|".join(re.escape(name) for name in sorted(lowered))
        object.__setattr__(self, "names", lowered)
        object.__setattr__(self, "_quoting", re.compile(rf"(?<!\w)(?:{words})(?!\w)", re.IGNORECASE) if lowered else None)

    def row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """The row with masked values; NULL stays NULL, for that a value is missing is often the very reason."""
        return {name: self._value(name, value) for name, value in row.items()}

    def message(self, text: str) -> str:
        """An error's text with the rows that a broken FAIL rule quotes masked; what cannot be parsed is cut off."""
        parts, end = [], 0
        # From behind each row: a value may spell these words, too.
        while self.names and (quoted := _QUOTED.search(text, end)):
            parts.append(text[end : quoted.end()])
            try:
                row, end = json.JSONDecoder().raw_decode(text, quoted.end())
            except ValueError:
                return "".join([*parts, MASK])
            parts.append(json.dumps(self.row(row), ensure_ascii=False))
        return "".join([*parts, text[end:]])

    def _value(self, name: str, value: Any) -> Any:
        if value is None:
            return None
        if name.lower() in self.names:
            return MASK
        if isinstance(value, Mapping):
            return self.row(value)
        if isinstance(value, (list, tuple)):
            # An entry of a map is a pair to Arrow, whose key is a name, too.
            names = ("", str(value[0])) if isinstance(value, tuple) else repeat("")
            return [self._value(within, one) for within, one in zip(names, value, strict=False)]
        if isinstance(value, str) and self._quoting and self._quoting.search(value):
            # A raw line, or what Auto Loader could not parse: it may hold anything.
            return MASK
        return value
