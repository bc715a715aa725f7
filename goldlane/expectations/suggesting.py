"""Rules out of data: one pass over all rows, and what they always did becomes a rule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes, UsageError
from goldlane.expectations.free_names import free_name
from goldlane.expectations.habits import Habits
from goldlane.expectations.profiles import Profile
from goldlane.expectations.profiling import profiled
from goldlane.expectations.suggestions import Suggestion, Suggestions
from goldlane.expectations.tolerance import Allowance

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


def suggest_rules(df: DataFrame, *, rejected: float = 0.01, confidence: float = 0.95) -> Suggestions:
    """Rules that rows like those of ``df`` keep; ``print`` shows them as Python source, ready for review.

    Of fresh good rows of the same kind, all rules together refuse a share of ``rejected`` at most, with ``confidence``: each gets an
    equal part, and a bound proven by counting wherever the rows suffice, whatever the distribution. Each rule's ``why`` says what was
    seen and what it may cost. Every row is read, once; all rules only warn.

    Raises:
        UsageError: ``df`` is a stream or has no rows, two columns share a name, or a number is out of its range; all at once.
    """
    mistakes = [
        *([f"rejected must be a share above 0 and up to 0.5, not {rejected}"] if not 0 < rejected <= 0.5 else []),  # noqa: PLR2004
        *([f"confidence must be between 0 and 1, not {confidence}"] if not 0 < confidence < 1 else []),
        *(["the frame is a stream; give the table it fills"] if df.isStreaming else []),
        *[f"{count} columns are named {name!r}" for name, count in Counter(name.lower() for name in df.columns).items() if count > 1],
    ]
    if mistakes:
        raise Mistakes("suggest_rules", mistakes)
    return rules_of(profiled(df), rejected=rejected, confidence=confidence)


def rules_of(profile: Profile, *, rejected: float = 0.01, confidence: float = 0.95) -> Suggestions:
    """``suggest_rules`` of a profile that is there already."""
    if not profile.rows:
        raise UsageError("suggest_rules: the frame has no rows", hint="rules are learned from rows that are known to be good")
    whole = Allowance(rows=profile.rows, share=rejected, doubt=1 - confidence)
    verdicts = sum(Habits(column, whole).verdicts for column in profile.columns)
    part = Allowance(rows=profile.rows, share=rejected / verdicts, doubt=whole.doubt / verdicts)
    found = [one for column in profile.columns for one in Habits(column, part).suggestions()]
    proven = f"with {100 * confidence:g} % confidence" if part.covers(0) else "by the look of their tails: too few rows to prove it"
    note = (
        f"Suggested from {profile.rows:,} rows. Together these refuse at most {100 * rejected:g} % of good rows like them, {proven}. "
        f"Review each before it acts.{_empty(profile)}"
    )
    return Suggestions(_named_apart(found), profile=profile, note=note)


def _empty(profile: Profile) -> str:
    names = [column.name for column in profile.columns if column.nulls == profile.rows]
    return f" Nothing but NULL: {', '.join(names)}." if names else ""


def _named_apart(suggested: Iterable[Suggestion]) -> list[Suggestion]:
    """Columns that differ only in what an identifier cannot hold would share a rule's name."""
    taken: list[str] = []
    apart = []
    for one in suggested:
        name = free_name(one.rule.name, taken)
        taken.append(name)
        apart.append(one if name == one.rule.name else replace(one, options={**one.options, "name": name}))
    return apart
