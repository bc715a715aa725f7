from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from goldlane.features import Feature, FeatureTable
from goldlane.features.online import Publication
from goldlane.serving.catalogue.freshness import ago, exactly, freshness
from goldlane.serving.catalogue.searching import found_features, found_tables
from goldlane.serving.catalogue.views import TableView

NOON = datetime(2026, 1, 31, 12, tzinfo=timezone.utc)
DAY = timedelta(days=1)


def view(name: str, *features: tuple[str, str]) -> TableView:
    declared = tuple(Feature(name=each, type="bigint", description=words) for each, words in features)
    table = FeatureTable(name=name, keys=("id",), event_time="as_of", features=declared, description=f"All about {name}")
    return TableView(publication=Publication(table=table), now=NOON)


VIEWS = [
    view("shops", ("fraud_rate", "Chargebacks"), ("sales", "Fraud is not counted"), ("the_fraud", "x")),
    view("cafes", ("seats", "Sitzplätze im Freien")),
]


@pytest.mark.parametrize(
    "age, state", [(DAY, "fresh"), (DAY + timedelta(microseconds=1), "expired"), (timedelta(0), "fresh"), (-DAY, "fresh")]
)
def test_an_age_equal_to_the_ttl_is_still_fresh(age: timedelta, state: str) -> None:
    assert freshness(NOON - age, DAY, NOON).state == state


def test_without_a_ttl_nobody_says_what_is_old() -> None:
    assert freshness(NOON - 400 * DAY, None, NOON).state == "aged"
    assert freshness(None, DAY, NOON).words == "age unknown"


@pytest.mark.parametrize(
    "seconds, words",
    [
        (0, "0 s old"), (59.9, "59 s old"), (60, "1 min old"), (3599, "59 min old"), (3600, "1 h old"), (47 * 3600, "47 h old"),
        (48 * 3600, "2 days old"), (59 * 86400, "59 days old"), (70 * 86400, "2 months old"), (3 * 31_557_600, "3 years old"),
        (-120, "2 min ahead"),
    ],
)  # fmt: skip
def test_an_age_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    assert ago(seconds) == words


@pytest.mark.parametrize(
    "length, words",
    [
        (DAY, "1 day"),
        (36 * DAY / 24, "36 hours"),
        (14 * DAY, "2 weeks"),
        (timedelta(seconds=90), "90 seconds"),
        (DAY / 86_400_000, "0.001 seconds"),
    ],
    ids=str,
)
def test_a_ttl_is_told_without_loss(length: timedelta, words: str) -> None:
    assert exactly(length) == words


def test_features_named_as_was_asked_come_first_then_those_that_hold_it_in_their_name() -> None:
    assert [one.feature.name for one in found_features(VIEWS, "fraud")] == ["fraud_rate", "the_fraud", "sales"]


@pytest.mark.parametrize("text", ["FRAUD_rate", "fraud rate", "rate chargeback", "shops rate", "  fraud   rate "])
def test_every_word_must_be_found_wherever_it_stands_and_however_it_is_written(text: str) -> None:
    assert [one.feature.name for one in found_features(VIEWS, text)] == ["fraud_rate"]


@pytest.mark.parametrize(
    "text, names", [("CAFÉS", ["cafes"]), ("sitzplatze", ["cafes"]), ("about", ["shops", "cafes"]), ("fraud x none", [])]
)
def test_tables_are_found_by_what_is_in_them(text: str, names: list[str]) -> None:
    assert [one.table.name for one in found_tables(VIEWS, text)] == names
