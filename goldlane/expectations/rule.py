"""A rule: a named SQL predicate about one row, as data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from goldlane.errors import Mistakes
from goldlane.expectations.predicate import predicate_mistakes, root_columns


class RuleError(Mistakes):
    """A rule, or a list of rules, that cannot be; every mistake in it at once."""


class Action(str, Enum):
    """What happens to a row that breaks a rule: it is kept and counted, it is dropped, or the whole write fails."""

    WARN = "warn"
    DROP = "drop"
    FAIL = "fail"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A named SQL predicate, as its author wrote it. ``sql`` is its two-valued form: true or false, never NULL.

    A row breaks the rule unless the predicate is true; NULL breaks it, unless ``or_null`` says that NULL is fine.
    ``action`` takes the enum or its text. ``why`` is for the reader of a report.

    Raises:
        RuleError: the name is no identifier, or the predicate is not one boolean SQL expression about one row.
    """

    name: str
    predicate: str
    action: Action = Action.WARN
    why: str = ""
    or_null: bool = False

    def __post_init__(self) -> None:
        mistakes = [
            *name_mistakes(self.name, example="amount_is_positive"),
            *_action_mistakes(self.action),
            *predicate_mistakes(self.predicate),
        ]
        if mistakes:
            raise RuleError(f"rule {self.name!r} ({self.predicate!r})", mistakes)
        object.__setattr__(self, "action", Action(self.action))

    @property
    def sql(self) -> str:
        """The predicate that every engine gets: ``coalesce((predicate), false)``, or ``true`` with ``or_null``."""
        return f"coalesce(({self.predicate}), {'true' if self.or_null else 'false'})"

    @property
    def columns(self) -> tuple[str, ...]:
        """The top-level columns that the predicate reads, in order of appearance."""
        return root_columns(self.predicate)


def name_mistakes(name: object, *, example: str) -> list[str]:
    """Why no rule can be named so; nothing when it can."""
    if isinstance(name, str) and name.isidentifier():
        return []
    return [f"the name must be an identifier: letters, digits and underscores, such as {example}"]


def _action_mistakes(action: object) -> list[str]:
    if action in set(Action):
        return []
    return [f"unknown action {action!r}; it is one of {', '.join(Action)}"]
