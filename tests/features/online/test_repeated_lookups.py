"""A store that has read a table before reads it by prepared statements; what changed since is seen all the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.features.online import Answer, FeatureNotFoundError, OnlineStore
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

Frame = Callable[..., Any]
NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)


def keys(*names: str) -> list[dict[str, str]]:
    return [{"merchant_id": name} for name in names]


def both(*names: str) -> dict[str, dict[str, str]]:
    return {table: {"merchant_id": name} for table, name in zip(("merchants", "shops"), names, strict=True)}


@pytest.fixture
def shops(merchants: FeatureTable) -> FeatureTable:
    return replace(merchants, name="shops")


@pytest.fixture
def warm(store: OnlineStore, merchants: FeatureTable, shops: FeatureTable, frame: Frame) -> OnlineStore:
    """A store of two tables that was read from already."""
    publish(merchants, frame([(f"M{n}", 10, "low", n) for n in range(1200)]), store)
    publish(shops, frame([("M1", 10, None, 1)]), store)
    store.lookup_all(both("M1", "M1"))
    return store


def test_many_keys_are_answered_as_one_by_one(warm: OnlineStore) -> None:
    asked = keys("M7", "M3", "M7", "nobody", "'; --")

    answers = warm.lookup_many("merchants", asked, unknown="empty", at=NOON)

    assert answers == [warm.lookup("merchants", key, unknown="empty", at=NOON) for key in asked]
    assert [answer.features["velocity"] for answer in answers] == [7, 3, 7, None, None]


@pytest.mark.parametrize("count", [0, 1, 20, 21, 500, 501, 1200])
def test_any_number_of_keys_is_answered_in_order(warm: OnlineStore, count: int) -> None:
    asked = keys(*(f"M{1199 - n}" for n in range(count)))

    assert [answer.features["velocity"] for answer in warm.lookup_many("merchants", asked)] == [1199 - n for n in range(count)]


def test_an_unknown_key_among_many_is_named(warm: OnlineStore) -> None:
    with pytest.raises(FeatureNotFoundError, match=r"merchants has no row for \{'merchant_id': 'nobody'\}"):
        warm.lookup_many("merchants", keys("M1", "nobody"))
    with pytest.raises(FeatureNotFoundError, match=r"shops has no row for \{'merchant_id': 'M2'\}"):
        warm.lookup_all(both("M1", "M2"))


def test_a_wrong_key_among_many_is_an_error(warm: OnlineStore) -> None:
    with pytest.raises(UsageError, match="key merchant_id is of type string"):
        warm.lookup_many("merchants", [*keys("M1"), {"merchant_id": 7}])  # type: ignore[dict-item]
    with pytest.raises(UsageError, match="is read by merchant_id, not by day"):
        warm.lookup_all({"merchants": {"day": "M1"}})


def test_text_that_is_no_unicode_is_just_unknown(warm: OnlineStore) -> None:
    assert warm.lookup_many("merchants", keys("M1", "\ud800"), unknown="empty")[1].as_of is None
    assert warm.lookup_all(both("M1", "\ud800"), unknown="empty")["shops"].as_of is None


def test_several_tables_are_answered_as_one_by_one(warm: OnlineStore) -> None:
    answers = warm.lookup_all(both("M5", "M1"), at=NOON)

    assert answers == {table: warm.lookup(table, {"merchant_id": key}, at=NOON) for table, key in (("merchants", "M5"), ("shops", "M1"))}
    assert answers["shops"].missing == ("tier",)


def test_an_unknown_table_among_several_is_named(warm: OnlineStore) -> None:
    with pytest.raises(UsageError, match="has no table 'banks'"):
        warm.lookup_all({**both("M1", "M1"), "banks": {"merchant_id": "M1"}})


def test_a_changed_declaration_is_seen_by_all(warm: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    warm.lookup_many("merchants", keys("M1"))
    publish(replace(merchants, ttl=timedelta(minutes=1), features=merchants.features[1:]), frame([]), warm)

    many, all_ = warm.lookup_many("merchants", keys("M1", "M2"), at=NOON), warm.lookup_all(both("M1", "M1"), at=NOON)

    assert [(answer.features, answer.expired) for answer in many] == [({"velocity": None}, True)] * 2
    assert all_["merchants"].features == {"velocity": None}
    assert all_["shops"].features == {"tier": None, "velocity": 1}


def test_composite_keys_are_told_apart(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    table = replace(merchants, keys=("merchant_id", "tier"), key_types={}, features=merchants.features[1:])
    publish(table, frame([("M1", 10, "a", 1), ("M1", 10, "b", 2), ("M2", 10, "a", 3)]), store)
    asked = [{"tier": tier, "merchant_id": key} for key, tier in (("M2", "a"), ("M1", "b"), ("M1", "a"))]
    store.lookup(table, asked[0])

    assert [answer.features["velocity"] for answer in store.lookup_many(table, asked)] == [3, 2, 1]


def test_answers_are_frozen_and_equal_to_others(warm: OnlineStore) -> None:
    (answer,) = warm.lookup_many("merchants", keys("M1"), at=NOON)

    assert type(answer) is Answer
    assert answer == Answer({"tier": "low", "velocity": 1}, NOON - timedelta(hours=2), 7200.0, (), False)
    with pytest.raises(FrozenInstanceError):
        answer.expired = True  # type: ignore[misc]


def test_a_file_that_is_damaged_under_a_reader_is_named(warm: OnlineStore, path: Path) -> None:
    warm.lookup_many("merchants", keys("M1"))
    warm.close()
    path.write_bytes(b"no database at all, but long enough to be taken for a header" * 40)

    for ask in (lambda: warm.lookup_many("merchants", keys("M1")), lambda: warm.lookup_all(both("M1", "M1"))):
        with pytest.raises(UsageError, match=r"online\.db is not a SQLite file, or is damaged"):
            ask()
