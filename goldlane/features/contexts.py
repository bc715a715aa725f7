"""What a model is told about an entity: its features, typed, and as a compact text for a prompt.

Importing this imports pydantic, and nothing heavier.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field

from goldlane.errors import UsageError
from goldlane.features.prompts import told

if TYPE_CHECKING:
    from typing_extensions import Self

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.store import Answer, OnlineStore


class Context(BaseModel):
    """One entity's features and how far to trust them; a feature is None where ``missing`` names it.

    A subclass names its ``table`` and has a field for each of the table's keys and features.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    table: ClassVar[FeatureTable]

    as_of: datetime | None = Field(description="When these values became known; None for an entity never seen")
    age_s: float | None = Field(description="Seconds from as_of to the answer")
    missing: tuple[str, ...] = Field(description="Features without a value")
    expired: bool = Field(description="Whether the values were too old to be told")

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """Every field takes its meaning from the declaration of its feature."""
        for feature in cls.table.features:
            cls.model_fields[feature.name].description = feature.meaning
        cls.model_rebuild(force=True)

    @classmethod
    def from_answer(cls, key: Mapping[str, object], answer: Answer) -> Self:
        """The typed form of what ``lookup`` answered for ``key``.

        Raises:
            pydantic.ValidationError: the answer is another table's, or a selection of its features.
        """
        return cls.model_validate(
            {
                **key,
                **answer.features,
                "as_of": answer.as_of,
                "age_s": answer.age_s,
                "missing": answer.missing,
                "expired": answer.expired,
            }
        )

    def prompt(self) -> str:
        """A line about the entity and the age of what is known, then a line per feature: value, unit, meaning, or that it is missing.

        Values of sensitive features are withheld.
        """
        return told(self.table, self)


class JointContext(BaseModel):
    """Several contexts read at one moment: a field per context, each of another table."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def read(cls, store: OnlineStore, key: Mapping[str, object], *, at: datetime | None = None) -> Self:
        """All contexts from one state of the store; each takes its table's keys out of ``key``. An unknown entity's is empty.

        Raises:
            UsageError: ``key`` lacks a key of some table, or has one of none.
        """
        parts = cls._parts()
        wanted = cls.key_types()
        if set(wanted) != set(key):
            raise UsageError(f"{cls.__name__} is read by {', '.join(wanted)}, not by {', '.join(map(str, key)) or 'nothing'}")
        keys = {part.table.name: {column: key[column] for column in part.table.keys} for part in parts.values()}
        answers = store.lookup_all(keys, "empty", at=at)
        told_of = {name: part.from_answer(keys[part.table.name], answers[part.table.name]) for name, part in parts.items()}
        return cls.model_validate(told_of)

    @classmethod
    def key_types(cls) -> dict[str, str]:
        """The key columns of all the tables, and their types."""
        return {column: part.table.key_types[column] for part in cls._parts().values() for column in part.table.keys}

    def prompt(self) -> str:
        """The texts of the contexts, one under the other."""
        return "\n\n".join(getattr(self, name).prompt() for name in self._parts())

    @classmethod
    def __pydantic_init_subclass__(cls, **_: object) -> None:
        """A lookup answers once per table, so that two fields cannot share one."""
        several = [name for name, count in Counter(part.table.name for part in cls._parts().values()).items() if count > 1]
        if several:
            raise TypeError(f"{cls.__name__} has several contexts of {', '.join(several)}; a joint context holds one per table")

    @classmethod
    def _parts(cls) -> dict[str, type[Any]]:
        """The context class of each field."""
        parts: dict[str, Any] = {name: field.annotation for name, field in cls.model_fields.items()}
        return parts
