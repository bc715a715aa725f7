"""The two tools as a model calls them, over the lane's real declarations and over small tables of the test's own."""

from __future__ import annotations

import inspect
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from features import FEATURE_TABLES
from goldlane.errors import UsageError
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import OnlineStore
from goldlane.serving.agents import known_tables
from goldlane.serving.tools import FeatureTools, ToolAnswer, openai_tools

Rows = Callable[..., None]
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
ACCOUNTS = FeatureTable(
    name="accounts",
    keys=("account_id",),
    event_time="as_of",
    features=(
        Feature(name="balance", type="double", unit="EUR", description="What is left"),
        Feature(name="email", type="string", sensitive=True, description="Where to write to"),
    ),
)


def named(name: str, key: str) -> FeatureTable:
    return replace(ACCOUNTS, name=name, keys=(key,), key_types={})


def get(tools: FeatureTools, **arguments: Any) -> ToolAnswer:
    return tools.call("get_features", arguments)


def told(answer: ToolAnswer) -> Any:
    assert not answer.is_error, answer.text
    return json.loads(answer.text)


def mistake(answer: ToolAnswer) -> str:
    assert answer.is_error
    return answer.text


@pytest.fixture
def tools(lane: OnlineStore) -> FeatureTools:
    return FeatureTools(lane)


@pytest.fixture
def accounts(store: OnlineStore, rows: Rows) -> FeatureTools:
    rows(ACCOUNTS, ("A1", MINUTE, 12.5, "a@b.example"), ("A2", MINUTE, None, None))
    return FeatureTools(store)


def test_a_merchant_is_told_with_its_age_and_what_is_missing(tools: FeatureTools) -> None:
    answer = told(get(tools, key={"merchant_id": "M00042"}))["merchant_features"]

    age = answer.pop("_age_s")
    since = answer.pop("_as_of")
    assert answer == {
        "risk_tier": "high",
        "weekly_velocity": 23,
        "avg_daily_txns_30d": 0.366667,
        "avg_txn_amount_30d": 1234.57,
        "unique_customers_30d": 17,
        "fraud_rate_30d": 0.0612346,
        "_missing": ["chargeback_rate_90d"],
    }
    assert 7200 <= age < 7800
    assert since.endswith("Z")


def test_one_call_reads_every_table_whose_keys_are_given(tools: FeatureTools) -> None:
    answer = told(get(tools, key={"merchant_id": "M00042", "customer_id": "C00007"}))

    assert set(answer) == {table.name for table in FEATURE_TABLES}
    assert answer["real_time_features"]["txn_amount_24h"] == "269.99"


def test_only_the_features_asked_for_are_told_and_only_their_tables_read(tools: FeatureTools) -> None:
    answer = told(get(tools, key={"merchant_id": "M00042", "customer_id": "C00007"}, features=["risk_tier", "txn_count_1h"]))

    assert {table: [name for name in found if name[0] != "_"] for table, found in answer.items()} == {
        "merchant_features": ["risk_tier"],
        "real_time_features": ["txn_count_1h"],
    }


def test_ten_features_fit_into_400_characters(tools: FeatureTools, lane: OnlineStore) -> None:
    names = [feature.name for feature in max(FEATURE_TABLES, key=lambda table: len(table.features)).features]
    longest = sorted(names, key=len)[-10:]

    answer = get(tools, key={"customer_id": "C00007"}, features=longest)

    assert set(longest) <= set(told(answer)["customer_features"])
    assert len(answer.text) <= 400
    assert len(get(tools, key={"merchant_id": "M00042"}).text) <= 400
    assert lane.lookup("customer_features", {"customer_id": "C00007"}).missing == ()


def test_an_argument_may_be_null_and_a_single_name_needs_no_list(tools: FeatureTools) -> None:
    key = {"merchant_id": "M00042", "customer_id": None}

    answer = tools.call("get_features", {"key": key, "tables": None, "features": "risk_tier"})

    assert told(answer)["merchant_features"]["risk_tier"] == "high"


def test_arguments_may_be_the_text_that_a_model_wrote(tools: FeatureTools) -> None:
    assert told(tools.call("get_features", '{"key": {"merchant_id": "M00042"}}'))
    assert mistake(tools.call("get_features", '{"key": ')) == "the arguments are not valid JSON"
    assert mistake(tools.call("get_features", "[1]")) == "the arguments must be an object"


@pytest.mark.parametrize(
    "arguments, said",
    [
        ({}, "key must be an object such as"),
        ({"key": {}}, "tables are read by customer_id, merchant_id"),
        ({"key": "M00042"}, "key must be an object"),
        ({"key": {"merchant": "M00042"}}, "there is no key 'merchant'; did you mean merchant_id?"),
        (
            {"key": {"merchant_id": "M00042"}, "tables": ["merchants"]},
            "there is no table 'merchants'; did you mean merchant_features?; known:",
        ),
        ({"key": {"merchant_id": "M00042"}, "tables": ["customer_features"]}, "customer_features is read by customer_id: put it in key"),
        ({"key": {"merchant_id": "M00042"}, "features": ["fraud_rate"]}, "there is no feature 'fraud_rate'; did you mean fraud_rate_30d?"),
        ({"key": {"merchant_id": "M00042"}, "features": ["txn_count_5m"]}, "real_time_features is read by customer_id: put it in key"),
        ({"key": {"merchant_id": 42}}, "key merchant_id is of type string: 42 is not text"),
        ({"key": {"merchant_id": "M00042"}, "table": "merchant_features"}, "there is no argument 'table'; did you mean tables?"),
        ({"key": {"merchant_id": "M00042"}, "tables": 7}, "tables must be a list of names"),
    ],
)
def test_a_mistake_says_what_to_do_instead(tools: FeatureTools, arguments: dict[str, Any], said: str) -> None:
    assert said in mistake(tools.call("get_features", arguments))


def test_all_mistakes_are_told_at_once(tools: FeatureTools) -> None:
    said = mistake(get(tools, key={"merchant": "M1"}, tables=["x", "y"], limit=3))

    assert all(word in said for word in ("'merchant'", "'x'", "'y'", "'limit'"))


def test_an_unknown_tool_is_answered_with_the_known_ones(tools: FeatureTools) -> None:
    assert "did you mean get_features" in mistake(tools.call("get_feature", {}))


def test_an_unknown_entity_is_said_to_be_unknown(tools: FeatureTools) -> None:
    said = mistake(get(tools, key={"merchant_id": "M99999"}))

    assert said.startswith("Nothing is known of merchant_id=M99999 in merchant_features. Do not guess its features")


def test_of_two_entities_the_known_one_is_told(tools: FeatureTools) -> None:
    answer = told(get(tools, key={"merchant_id": "M99999", "customer_id": "C00007"}, features=["risk_tier", "txn_count_7d"]))

    assert answer["merchant_features"] == {"_unknown": "nothing is known of merchant_id=M99999"}
    assert answer["customer_features"]["txn_count_7d"] == 9


def test_expired_values_are_not_told(store: OnlineStore, rows: Rows) -> None:
    rows(replace(ACCOUNTS, ttl=HOUR), ("A1", 2 * HOUR, 12.5, "a@b.example"))

    answer = told(get(FeatureTools(store), key={"account_id": "A1"}))["accounts"]

    assert answer["_expired"] == "older than 60 min, too old to be told"
    assert set(answer) == {"_as_of", "_age_s", "_expired"}


def test_sensitive_values_are_withheld_and_so_is_whether_there_is_one(accounts: FeatureTools) -> None:
    one, none = (told(get(accounts, key={"account_id": key}))["accounts"] for key in ("A1", "A2"))

    assert one["balance"] == 12.5
    assert none["_missing"] == ["balance"]
    assert "email" not in {**one, **none}
    assert (
        mistake(get(accounts, key={"account_id": "A1"}, features=["email"])) == "get_features: email is sensitive: its values are withheld"
    )
    assert (
        "- email (string, sensitive: values are withheld): Where to write to"
        in accounts.call("describe_features", {"table": "accounts"}).text
    )


def test_the_catalogue_names_every_table_key_and_feature_in_few_characters(tools: FeatureTools) -> None:
    text = tools.call("describe_features", None).text

    names = [name for table in FEATURE_TABLES for name in (table.name, *table.keys, *(feature.name for feature in table.features))]
    assert [name for name in names if name not in text] == []
    assert len(text) <= 1000


@pytest.mark.parametrize("table", FEATURE_TABLES, ids=lambda table: table.name)
def test_a_table_is_described_feature_by_feature(tools: FeatureTools, table: FeatureTable) -> None:
    text = tools.call("describe_features", {"table": table.name}).text

    assert [each.name for each in table.features if f"- {each.name} ({each.type}): {each.meaning}" not in text.splitlines()] == []


def test_describing_an_unknown_table_names_the_nearest(tools: FeatureTools) -> None:
    assert "did you mean customer_features?" in mistake(tools.call("describe_features", {"table": "customers"}))
    assert "did you mean table?" in mistake(tools.call("describe_features", {"tables": "customer_features"}))
    assert mistake(tools.call("describe_features", {"table": ["customer_features"]})) == "table must be a table's name"


def test_a_caller_learns_only_of_the_tables_it_may_read(tools: FeatureTools, lane: OnlineStore) -> None:
    allowed = ["merchant_features"]

    words = json.dumps([(tool.description, tool.parameters, tool.strict) for tool in tools.tools(allowed)])
    described = tools.call("describe_features", {}, allowed).text
    asked = mistake(tools.call("get_features", {"key": {"customer_id": "C00007"}}, allowed))

    assert "customer" not in words
    assert "customer_features" not in described + asked + FeatureTools(lane, allowed).call("describe_features", {}).text
    assert "there is no key 'customer_id'" in asked


def test_tools_over_a_table_that_is_not_there_are_refused(lane: OnlineStore) -> None:
    with pytest.raises(UsageError, match="there is no table 'merchants'; did you mean merchant_features"):
        FeatureTools(lane, ["merchants"])


def test_a_table_published_later_is_found_at_once(accounts: FeatureTools, rows: Rows) -> None:
    told(get(accounts, key={"account_id": "A1"}))
    rows(named("cards", "card_id"), ("K1", MINUTE, 3.0, None))

    assert told(get(accounts, key={"card_id": "K1"}))["cards"]["balance"] == 3
    assert "cards" in accounts.call("describe_features", {"table": "cards"}).text


def test_a_feature_declared_sensitive_later_is_withheld_soon(accounts: FeatureTools, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    told(get(accounts, key={"account_id": "A1"}))
    hidden = replace(ACCOUNTS, features=tuple(replace(feature, sensitive=True) for feature in ACCOUNTS.features))
    rows(hidden, ("A1", MINUTE, 99.0, None))
    monkeypatch.setattr(known_tables, "_FRESH_S", 0.0)

    assert "99" not in get(accounts, key={"account_id": "A1"}, tables=["accounts"]).text


def test_a_broken_store_is_one_sentence_without_its_path(accounts: FeatureTools, url: str) -> None:
    told(get(accounts, key={"account_id": "A1"}))
    with sqlite3.connect(url.removeprefix("sqlite:///")) as other:
        other.execute("DROP TABLE accounts")
    other.close()

    answer = get(accounts, key={"account_id": "A1"})

    assert mistake(answer) == "The feature store cannot be read at the moment. Nothing is known now; try again later."


def test_hundreds_of_tables_still_make_short_tools_and_a_short_catalogue(store: OnlineStore, rows: Rows) -> None:
    for number in range(60):
        rows(named(f"a_table_with_quite_a_long_name_{number:03}", f"a_key_with_a_long_name_{number:03}"))
    tools = FeatureTools(store)

    listed = [{"name": tool.name, "description": tool.description, "inputSchema": tool.parameters} for tool in tools.tools()]

    assert len(json.dumps(listed)) <= 1500
    assert 1000 < len(tools.call("describe_features", {}).text) <= 6000


@pytest.mark.parametrize("position", [0, 1])
def test_a_strict_schema_keeps_the_rules_of_strict_function_calling(lane: OnlineStore, position: int) -> None:
    function = openai_tools(lane)[position]["function"]

    jsonschema.Draft202012Validator.check_schema(function["parameters"])
    assert (function["strict"], set(function)) == (True, {"name", "description", "parameters", "strict"})
    objects = [each for each in every_schema(function["parameters"]) if "object" in each.get("type", ())]
    assert objects
    assert all(each["additionalProperties"] is False and each["required"] == list(each["properties"]) for each in objects)


def every_schema(schema: Any) -> list[dict[str, Any]]:
    if isinstance(schema, list):
        return [found for each in schema for found in every_schema(each)]
    return [schema, *(found for each in schema.values() for found in every_schema(each))] if isinstance(schema, dict) else []


def test_what_the_strict_schema_allows_can_be_called(lane: OnlineStore) -> None:
    tools = FeatureTools(lane)
    strict = {tool.name: tool.strict for tool in tools.tools()}["get_features"]
    arguments = {"key": {"merchant_id": "M00042", "customer_id": None}, "tables": ["merchant_features"], "features": None}

    jsonschema.validate(arguments, strict)

    assert told(tools.call("get_features", json.dumps(arguments)))
    for wrong in ({**arguments, "tables": ["merchants"]}, {"key": {"merchant_id": "M1"}}, {**arguments, "limit": 1}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(wrong, strict)


def test_the_shape_for_responses_has_no_level_between(lane: OnlineStore) -> None:
    tool = FeatureTools(lane).tools()[1]

    assert tool.responses() == {"type": "function", **tool.openai()["function"]}


def test_langchain_gets_a_function_its_name_its_words_and_its_arguments(lane: OnlineStore) -> None:
    given = {tool.name: tool.langchain() for tool in FeatureTools(lane).tools()}["get_features"]

    jsonschema.Draft202012Validator.check_schema(given["args_schema"])
    assert set(given) == {"func", "name", "description", "args_schema"}
    assert json.loads(given["func"](key={"merchant_id": "M00042"}))["merchant_features"]["risk_tier"] == "high"
    assert "there is no table 'x'" in given["func"](key={"merchant_id": "M00042"}, tables=["x"])
    # LangChain passes a callback or a config to a function that has such a parameter.
    assert {each.kind for each in inspect.signature(given["func"]).parameters.values()} == {inspect.Parameter.VAR_KEYWORD}


def test_the_tools_import_no_framework_and_nothing_heavy(lane_url: str) -> None:
    program = f"""
import sys
from goldlane.features.online import open_store
from goldlane.serving.tools import FeatureTools, openai_tools
store = open_store({lane_url!r})
openai_tools(store)
print(FeatureTools(store).call("get_features", {{"key": {{"merchant_id": "M00042"}}}}).is_error)
heavy = ("pyspark", "pandas", "numpy", "pyarrow", "mlflow", "pydantic", "mcp", "openai", "langchain_core", "starlette")
print(sorted(name for name in heavy if name in sys.modules))
"""

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["False", "[]"]
