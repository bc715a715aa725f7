"""The default rules beside generated days: silent while nothing changes, and no more than one window late when something does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Any, TypeAlias

import numpy as np
import pytest

from goldlane.monitoring.alerts import Alert, AlertRule, MetricRows, shown_alerts
from goldlane.monitoring.distributions import CategoricalDistribution, NumericDistribution
from goldlane.monitoring.statistics import (
    AlignedCounts,
    AlignedShares,
    aligned_counts,
    aligned_shares,
    jensen_shannon,
    ks_statistic,
    l_infinity,
    population_stability_index,
    total_variation,
    wasserstein_distance,
)

Values: TypeAlias = "np.ndarray[Any, Any]"
Day: TypeAlias = "dict[str, Values]"
Row: TypeAlias = "dict[str, Any]"

FIRST = datetime(2026, 1, 5, tzinfo=timezone.utc)
COUNTRIES = np.array(["FR", "DE", "NL", "BE", "IT", "ES", "PT", "AT"], dtype=object)
SHARES = np.array([0.3, 0.25, 0.15, 0.1, 0.08, 0.06, 0.04, 0.02])
CITIES = np.array([f"city {number}" for number in range(200)], dtype=object)
USUAL_ROWS, PLANTED = 2000, 10
RULES = AlertRule.defaults()


def made_day(dice: np.random.Generator, rows: int) -> Day:
    """A day of payments. NaN and None are NULL."""
    zipf = 1 / np.arange(1, CITIES.size + 1)
    return {
        "amount": dice.lognormal(3, 1.2, rows),
        "fee": dice.normal(2, 0.3, rows),
        "items": dice.poisson(2, rows).astype(float),
        "refunded": np.where(dice.random(rows) < 0.9, 0.0, dice.lognormal(2, 1, rows)),
        "score": np.where(dice.random(rows) < 0.02, np.nan, dice.beta(2, 5, rows)),
        "tip": np.where(dice.random(rows) < 0.7, np.nan, dice.exponential(3, rows)),
        "pareto": dice.pareto(1.5, rows),
        "version": np.full(rows, 3.0),
        "country": dice.choice(COUNTRIES, rows, p=SHARES),
        "city": dice.choice(CITIES, rows, p=zipf / zipf.sum()),
        "channel": np.where(dice.random(rows) < 0.4, "app", "web").astype(object),
        "note": np.where(dice.random(rows) < 0.999, None, "rare").astype(object),
        "id": np.array([f"{key:x}" for key in dice.integers(0, 2**60, rows)], dtype=object),
    }


def made_days(seed: int, days: int, usual: int = USUAL_ROWS) -> list[Day]:
    """Days with half the rows on weekends, and as many more or fewer as chance gives."""
    dice = np.random.default_rng(seed)
    return [made_day(dice, int(dice.poisson(usual * (0.5 if number % 7 in (5, 6) else 1.0)))) for number in range(days)]


@dataclass(frozen=True, kw_only=True)
class Profiled:
    """What a refresh keeps of a day: a row for each column and one for all of them, and the distributions behind them."""

    table: Row
    columns: dict[str, Row]
    distributions: dict[str, NumericDistribution | CategoricalDistribution]


def profiled(day: Mapping[str, Values]) -> Profiled:
    columns = {name: profiled_column(name, values) for name, values in day.items()}
    held = [name for name, row in columns.items() if row["count"]]
    table = {"column_name": ":table", "count": len(next(iter(day.values()))), "non_null_columns": held}
    return Profiled(table=table, columns=columns, distributions={name: distribution(values) for name, values in day.items()})


def profiled_column(name: str, values: Values) -> Row:
    filled, is_text = present(values), values.dtype == object
    distinct = len(set(filled)) if is_text else np.unique(filled).size
    return {
        "column_name": name,
        "count": filled.size,
        "num_nulls": values.size - filled.size,
        "percent_null": 100 * (1 - filled.size / values.size),
        "percent_zeros": None if is_text or not filled.size else 100 * float((filled == 0).mean()),
        "percent_distinct": 100 * distinct / filled.size if filled.size else None,
        "stddev": None if is_text or not filled.size else float(filled.std()),
    }


def distribution(values: Values) -> NumericDistribution | CategoricalDistribution:
    return CategoricalDistribution.of_values(values) if values.dtype == object else NumericDistribution.of_values(values)


def metric_rows(days: Sequence[Profiled], baseline: Profiled | None = None) -> MetricRows:
    """What a refresh would write of them: the profile of each day, and its drift from the day before and from the baseline."""
    profile: list[Row] = [{"window": None, "log_type": "BASELINE"} | row for row in (baseline.columns.values() if baseline else ())]
    drift: list[Row] = []
    window: Row | None = None
    for number, day in enumerate(days):
        before, window = window, _window(number)
        about = {"window": window, "granularity": "1 day", "log_type": "INPUT"}
        profile += [about | row for row in (day.table, *day.columns.values())]
        compared = {"window": window, "granularity": "1 day"}
        if number:
            drift += [compared | {"drift_type": "CONSECUTIVE", "window_cmp": before} | row for row in drifted(days[number - 1], day)]
        if baseline is not None:
            drift += [compared | {"drift_type": "BASELINE", "window_cmp": None} | row for row in drifted(baseline, day)]
    return MetricRows(profile=profile, drift=drift)


def _window(number: int) -> Row:
    return {"start": FIRST + timedelta(days=number), "end": FIRST + timedelta(days=number + 1)}


def drifted(before: Profiled, now: Profiled) -> Iterator[Row]:
    for name in now.columns.keys() & before.columns.keys():
        rows = before.columns[name], now.columns[name]
        deltas: Row = {"count_delta": rows[1]["count"] - rows[0]["count"]}
        for share in ("percent_null", "percent_zeros", "percent_distinct"):
            is_known = None not in (rows[0][share], rows[1][share])
            deltas[f"{share}_delta"] = rows[1][share] - rows[0][share] if is_known else None
        yield {"column_name": name, **deltas, **distances(before.distributions[name], now.distributions[name])}


def distances(before: NumericDistribution | CategoricalDistribution, now: NumericDistribution | CategoricalDistribution) -> Row:
    if isinstance(before, NumericDistribution) and isinstance(now, NumericDistribution):
        shares = aligned_shares(before, now)
        return {} if shares is None else of_numbers(shares) | {"population_stability_index": population_stability_index(before, now)}
    counts = aligned_counts(before, now)  # type: ignore[arg-type]  # a column has one kind
    return {} if counts is None else of_values(counts)


def of_numbers(shares: AlignedShares) -> Row:
    return {"ks_test": {"statistic": ks_statistic(shares), "pvalue": None}, "wasserstein_distance": wasserstein_distance(shares)}


def of_values(counts: AlignedCounts) -> Row:
    found = {"js_distance": jensen_shannon(counts), "tv_distance": total_variation(counts)}
    return {**found, "l_infinity_distance": l_infinity(counts)}


def present(values: Values) -> Values:
    return values[values != None] if values.dtype == object else values[~np.isnan(values)]  # noqa: E711  element by element


def shown(rows: MetricRows, late: timedelta = timedelta(0), rules: tuple[AlertRule, ...] = RULES) -> list[Alert]:
    end = max(row["window"]["end"] for row in rows.profile if row["window"])
    return shown_alerts("payments", rules, rows, end + late)


Plant: TypeAlias = "Callable[[np.random.Generator, Day], Day]"


def changed(name: str, change: Callable[[np.random.Generator, Values], Values]) -> Plant:
    return lambda dice, day: {**day, name: change(dice, day[name])}


def burst(values: Values, dice: np.random.Generator, share: float, value: Any) -> Values:
    return np.where(dice.random(values.size) < share, value, values)


def thinned(dice: np.random.Generator, day: Day) -> Day:
    kept = dice.random(len(day["amount"])) < 0.2
    return {name: values[kept] for name, values in day.items()}


PLANTED_KINDS: dict[str, tuple[str, Plant]] = {
    "a mean that moved by half a deviation": ("fee", changed("fee", lambda _, values: values + 0.15)),
    "twice the spread": ("fee", changed("fee", lambda _, values: 2 + (values - 2) * 2)),
    "another unit, a hundred times as large": ("amount", changed("amount", lambda _, values: values * 100)),
    "one value for ever": ("fee", changed("fee", lambda _, values: np.full_like(values, values[0]))),
    "a burst of zeros": ("amount", changed("amount", lambda dice, values: burst(values, dice, 0.2, 0.0))),
    "a burst of NULL numbers": ("score", changed("score", lambda dice, values: burst(values, dice, 0.15, np.nan))),
    "a burst of NULL texts": ("country", changed("country", lambda dice, values: burst(values, dice, 0.15, None))),
    "a new category": ("country", changed("country", lambda dice, values: burst(values, dice, 0.1, "XX"))),
    "a category that is gone": ("country", changed("country", lambda _, values: np.where(values == "NL", "FR", values))),
    "categories that changed places": (
        "channel",
        changed("channel", lambda dice, values: dice.permutation(burst(values, dice, 0.4, "app"))),
    ),
    "a column that is gone": (":table", lambda _, day: {name: values for name, values in day.items() if name != "fee"}),
    "four rows of five lost": (":table", thinned),
    "five times as many rows": (":table", lambda dice, day: made_day(dice, 5 * len(day["amount"]))),
}


@pytest.fixture(scope="module")
def stable() -> tuple[list[Profiled], Profiled]:
    """The days before the planted one, and a baseline."""
    days = [profiled(day) for day in made_days(seed=11, days=PLANTED)]
    return days, profiled(made_day(np.random.default_rng(1), 2 * USUAL_ROWS))


@pytest.mark.parametrize("kind", PLANTED_KINDS)
@pytest.mark.parametrize("against", ["CONSECUTIVE", "BASELINE"])
def test_what_is_planted_on_one_day_is_found_on_that_day_and_nowhere_else(
    stable: tuple[list[Profiled], Profiled], kind: str, against: str
) -> None:
    column, plant = PLANTED_KINDS[kind]
    days, baseline = stable
    dice = np.random.default_rng(3)
    planted = profiled(plant(dice, made_day(dice, USUAL_ROWS)))

    alerts = shown(metric_rows([*days, planted], baseline), rules=tuple(replace(rule, against=against) for rule in RULES))

    assert {(alert.subject.column, alert.opened_window.start) for alert in alerts} == {(column, FIRST + timedelta(days=PLANTED))}


def test_rows_that_stay_away_are_found_after_two_days_and_not_before(stable: tuple[list[Profiled], Profiled]) -> None:
    rows = metric_rows(stable[0])

    assert shown(rows, late=timedelta(days=2)) == []
    assert [alert.rule for alert in shown(rows, late=timedelta(days=2, hours=1))] == ["freshness"]


@pytest.mark.parametrize("seed", range(2))
def test_stable_days_are_silent(seed: int) -> None:
    assert stable_alerts(seed) == []


@pytest.mark.slow
def test_two_hundred_runs_of_stable_days_give_no_alert() -> None:
    told = {seed: [f"{alert.rule} {alert.message}" for alert in stable_alerts(seed)] for seed in range(200)}

    assert {seed: alerts for seed, alerts in told.items() if alerts} == {}


def stable_alerts(seed: int) -> list[Alert]:
    """Of ten days, some runs large and some small, against the day before and against a baseline, by every measure there is."""
    usual = (120, 400, 800, 2000)[seed % 4]
    days = [profiled(day) for day in made_days(seed, days=10, usual=usual)]
    baseline = profiled(made_day(np.random.default_rng(10_000 + seed), 2 * usual))
    others = [AlertRule(name=measure, measure=measure) for measure in ("wasserstein", "tv", "l_infinity")]  # type: ignore[arg-type]
    asked = [replace(rule, against=against) for rule in (*RULES, *others) for against in ("CONSECUTIVE", "BASELINE")]
    return shown(metric_rows(days, baseline), rules=tuple(asked))
