from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.features import Feature, FeatureSet, FeatureTable
from goldlane.features.errors import DeclarationError
from goldlane.features.feature_sets import names_in_set, project_mistakes
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.publishing import publish

if TYPE_CHECKING:
    from collections.abc import Sequence

CITIES = FeatureTable(
    name="cities", keys=("city",), event_time="as_of", features=(Feature(name="people", type="bigint", description="people"),)
)
PLACE = FeatureSet(name="place", tables=("cities", "merchants"), description="where it was sold")


def test_a_set_comes_back_from_the_store_as_it_was_declared(store: OnlineStore, path: Path) -> None:
    store.write_feature_sets([PLACE])

    assert open_store(f"sqlite:///{path}").feature_sets() == (PLACE,)


def test_a_set_is_replaced_by_one_of_its_name_and_others_stay(store: OnlineStore) -> None:
    other = FeatureSet(name="other", tables=("cities",))
    store.write_feature_sets([PLACE, other])

    store.write_feature_sets([replace(PLACE, tables=("cities",))])

    assert store.feature_sets() == (other, replace(PLACE, tables=("cities",)))


def test_a_store_that_was_never_given_a_set_has_none(
    store: OnlineStore, merchants: FeatureTable, frame: Callable[[Sequence[Any]], Any]
) -> None:
    publish(merchants, frame([("M1", 10, "low", 7)]), store)

    assert store.feature_sets() == ()


@pytest.mark.parametrize(
    "name, tables, mistake",
    [
        ("a set", ("cities",), "the name must be a name as tables have"),
        ("place", (), "tables are missing"),
        ("place", ("cities", "cities"), "table 'cities' is named 2 times"),
        ("place", ("cities", 7), "7 is no table's name"),
        ("cities", ("cities",), "it is named like its table 'cities'"),
        ("place", (CITIES, replace(CITIES, name="towns", key_types={"city": "int"})), "key 'city' is string in cities and int in towns"),
    ],
)
def test_a_wrong_set_is_refused_at_birth(name: str, tables: Any, mistake: str) -> None:
    with pytest.raises(DeclarationError, match=mistake.replace("(", r"\(")):
        FeatureSet(name=name, tables=tables)


def test_a_feature_that_several_tables_have_says_whose_it_is(merchants: FeatureTable) -> None:
    towns = replace(CITIES, name="towns")

    assert names_in_set([CITIES, towns, merchants]) == {
        "cities": {"people": "cities__people"},
        "towns": {"people": "towns__people"},
        "merchants": {"tier": "tier", "velocity": "velocity"},
    }


def test_the_sets_of_a_project_fit_its_tables() -> None:
    sets = [FeatureSet(name="place", tables=("cities", "town")), FeatureSet(name="cities", tables=("merchants",))]

    assert list(project_mistakes(sets, [CITIES])) == [
        "place: there is no feature table 'town'",
        "cities: a feature table has this name already",
        "cities: there is no feature table 'merchants'",
    ]


def test_a_sets_json_is_its_declaration() -> None:
    assert json.loads(PLACE.to_json()) == {"name": "place", "tables": ["cities", "merchants"], "description": "where it was sold"}
    assert FeatureSet.from_json(PLACE.to_json()) == PLACE


def test_the_sets_of_this_repository_fit_its_tables() -> None:
    from features import FEATURE_SETS, FEATURE_TABLES

    assert list(project_mistakes(FEATURE_SETS, FEATURE_TABLES)) == []
