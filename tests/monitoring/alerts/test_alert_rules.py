"""Alert rules as declarations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from goldlane.errors import UsageError
from goldlane.monitoring import AlertRule, LogSink, Monitor


def test_every_mistake_of_a_rule_is_told_at_once() -> None:
    with pytest.raises(UsageError) as told:
        AlertRule(name=" ", measure="psy", above=-1, below=0.5, predicate="a > 1", against="YESTERDAY", severity="loud", bad=3, of=2)

    for mistake in (
        "the name is empty",
        "unknown measure 'psy'; it is one of psi, ks",
        "above must be a number from 0 on, not -1",
        "below is for measure 'volume'",
        "a predicate is for measure 'custom'",
        "against is CONSECUTIVE, BASELINE or None, not 'YESTERDAY'",
        "unknown severity 'loud'",
        "3 bad windows of the last 2 can never be",
    ):
        assert mistake in str(told.value)


def test_wrong_counts_of_a_rule_are_told_at_once() -> None:
    with pytest.raises(UsageError) as told:
        AlertRule(name="shift", measure="ks", min_rows="many", bad=0, good=1.5, chance=2.0)  # type: ignore[arg-type]

    for name in ("min_rows must be a whole number", "bad must be a whole number", "good must be a whole number", "chance must be"):
        assert name in str(told.value)


def test_a_rule_about_windows_that_the_monitor_does_not_have_would_be_silent_and_is_a_mistake(watched: Callable[..., Monitor]) -> None:
    with pytest.raises(UsageError, match="alert rule 'shift' is about windows of '1 hour'; the monitor has windows of 1 day"):
        watched(AlertRule(name="shift", measure="ks", granularities=("1 hour",)))


def test_a_custom_rule_needs_a_predicate_that_parses() -> None:
    with pytest.raises(UsageError, match="predicate: the predicate is empty"):
        AlertRule(name="own", measure="custom")
    with pytest.raises(UsageError, match="predicate: does not parse"):
        AlertRule(name="own", measure="custom", predicate="percent_null >")


def test_freshness_is_one_look_so_it_cannot_be_debounced() -> None:
    with pytest.raises(UsageError, match="freshness is one look at the newest window"):
        AlertRule(name="late", measure="freshness", bad=2, of=3)


def test_a_rule_that_is_no_rule_and_two_of_one_name_are_mistakes_of_the_monitor(watched: Callable[..., Monitor]) -> None:
    twice = AlertRule(name="nulls", measure="null_share")

    with pytest.raises(UsageError) as told:
        watched(twice, twice, "nulls", sinks=[LogSink(), LogSink(), print])

    for mistake in ("2 alert rules are named 'nulls'", "'nulls' is no AlertRule", "2 sinks are named 'log'", "is no sink"):
        assert mistake in str(told.value)


def test_patterns_choose_columns_without_case_and_leave_others_out() -> None:
    rule = AlertRule(name="shift", measure="ks", columns=("amount*", "fee"), except_columns=("*_id",))

    asked = {name: rule.is_about_column(name) for name in ("Amount_eur", "fee", "fees", "amount_id")}

    assert asked == {"Amount_eur": True, "fee": True, "fees": False, "amount_id": False}


def test_the_whole_table_is_always_asked_and_slices_only_where_the_rule_names_them() -> None:
    rule = AlertRule(name="shift", measure="ks", slices=("country=F*", "amount > 10"))

    asked = [rule.is_about_slice(*each) for each in ((None, None), ("country", "FR"), ("country", "DE"), ("amount > 10", "true"))]

    assert asked == [True, True, False, True]


def test_defaults_can_be_changed_together_and_left_out_by_name() -> None:
    rules = AlertRule.defaults(without=("freshness",), except_columns=("id",), good=5)

    assert "freshness" not in {rule.name for rule in rules}
    assert {(rule.except_columns, rule.good) for rule in rules} == {(("id",), 5)}


def test_a_default_rule_that_there_is_not_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"no default rule 'fresh'; they are numbers_shifted, .*freshness"):
        AlertRule.defaults(without=("fresh", "volume"))
