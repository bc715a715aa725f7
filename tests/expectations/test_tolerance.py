from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from goldlane.expectations.profiles import ColumnProfile, Profile
from goldlane.expectations.profiling import RANKS
from goldlane.expectations.shapes import by_kinds, pattern
from goldlane.expectations.suggesting import rules_of
from goldlane.expectations.tolerance import Allowance

Draw = Callable[[np.random.Generator, int], "np.typing.NDArray[np.float64]"]
KINDS: dict[str, Draw] = {
    "normal": lambda dice, count: dice.normal(100, 10, count),
    "uniform": lambda dice, count: dice.random(count),
    "exponential": lambda dice, count: dice.exponential(50, count),
    "lognormal": lambda dice, count: dice.lognormal(3, 1.2, count),
    "pareto": lambda dice, count: dice.pareto(1.5, count) + 1,
    "cauchy": lambda dice, count: dice.standard_cauchy(count),
    "two hills": lambda dice, count: np.where(dice.random(count) < 0.3, dice.normal(0, 1, count), dice.normal(50, 3, count)),
    "seasons": lambda dice, count: 20 + 8 * np.sin(np.arange(count) / 50) + dice.normal(0, 2, count),
    "mostly zero": lambda dice, count: np.where(dice.random(count) < 0.9, 0, dice.exponential(10, count)),
    "one value": lambda _, count: np.full(count, 5.0),
    "a die": lambda dice, count: dice.integers(1, 7, count).astype(float),
}


def column(name: str, values: np.typing.NDArray[np.float64]) -> ColumnProfile:
    quantiles = {rank: float(np.quantile(values, rank, method="nearest")) for rank in RANKS}
    least, most = values.min(), values.max()
    return ColumnProfile(name=name, type="double", nulls=0, least=least, most=most, quantiles=quantiles, rank_error=2e-4)


@pytest.mark.parametrize("rows", [2_000, 20_000, 100_000])
def test_ends_of_any_distribution_refuse_few_fresh_rows_together(rows: int) -> None:
    shares = []
    for seed in range(5):
        dice = np.random.default_rng(seed)
        kinds = {f"k{place}": draw for place, draw in enumerate(KINDS.values())}
        suggested = rules_of(Profile(rows=rows, columns=tuple(column(name, draw(dice, rows)) for name, draw in kinds.items())))
        refused = np.zeros(20_000, dtype=bool)
        for one in suggested.suggested:
            if one.function == "in_range":
                name, low, high = one.arguments
                fresh = kinds[name](dice, 20_000)
                refused |= (fresh < low) | (fresh > high)
        shares.append(refused.mean())

    assert max(shares) <= 0.01


@pytest.mark.parametrize("name", ["normal", "exponential", "lognormal", "pareto", "two hills", "seasons"])
def test_of_too_few_rows_for_a_proof_the_tail_is_extrapolated_far_enough(name: str) -> None:
    refused = []
    for seed in range(5):
        dice = np.random.default_rng(seed)
        (_, rule) = rules_of(Profile(rows=300, columns=(column("x", KINDS[name](dice, 300)),))).suggested
        _, low, high = rule.arguments
        fresh = KINDS[name](dice, 20_000)
        refused.append(((fresh < low) | (fresh > high)).mean())

    assert max(refused) <= 0.002


def test_an_outlier_far_beyond_the_tail_is_left_out_where_rows_abound() -> None:
    values = np.random.default_rng(1).normal(100, 10, 100_000)
    values[:3] = 1e9

    (_, rule) = rules_of(Profile(rows=100_000, columns=(column("x", values),)))

    assert float(rule.predicate.split("<= ")[1]) < 200


@pytest.mark.parametrize("name", KINDS)
def test_rows_that_were_learned_from_are_let_in(name: str) -> None:
    values = KINDS[name](np.random.default_rng(3), 50_000)

    (_, one) = rules_of(Profile(rows=50_000, columns=(column("x", values),))).suggested

    assert ((values < one.arguments[1]) | (values > one.arguments[2])).sum() <= 50


@pytest.mark.parametrize("count,rows,most", [(0, 1000, 0.003), (1, 1000, 0.00474), (100, 10_000, 0.0118)])
def test_the_limit_of_a_share_is_that_of_poisson(count: int, rows: int, most: float) -> None:
    assert Allowance(rows=rows, share=0.01, doubt=0.05).most(count) == pytest.approx(most, rel=0.03)


@pytest.mark.parametrize(
    "shapes,expected",
    [
        ([("AA-99", 5)], r"\A[A-Z]{2}\-[0-9]{2}\z"),
        ([("A9", 5), ("A999", 1)], r"\A[A-Z][0-9]+\z"),
        ([("A9", 5), ("a", 1)], r"\A(?:[A-Z][0-9]|[a-z])\z"),
        ([("", 5), ("9", 1)], r"\A(?:|[0-9])\z"),
        ([("a.*é", 5)], r"\A[a-z]\.\*é\z"),
    ],
)
def test_shapes_become_a_pattern(shapes: list[tuple[str, int]], expected: str) -> None:
    assert pattern({kinds: lengths for kinds, (_, lengths) in by_kinds(shapes).items()}) == expected
