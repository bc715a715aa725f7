"""The statistics beside scipy's on the same values, and beside rows that the platform published."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial.distance import jensenshannon

from goldlane.errors import MissingExtraError
from goldlane.monitoring.distributions import CategoricalDistribution, NumericDistribution
from goldlane.monitoring.statistics import (
    AlignedCounts,
    AlignedShares,
    aligned_counts,
    aligned_shares,
    chi_squared_test,
    jensen_shannon,
    ks_pvalues,
    ks_statistic,
    ks_test,
    l_infinity,
    population_stability_index,
    total_variation,
    wasserstein_distance,
)

VALUES = st.lists(st.integers(-40, 40).map(lambda number: number / 4), min_size=1, max_size=60)
SEVERAL = st.lists(st.integers(-40, 40).map(lambda number: number / 4), min_size=2, max_size=60)
ITEMS = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=60)


def numbers(values: object) -> NumericDistribution:
    return NumericDistribution.of_values(values)  # type: ignore[arg-type]


def shares(before: object, now: object) -> AlignedShares:
    aligned = aligned_shares(numbers(before), numbers(now))
    assert aligned is not None
    return aligned


def counts(before: CategoricalDistribution, now: CategoricalDistribution) -> AlignedCounts:
    aligned = aligned_counts(before, now)
    assert aligned is not None
    return aligned


def letters(before: str | list[str], now: str | list[str]) -> AlignedCounts:
    return counts(CategoricalDistribution.of_values(before), CategoricalDistribution.of_values(now))


@settings(max_examples=40)
@given(SEVERAL, SEVERAL)
def test_ks_and_wasserstein_are_scipys_with_ties_and_without(before: list[float], now: list[float]) -> None:
    aligned = shares(before, now)

    assert ks_statistic(aligned) == pytest.approx(stats.ks_2samp(before, now, method="asymp").statistic, abs=1e-12)
    assert wasserstein_distance(aligned) == pytest.approx(stats.wasserstein_distance(before, now), abs=1e-9)


@pytest.mark.parametrize(
    "statistic,sizes,pvalue",
    [
        (0.049, (523, 941), 0.3829208808885818),
        (0.038, (941, 1192), 0.4228041687817168),
        (0.062, (1192, 1344), 0.014853915612309707),
    ],
)
def test_the_p_value_of_ks_is_the_platforms_to_all_digits(statistic: float, sizes: tuple[int, int], pvalue: float) -> None:
    # Rows of a drift table of the platform, with the counts of its profile table: a public notebook of August 2025.
    assert ks_pvalues(np.array([statistic]), np.array([sizes], dtype=float)).tolist() == [pvalue]


@pytest.mark.parametrize("size", [12_000, 60_000])
def test_p_values_of_large_samples_are_scipys_within_a_thousandth(size: int) -> None:
    effective = size // 2
    statistics = np.sqrt(np.array([0.01, 0.3, 1.0, 2.0, 3.0, 8.0, 13.0]) / effective)

    ours = ks_pvalues(statistics, np.full((statistics.size, 2), float(size)))

    assert ours == pytest.approx(stats.kstwo.sf(statistics, effective), rel=1e-3)


def test_one_value_on_each_side_is_a_test_as_well() -> None:
    outcome = ks_test(numbers([1.0]), numbers([2.0]))

    assert outcome is not None
    assert (outcome.statistic, outcome.pvalue) == (1.0, 1.0)


@settings(max_examples=40)
@given(VALUES, VALUES)
def test_numeric_statistics_are_zero_for_equal_samples_and_stay_in_their_bounds(before: list[float], now: list[float]) -> None:
    same, other = shares(before, before), shares(before, now)

    assert (ks_statistic(same), wasserstein_distance(same)) == (0.0, 0.0)
    assert population_stability_index(numbers(before), numbers(before)) == 0.0
    assert 0.0 <= ks_statistic(other) <= 1.0
    assert 0.0 <= wasserstein_distance(other) <= max(*before, *now) - min(*before, *now) + 1e-9
    assert (population_stability_index(numbers(before), numbers(now)) or 0.0) >= 0.0


@settings(max_examples=40)
@given(VALUES, VALUES)
def test_ks_and_wasserstein_do_not_care_which_side_is_the_reference(before: list[float], now: list[float]) -> None:
    there, back = shares(before, now), shares(now, before)

    assert ks_statistic(there) == pytest.approx(ks_statistic(back), abs=1e-12)
    assert wasserstein_distance(there) == pytest.approx(wasserstein_distance(back), abs=1e-9)


def test_the_stability_index_is_the_sum_over_the_deciles_of_the_reference() -> None:
    before = np.arange(1, 1001)
    now = np.concatenate((np.arange(1, 1001), np.full(1000, 5000)))

    index = population_stability_index(numbers(before), numbers(now))

    halved, last = 9 * (0.05 - 0.1) * np.log(0.05 / 0.1), (0.55 - 0.1) * np.log(0.55 / 0.1)
    assert index == pytest.approx(halved + last)


def test_an_empty_bin_counts_as_one_in_ten_thousand() -> None:
    index = population_stability_index(numbers([1.0]), numbers([2.0]))

    assert index == pytest.approx(2 * (1 - 1e-4) * np.log(1 / 1e-4))


@pytest.mark.parametrize("now", [0.0, 2.0])
def test_a_constant_column_that_moves_either_way_shows_in_the_stability_index(now: float) -> None:
    index = population_stability_index(numbers([1.0] * 50), numbers([now] * 50))

    assert index is not None
    assert index > 10


def test_a_column_of_two_values_is_compared_value_by_value() -> None:
    index = population_stability_index(numbers([0.0] * 50 + [1.0] * 50), numbers([0.0] * 20 + [1.0] * 80))

    assert index == pytest.approx((0.2 - 0.5) * np.log(0.2 / 0.5) + (0.8 - 0.5) * np.log(0.8 / 0.5))


def test_what_is_not_finite_moves_no_statistic() -> None:
    plain, poisoned = numbers([1.0, 2.0, 3.0]), numbers([1.0, np.inf, 2.0, -np.inf, 3.0, np.nan])

    assert poisoned.count == 3
    assert wasserstein_distance(shares([1.0, 2.0, 3.0], [np.inf, 1.0, 2.0, 3.0])) == 0.0
    assert population_stability_index(plain, poisoned) == 0.0


def test_the_largest_numbers_there_are_do_not_overflow() -> None:
    aligned = shares([-1.7e308, 0.0, 0.0, 1.7e308], [0.0, 0.0, 0.0, 1.7e308])

    assert wasserstein_distance(aligned) == pytest.approx(1.7e308 / 4)


@pytest.mark.parametrize("before,now", [([], [1.0]), ([1.0], []), ([np.inf], [1.0])])
def test_no_numeric_statistic_without_values_on_both_sides(before: list[float], now: list[float]) -> None:
    assert aligned_shares(numbers(before), numbers(now)) is None
    assert ks_test(numbers(before), numbers(now)) is None
    assert population_stability_index(numbers(before), numbers(now)) is None


@settings(max_examples=40)
@given(ITEMS, ITEMS)
def test_chi_squared_and_jensen_shannon_are_scipys(before: list[str], now: list[str]) -> None:
    aligned = letters(before, now)
    table = np.stack((aligned.reference, aligned.current))
    table = table[:, table.sum(axis=0) > 0]

    outcome = chi_squared_test(aligned)

    expected = stats.chi2_contingency(table, correction=False)
    assert outcome.statistic == pytest.approx(expected.statistic, abs=1e-9)
    assert outcome.pvalue == pytest.approx(expected.pvalue, abs=1e-9)
    assert jensen_shannon(aligned) == pytest.approx(float(np.nan_to_num(jensenshannon(*table))), abs=1e-7)


@settings(max_examples=40)
@given(ITEMS, ITEMS)
def test_distances_of_categories_are_symmetric_bounded_and_zero_for_equal_samples(before: list[str], now: list[str]) -> None:
    there, back, same = letters(before, now), letters(now, before), letters(before, before)

    for distance, most in ((total_variation, 1.0), (l_infinity, 1.0), (jensen_shannon, np.sqrt(np.log(2)))):
        assert distance(same) == 0.0
        assert 0.0 <= distance(there) <= most + 1e-12
        assert distance(there) == pytest.approx(distance(back), abs=1e-12)
    assert l_infinity(there) <= total_variation(there) + 1e-12


def test_disjoint_categories_are_as_far_apart_as_can_be() -> None:
    aligned = letters("aabb", "ccdd")

    assert total_variation(aligned) == 1.0
    assert l_infinity(aligned) == 0.5
    assert jensen_shannon(aligned) == pytest.approx(np.sqrt(np.log(2)))


def test_one_category_on_both_sides_is_no_drift() -> None:
    outcome = chi_squared_test(letters("aaa", "a"))

    assert (outcome.statistic, outcome.pvalue) == (0.0, 1.0)


def test_null_is_no_category_and_only_null_gives_no_statistic() -> None:
    only_null = CategoricalDistribution.of_values([None, None])

    assert aligned_counts(only_null, CategoricalDistribution.of_values("ab")) is None
    assert aligned_counts(CategoricalDistribution.of_values("ab"), only_null) is None
    assert CategoricalDistribution.of_values(["a", None, "a"]).items == {"a": 2}


def test_ids_of_which_both_windows_list_only_some_do_not_drift() -> None:
    before = CategoricalDistribution(items={"u1": 1, "u2": 1}, other=998)
    now = CategoricalDistribution(items={"u7": 1, "u8": 1}, other=998)

    assert total_variation(counts(before, now)) == 0.0


def test_a_value_too_frequent_to_have_been_hidden_is_new() -> None:
    before = CategoricalDistribution(items={"a": 60, "b": 2}, other=38)
    now = CategoricalDistribution(items={"a": 60, "c": 30}, other=10)

    aligned = counts(before, now)

    assert aligned.reference.tolist() == [60, 0, 40]
    assert aligned.current.tolist() == [60, 30, 10]
    assert l_infinity(aligned) == pytest.approx(0.3)


def test_without_scipy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "scipy", None)

    with pytest.raises(MissingExtraError, match=r"needs the extra 'monitoring'.*goldlane\[monitoring\]"):
        chi_squared_test(letters("ab", "aab"))


def test_both_empty_of_listed_items_compare_their_other_rows() -> None:
    only_other = CategoricalDistribution(items={}, other=5)

    assert total_variation(counts(only_other, only_other)) == 0.0
