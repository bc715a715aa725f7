"""One feature as data: its name, type, meaning and unit, and the window it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from goldlane.features.errors import DeclarationError
from goldlane.features.rolling import Rolling, is_identifier
from goldlane.features.types import canonical_type, wrong_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """One column an agent or a model reads. ``rolling`` says how it is computed and merged.

    ``sensitive`` values are kept out of logs, and withheld from agents' tools and prompts.

    Raises:
        DeclarationError: all mistakes at once.
    """

    name: str
    type: str
    description: str
    unit: str | None = None
    sensitive: bool = False
    rolling: Rolling | None = None

    def __post_init__(self) -> None:
        mistakes = [*self._wrong_words(), *self._wrong_window()]
        if mistakes:
            raise DeclarationError(f"Feature {self.name!r}", mistakes)
        object.__setattr__(self, "type", canonical_type(self.type))
        if self.rolling is not None:
            object.__setattr__(self, "rolling", replace(self.rolling, name=self.name))

    @property
    def meaning(self) -> str:
        """The description, with the unit in brackets."""
        return f"{self.description} [{self.unit}]" if self.unit else self.description

    def _wrong_words(self) -> Iterator[str]:
        if not is_identifier(self.name):
            yield "the name must be a column name (letters, digits, _)"
        if not isinstance(self.description, str) or not self.description.strip():
            yield "the description is empty; say what the value means"
        if self.unit is not None and (not isinstance(self.unit, str) or not self.unit.strip()):
            yield f"unit must be text, such as 'EUR', not {self.unit!r}; leave it out where there is none"
        if not isinstance(self.sensitive, bool):
            yield f"sensitive must be True or False, not {self.sensitive!r}"
        yield from wrong_type(self.type)

    def _wrong_window(self) -> Iterator[str]:
        if self.rolling is None:
            return
        if not isinstance(self.rolling, Rolling):
            yield f"rolling must be a Rolling, not {self.rolling!r}"
        elif self.rolling.name not in (None, self.name):
            yield f"its rolling is named {self.rolling.name!r}; leave that name out, a feature's window bears the feature's name"
        elif not any(wrong_type(self.type)):
            yield from self.rolling.unfit_for(self.type)
