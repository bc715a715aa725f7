from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import UsageError
from goldlane.features.online import FeatureNotFoundError, OnlineStore
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

NOON = datetime(2026, 1, 1, 12, tzinfo=timezone.utc)
Frame = Callable[..., Any]


def test_an_answer_says_what_is_known_and_how_old_it_is(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    answer = store.lookup("merchants", {"merchant_id": "M1"}, at=NOON)

    assert answer.features == {"tier": "low", "velocity": 7}
    assert answer.as_of == datetime(2026, 1, 1, 10, tzinfo=timezone.utc)
    assert (answer.age_s, answer.missing, answer.expired) == (7200.0, (), False)


def test_an_answer_cannot_be_changed(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)
    answer = store.lookup("merchants", {"merchant_id": "M1"})

    with pytest.raises(FrozenInstanceError):
        answer.expired = True  # type: ignore[misc]


def test_a_table_is_asked_by_its_name_or_its_declaration(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    by_name = store.lookup("merchants", {"merchant_id": "M1"}, at=NOON)

    assert store.lookup(merchants, {"merchant_id": "M1"}, at=NOON) == by_name


def test_features_that_are_null_are_named(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, None, 7)]), store)

    answer = store.lookup("merchants", {"merchant_id": "M1"})

    assert answer.features == {"tier": None, "velocity": 7}
    assert answer.missing == ("tier",)


def test_the_age_of_an_event_in_the_future_is_negative(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 13, "low", 7)]), store)

    assert store.lookup("merchants", {"merchant_id": "M1"}, at=NOON).age_s == -3600.0


def test_an_unknown_key_is_an_error_that_carries_it(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    with pytest.raises(FeatureNotFoundError, match=r"merchants has no row for \{'merchant_id': 'M2'\}") as caught:
        store.lookup("merchants", {"merchant_id": "M2"})

    assert (caught.value.table, caught.value.key, caught.value.exit_code) == ("merchants", {"merchant_id": "M2"}, 1)


def test_an_unknown_key_is_an_empty_answer_for_who_asks_so(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    answer = store.lookup("merchants", {"merchant_id": "M2"}, unknown="empty")

    assert answer.features == {"tier": None, "velocity": None}
    assert (answer.as_of, answer.age_s, answer.missing, answer.expired) == (None, None, ("tier", "velocity"), False)


def test_another_word_for_unknown_is_refused(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    with pytest.raises(UsageError, match="unknown must be 'raise' or 'empty', not 'ignore'"):
        store.lookup("merchants", {"merchant_id": "M2"}, unknown="ignore")  # type: ignore[arg-type]


def test_an_unknown_table_is_answered_with_the_known_ones(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    with pytest.raises(UsageError, match="has no table 'merchant'; it has merchants"):
        store.lookup("merchant", {"merchant_id": "M1"})


@pytest.mark.parametrize("key", [{"customer_id": "M1"}, {}, {"merchant_id": "M1", "day": 1}, "M1", None])
def test_a_key_of_other_columns_is_answered_with_the_right_ones(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, key: Any
) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    with pytest.raises(UsageError, match="merchants is read by merchant_id, not by"):
        store.lookup("merchants", key)


@pytest.mark.parametrize("value", [7, None, b"M1"])
def test_a_key_of_another_type_is_refused(store: OnlineStore, merchants: FeatureTable, frame: Frame, value: object) -> None:
    publish(merchants, frame([("7", 10, "low", 7)]), store)

    with pytest.raises(UsageError, match="key merchant_id is of type string"):
        store.lookup("merchants", {"merchant_id": value})


@pytest.mark.parametrize("value", ["O'Brien", 'a"b', "'; DROP TABLE merchants; --", "Zoë 漢字", "", "x" * 2_000])
def test_quotes_and_sql_in_a_key_are_plain_text(store: OnlineStore, merchants: FeatureTable, frame: Frame, value: str) -> None:
    publish(merchants, frame([(value, 10, "low", 7), ("M1", 10, "high", 8)]), store)

    assert store.lookup("merchants", {"merchant_id": value}).features["velocity"] == 7
    assert store.lookup("merchants", {"merchant_id": "M1"}).features["velocity"] == 8


@pytest.mark.parametrize("value", ["a\0b", "x" * 1_000_000])
def test_sqlite_finds_a_key_of_any_length_and_with_nul(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Path, value: str
) -> None:
    publish(merchants, frame([(value, 10, "low", 7)]), store)

    assert path.exists()
    assert store.lookup("merchants", {"merchant_id": value}).features["velocity"] == 7


def test_text_that_is_no_unicode_is_just_unknown(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    with pytest.raises(FeatureNotFoundError):
        store.lookup("merchants", {"merchant_id": "\ud800"})


def test_an_age_equal_to_the_ttl_is_valid_and_one_above_is_expired(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(replace(merchants, ttl=timedelta(hours=2)), frame([("M1", 10, "low", 7)]), store)

    valid = store.lookup("merchants", {"merchant_id": "M1"}, at=NOON)
    expired = store.lookup("merchants", {"merchant_id": "M1"}, at=NOON + timedelta(microseconds=1))

    assert (valid.features, valid.expired) == ({"tier": "low", "velocity": 7}, False)
    assert (expired.features, expired.expired) == ({"tier": None, "velocity": None}, True)
    assert (expired.missing, expired.age_s, expired.as_of) == (("tier", "velocity"), 7200.000001, valid.as_of)


def test_a_read_time_needs_a_zone(store: OnlineStore) -> None:
    with pytest.raises(UsageError, match="has no time zone"):
        store.lookup("merchants", {"merchant_id": "M1"}, at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_many_keys_are_answered_in_their_order(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1), ("M2", 10, "low", 2)]), store)

    answers = store.lookup_many("merchants", [{"merchant_id": "M2"}, {"merchant_id": "M3"}, {"merchant_id": "M1"}], unknown="empty")

    assert [answer.features["velocity"] for answer in answers] == [2, None, 1]


def test_one_unknown_key_among_many_is_an_error_unless_asked_otherwise(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)

    with pytest.raises(FeatureNotFoundError):
        store.lookup_many("merchants", [{"merchant_id": "M1"}, {"merchant_id": "M3"}])


def test_several_tables_are_answered_under_what_they_were_asked_by(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    shops = replace(merchants, name="shops")
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    publish(shops, frame([("M1", 10, "low", 2)]), store)

    answers = store.lookup_all({merchants: {"merchant_id": "M1"}, "shops": {"merchant_id": "M1"}})  # type: ignore[dict-item]

    assert answers[merchants].features["velocity"] == 1
    assert answers["shops"].features["velocity"] == 2


def test_threads_read_side_by_side(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([(f"M{n}", 10, "low", n) for n in range(200)]), store)

    with ThreadPoolExecutor(8) as pool:
        velocities = list(pool.map(lambda n: store.lookup("merchants", {"merchant_id": f"M{n}"}).features["velocity"], range(200)))

    assert velocities == list(range(200))


def test_a_closed_store_opens_again(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    store.lookup("merchants", {"merchant_id": "M1"})

    store.close()

    assert store.lookup("merchants", {"merchant_id": "M1"}).features["velocity"] == 1


def test_a_reader_sees_what_another_publishes_later(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    store.lookup("merchants", {"merchant_id": "M1"})

    publish(merchants, frame([("M1", 11, "high", 2)]), store)

    assert store.lookup("merchants", {"merchant_id": "M1"}).features == {"tier": "high", "velocity": 2}


def test_a_reader_sees_a_changed_ttl_at_once(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    store.lookup("merchants", {"merchant_id": "M1"})

    publish(replace(merchants, ttl=timedelta(minutes=1)), frame([]), store)

    assert store.lookup("merchants", {"merchant_id": "M1"}, at=NOON).expired


def test_a_store_describes_itself(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    before = datetime.now(timezone.utc)
    publish(merchants, frame([("M1", 10, "low", 1)]), store)

    (publication,) = store.publications()

    assert publication.table == merchants
    assert publication.published_at is not None
    assert before <= publication.published_at <= datetime.now(timezone.utc)
