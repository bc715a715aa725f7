"""Feature tables, features and windows as data: checked at birth, all mistakes at once, the same after a round trip."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import FrozenInstanceError, replace
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from goldlane.errors import UsageError
from goldlane.features import Feature, FeatureTable, Rolling
from goldlane.features.durations import microseconds
from goldlane.features.errors import DeclarationError
from goldlane.features.types import holds

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


UNITS = {"us": 1, "ms": 10**3, "s": 10**6, "m": 60 * 10**6, "h": 3600 * 10**6, "d": 86_400 * 10**6, "w": 604_800 * 10**6}


def a_table(**changes: Any) -> FeatureTable:
    declared: dict[str, Any] = {
        "name": "card_features",
        "keys": ("card_id",),
        "event_time": "as_of",
        "features": (
            Feature(name="spend_7d", type="decimal(28,2)", description="The cardholder's spend", unit="EUR"),
            Feature(name="sales_1h", type="bigint", description="Sales", rolling=Rolling(function="count", window="1h", hop="5m")),
        ),
        "ttl": timedelta(days=90),
        "source": "card_features",
    }
    return FeatureTable(**{**declared, **changes})


def test_the_columns_are_keys_then_time_then_features() -> None:
    table = a_table(keys=("card_id", "shop_id"))

    assert table.columns == ("card_id", "shop_id", "as_of", "spend_7d", "sales_1h")


def test_a_features_window_bears_the_features_name() -> None:
    (rolling,) = a_table().rollings

    assert rolling == Rolling(name="sales_1h", function="count", window="1h", hop="5m")


def test_a_table_has_tiles_when_any_window_has_a_hop() -> None:
    without = tuple(replace(feature, rolling=None) for feature in a_table().features)

    assert a_table().has_tiles
    assert not a_table(features=without).has_tiles


def test_keys_are_strings_unless_said_otherwise() -> None:
    table = a_table(keys=["card_id", "shop_id"], key_types={"shop_id": "LONG"})

    assert table.key_types == {"card_id": "string", "shop_id": "bigint"}


def test_types_have_one_spelling() -> None:
    assert Feature(name="x", type="DECIMAL(18, 2)", description="An amount").type == "decimal(18,2)"


def test_a_single_key_may_be_given_as_text() -> None:
    assert a_table(keys="card_id").keys == ("card_id",)


def test_declarations_are_frozen_and_can_be_keys_of_a_mapping() -> None:
    with pytest.raises(FrozenInstanceError):
        a_table().name = "other"  # type: ignore[misc]

    assert {a_table(): 1}[a_table()] == 1


def test_all_mistakes_of_a_table_are_named_at_once() -> None:
    twice = Feature(name="x", type="int", description="One")

    with pytest.raises(DeclarationError) as caught:
        a_table(name="card features", keys=("card_id", "x"), features=(twice, twice), ttl=timedelta(0), key_types={"y": "int", "x": "blob"})

    assert caught.value.mistakes == (
        "the name must be a table name (letters, digits, _)",
        "feature 'x' is named 2 times",
        "feature 'x' is named like a key",
        "ttl must be a timedelta longer than 0, not datetime.timedelta(0)",
        "key_types names 'y', which is no key",
        (
            "key 'x': unknown type 'blob'; known are bigint, binary, boolean, date, double, float, int, smallint, string, "
            "timestamp, timestamp_ntz, tinyint and decimal(p,s)"
        ),
    )


@pytest.mark.parametrize(
    "changes, mistake",
    [
        ({"keys": ()}, "keys are missing"),
        ({"features": ()}, "features are missing"),
        ({"features": ("x",)}, "'x' is no Feature"),
        ({"event_time": "card_id"}, "event_time 'card_id' is also a key or a feature"),
        ({"event_time": "as of"}, "'as of' is no column name"),
        ({"ttl": 90}, "ttl must be a timedelta longer than 0, not 90"),
        ({"source": 7}, "source must be a table's name or a callable"),
        ({"keys": None}, "keys are missing"),
        ({"description": 7}, "description must be text, not 7"),
        ({"key_types": ["bigint"]}, r"key_types must map keys to types, not \['bigint'\]"),
        ({"keys": ("AS_OF",)}, "event_time 'as_of' is also a key or a feature"),
        ({"keys": ("card_id", "Spend_7d")}, "feature 'spend_7d' is named like a key"),
    ],
)
def test_a_wrong_table_says_what_is_wrong(changes: dict[str, Any], mistake: str) -> None:
    with pytest.raises(DeclarationError, match=mistake):
        a_table(**changes)


def test_all_mistakes_of_a_feature_are_named_at_once() -> None:
    with pytest.raises(DeclarationError) as caught:
        Feature(name="7d", type="money", description=" ", rolling=Rolling(name="other", function="count", window="7d"))

    assert len(caught.value.mistakes) == 4


@pytest.mark.parametrize(
    "declared, mistake",
    [
        ({"unit": 7}, "unit must be text, such as 'EUR', not 7"),
        ({"sensitive": "yes"}, "sensitive must be True or False, not 'yes'"),
        ({"rolling": "7d"}, "rolling must be a Rolling, not '7d'"),
        ({"description": None}, "the description is empty"),
        ({"rolling": Rolling(function="count", window="7d")}, "count gives whole numbers, and the type is 'string'"),
        ({"rolling": Rolling(function="mean", column="x", window="7d")}, "mean gives numbers, and the type is 'string'"),
        ({"rolling": Rolling(function="last", column="x", window="7d", default=0)}, "the default 0 of its window is no string"),
        ({"type": "int", "rolling": Rolling(function="sum", column="x", window="7d", default=0.5)}, "the default 0.5 of its window is"),
    ],
)
def test_a_wrong_feature_says_what_is_wrong(declared: dict[str, Any], mistake: str) -> None:
    with pytest.raises(DeclarationError, match=mistake):
        Feature(**{"name": "x", "type": "string", "description": "An x", **declared})


@pytest.mark.parametrize(
    "declared, mistake",
    [
        ({"function": "count", "window": "7"}, "'7' is no duration"),
        ({"function": "count", "window": "-7d"}, "'-7d' is no duration"),
        ({"function": "count", "window": "0d"}, "window must be longer than 0"),
        ({"function": "count", "window": "7d", "hop": "0s"}, "hop must be longer than 0"),
        ({"function": "count", "window": "1h", "hop": "7m"}, "hop 7m does not divide window 1h"),
        ({"function": "count", "window": "1h", "delay": None}, "delay 'None' is no duration"),
        ({"function": "count", "window": "1h", "column": "amount"}, "count counts rows and takes no column"),
        ({"function": "median", "window": "1h", "column": "amount"}, "unknown function 'median'; known are count, sum"),
        ({"function": "sum", "window": "1h"}, "sum needs a column"),
        ({"function": "count", "window": "1h", "where": " "}, "where must be SQL text, not ' '"),
        ({"function": "count", "window": "1h", "name": "no name"}, "'no name' is no column name"),
        ({"function": "mean", "window": "1h", "column": "x", "default": "0"}, "default of mean must be a number, not '0'"),
        ({"function": "count", "window": "9999999w"}, "window and delay together must not be longer than 10,000 years"),
        ({"function": "count", "window": "1h", "current_row": "no"}, "current_row must be True or False, not 'no'"),
        ({"function": "count", "window": "1h", "name": 7}, "7 is no column name"),
        ({"function": "count", "window": "1h", "default": 0.5}, "default of count must be a whole number, not 0.5"),
        ({"function": "count_distinct", "column": "x", "window": "1h", "default": True}, "default of count_distinct must be a whole"),
        ({"function": "mean", "column": "x", "window": "1h", "default": False}, "default of mean must be a number, not False"),
        ({"function": "sum", "column": "x", "window": "1h", "default": float("nan")}, "default must be a finite number, not nan"),
        ({"function": "last", "column": "x", "window": "1h", "default": timedelta(1)}, "default must be a number, text, True or False"),
        ({"function": "sum", "column": 7, "window": "1h"}, "column must be a column's name, not 7"),
        ({"function": "count", "window": "1h", "hop": "1us"}, "hop must be longer than 1us"),
        ({"function": "count", "window": "1us", "current_row": False}, "window 1us without the row's own instant never holds a row"),
    ],
)
def test_a_wrong_window_says_what_is_wrong(declared: dict[str, Any], mistake: str) -> None:
    with pytest.raises(DeclarationError, match=mistake):
        Rolling(**declared)


@pytest.mark.parametrize(
    "kind, held, refused",
    [
        ("int", (0, -5, 2**31 - 1, 3.0, Decimal(7)), (0.5, 2**31, True, "1")),
        ("bigint", (2**63 - 1,), (2**63,)),
        ("double", (0, 0.5, Decimal("0.1")), (False, "0")),
        ("decimal(38,2)", (Decimal("123456789012345678901234567890123456.78"), 0.25), (Decimal("0.001"), 10**36)),
        ("boolean", (True, False), (0, "true")),
        ("string", ("",), (0, True)),
        ("timestamp", (), (0, "2026-01-01")),
    ],
)
def test_a_default_must_be_a_value_of_the_features_type(kind: str, held: tuple[Any, ...], refused: tuple[Any, ...]) -> None:
    assert [holds(kind, value) for value in held] == [True] * len(held)
    assert [holds(kind, value) for value in refused] == [False] * len(refused)


def test_a_declaration_error_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError):
        Rolling(function="count", window="soon")


@pytest.mark.parametrize("text, expected", [("30s", 30), ("5m", 300), ("1h", 3600), ("7d", 604_800), ("90d", 7_776_000), ("1h30m", 5400)])
def test_durations_are_numbers_with_units(text: str, expected: int) -> None:
    assert Rolling(function="count", window=text).window_us == expected * 1_000_000


def test_the_schema_text_has_types_meanings_and_the_time_series_key() -> None:
    assert a_table().ddl() == (
        "card_id STRING NOT NULL COMMENT 'key of card_features', as_of TIMESTAMP NOT NULL COMMENT 'when this row became knowable', "
        "spend_7d DECIMAL(28,2) COMMENT 'The cardholder\\'s spend [EUR]', sales_1h BIGINT COMMENT 'Sales', "
        "CONSTRAINT card_features_pk PRIMARY KEY (card_id, as_of TIMESERIES)"
    )


def test_spark_reads_the_schema_text_without_the_key(spark: SparkSession) -> None:
    frame = spark.createDataFrame([], a_table().ddl(primary_key=False))

    assert tuple(frame.columns) == a_table().columns
    assert [field.nullable for field in frame.schema] == [False, False, True, True]
    assert frame.schema["spend_7d"].metadata == {"comment": "The cardholder's spend [EUR]"}


@pytest.mark.parametrize(
    "kind, default", [("double", None), ("int", 0), ("double", 0.5), ("boolean", True), ("decimal(9,2)", Decimal("1.2")), ("string", "")]
)
@pytest.mark.parametrize("ttl", [None, timedelta(days=9, microseconds=1), timedelta.max])
def test_a_stored_declaration_is_the_declaration(kind: str, default: Any, ttl: timedelta | None) -> None:
    last = Rolling(function="last", column="amount", window="7d", delay="1d", where="amount > 0", current_row=False, default=default)
    table = a_table(features=(Feature(name="last_7d", type=kind, description="Ø", rolling=last, sensitive=True),), ttl=ttl)

    assert FeatureTable.from_json(table.to_json()) == table


def test_the_json_schema_takes_what_a_lookup_answers() -> None:
    schema = a_table(keys=("card_id", "shop_id"), key_types={"shop_id": "bigint"}).json_schema()
    trust = {"as_of": "2026-01-31T10:00:00Z", "age_s": 12.5, "missing": ["sales_1h"], "expired": False}
    answer = {"card_id": "C1", "shop_id": 7, "features": {"spend_7d": "9.99", "sales_1h": None}, **trust}

    validator = Draft202012Validator(schema)

    validator.check_schema(schema)
    assert list(validator.iter_errors(answer)) == []
    assert not validator.is_valid({**answer, "features": {"spend_7d": 9.99}})
    assert not validator.is_valid({**answer, "missing": ["other"]})


@pytest.mark.parametrize(
    "kind, value",
    [
        ("string", "x"),
        ("boolean", True),
        ("tinyint", 1),
        ("double", "NaN"),
        ("float", 0.5),
        ("decimal(9,0)", "12"),
        ("date", "2026-01-31"),
        ("timestamp", "2026-01-31T10:00:00Z"),
        ("timestamp_ntz", "2026-01-31T10:00:00"),
        ("binary", "00ff"),
    ],
)
def test_every_type_has_a_json_form_or_null(kind: str, value: Any) -> None:
    schema = a_table(features=(Feature(name="x", type=kind, description="An x"),)).json_schema()["properties"]["features"]

    found = [Draft202012Validator(schema).is_valid({"x": told}) for told in (value, None, {})]

    assert found == [True, True, False]


def test_the_page_has_a_row_per_feature() -> None:
    assert a_table(description="How a card | is used").page() == (
        "## card_features\n\nHow a card \\| is used\n\n"
        "- key: `card_id` (string)\n- event time: `as_of`, when the row became knowable\n- source: the table `card_features`\n"
        "- expires: after 90 days; an age of exactly that is still valid\n\n"
        "| feature | type | unit | meaning | window |\n|---|---|---|---|---|\n"
        "| `spend_7d` | decimal(28,2) | EUR | The cardholder's spend |  |\n"
        "| `sales_1h` | bigint |  | Sales | `count(*)` over (t - 1h, t], in tiles of 5m |\n"
    )


@pytest.mark.parametrize(
    "window, expected",
    [
        ({"delay": "7d"}, "`sum(x)` over (t - 7d - 1h, t - 7d]"),
        ({"current_row": False}, "`sum(x)` over (t - 1h, t)"),
        ({"where": "y > 0", "default": 0}, "`sum(x)` over (t - 1h, t] where `y > 0`; 0 over nothing"),
    ],
)
def test_the_page_tells_both_ends_of_a_window(window: dict[str, Any], expected: str) -> None:
    rolling = Rolling(function="sum", column="x", window="1h", **window)

    table = a_table(features=(Feature(name="x_1h", type="double", description="An x", rolling=rolling),))

    assert f"| {expected} |" in table.page()


def test_a_source_that_is_code_is_not_stored() -> None:
    table = a_table(source=lambda spark: spark.readStream.table("events"))

    assert FeatureTable.from_json(table.to_json()) == replace(table, source=None)


def test_the_schema_hash_follows_types_and_windows_but_not_words() -> None:
    table = a_table()
    spend, sales = table.features

    reworded = a_table(features=(replace(spend, description="Other words"), sales), source="elsewhere")
    retyped = a_table(features=(replace(spend, type="double"), sales))
    rewound = a_table(features=(spend, replace(sales, rolling=Rolling(function="count", window="2h", hop="5m"))))

    assert reworded.schema_hash == table.schema_hash
    assert len({table.schema_hash, retyped.schema_hash, rewound.schema_hash}) == 3


def test_declarations_need_neither_spark_nor_arrow() -> None:
    program = (
        "import sys; from goldlane.features import FeatureTable, Feature, Rolling; import goldlane.features.tiles; "
        "print(sorted({'pyspark', 'pyarrow', 'pandas', 'delta'} & set(sys.modules)))"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert found.stdout.strip() == "[]"


NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,6}", fullmatch=True)
LENGTHS = st.lists(st.tuples(st.integers(1, 10**6), st.sampled_from(sorted(UNITS))), min_size=1, max_size=3)
TYPES = st.sampled_from(["string", "boolean", "int", "bigint", "double", "decimal(18,2)", "timestamp", "date"])


def a_window(length: int, hops: int | None, where: str | None) -> Rolling:
    """A window that any type can hold: its newest value."""
    hop = None if hops is None else f"{length}s"
    return Rolling(function="last", column="x", window=f"{length * (hops or 1)}s", delay="1d", where=where, hop=hop)


ROLLINGS = st.none() | st.builds(a_window, st.integers(1, 10**6), st.none() | st.integers(1, 99), st.none() | st.text(min_size=1))
TABLES = st.builds(
    lambda names, kinds, rolling, words, ttl: FeatureTable(
        name=f"t_{names[0]}",
        keys=tuple(f"k_{name}" for name in names),
        key_types={f"k_{names[0]}": kinds[0]},
        event_time="at",
        features=tuple(
            Feature(
                name=f"f_{name}", type=kind, description=f"{words}.", unit=words.strip() or None, sensitive=bool(i % 2), rolling=rolling
            )
            for i, (name, kind) in enumerate(zip(names, kinds, strict=False))
        ),
        ttl=ttl,
        description=words,
    ),
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    st.lists(TYPES, min_size=4, max_size=4),
    ROLLINGS.filter(lambda window: window is None or window.where is None or bool(window.where.strip())),
    st.text(st.characters(exclude_categories=["Cs"])),
    st.none() | st.timedeltas(min_value=timedelta(microseconds=1), max_value=timedelta(days=90_000)),
)


@given(table=TABLES)
def test_any_declaration_comes_back_from_its_json(table: FeatureTable) -> None:
    again = FeatureTable.from_json(table.to_json())

    assert (again, again.schema_hash, again.ddl(), again.page()) == (table, table.schema_hash, table.ddl(), table.page())


@given(parts=LENGTHS)
def test_a_duration_is_the_sum_of_its_parts(parts: list[tuple[int, str]]) -> None:
    assert microseconds("".join(f"{number}{unit}" for number, unit in parts)) == sum(number * UNITS[unit] for number, unit in parts)
