"""The plan of calls fits the signatures of the installed packages, word for word, and is refused where Databricks would refuse it."""

from __future__ import annotations

import inspect
import sys
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from features import CUSTOMER_FEATURES, FEATURE_TABLES, MERCHANT_FEATURES
from goldlane.errors import MissingExtraError, UsageError
from goldlane.features import Feature, FeatureTable, Rolling
from goldlane.features.databricks_bundle import add_features, bundle_features
from goldlane.features.databricks_calls import (
    create_table_calls,
    feature_lookup_calls,
    publish_table_calls,
    write_table_calls,
)
from goldlane.features.databricks_client import execute
from goldlane.features.databricks_names import Unity
from goldlane.features.errors import DeclarationError

if TYPE_CHECKING:
    from collections.abc import Callable

PAYMENTS = Unity(catalog="main", schema="payments", online_store="payments-online")
GOLD = tuple(table for table in FEATURE_TABLES if not table.has_tiles)
SECOND = 1_000_000


class Recorder:
    """Takes every call that the real client would take, by its real signature, and answers like it."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, method: str) -> Callable[..., Any]:
        from databricks.feature_engineering import DatabricksOnlineStore, FeatureEngineeringClient

        signature = inspect.signature(getattr(FeatureEngineeringClient, method))

        def called(**arguments: Any) -> Any:
            signature.bind(self, **arguments)
            assert set(arguments) <= set(signature.parameters), "an argument that only **kwargs takes"
            self.calls.append((method, arguments))
            if method == "get_online_store":
                return DatabricksOnlineStore(name=arguments["name"], capacity="CU_1") if arguments["name"] == "payments-online" else None
            return method

        return called


class Session:
    """Remembers the statements it was asked for."""

    def __init__(self) -> None:
        self.statements: list[str] = []

    def sql(self, sqlQuery: str) -> None:  # noqa: N803  Spark's name
        self.statements.append(sqlQuery)


class Frame:
    """As much of a DataFrame as a plan looks at."""

    def __init__(self, *columns: str) -> None:
        self.columns = list(columns)

    def select(self, *columns: str) -> Frame:
        return Frame(*columns)


def test_tables_are_made_with_their_time_series_key_and_a_change_feed() -> None:
    client, session = Recorder(), Session()

    execute(create_table_calls(GOLD, PAYMENTS), client=client, spark=session)  # type: ignore[arg-type]  # a fake

    method, arguments = client.calls[0]
    assert (method, arguments["name"]) == ("create_table", "main.payments.merchant_features")
    assert (arguments["primary_keys"], arguments["timeseries_column"]) == (["merchant_id", "as_of"], "as_of")
    assert arguments["schema"].fieldNames() == list(MERCHANT_FEATURES.columns)
    assert [field.name for field in arguments["schema"] if not field.nullable] == ["merchant_id", "as_of"]
    assert (
        session.statements[0]
        == "ALTER TABLE `main`.`payments`.`merchant_features` SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')"
    )


def test_the_schema_that_is_made_is_the_declared_one(merchants: FeatureTable) -> None:
    kinds = ("boolean", "smallint", "int", "bigint", "float", "double", "date", "timestamp", "binary", "decimal(18,2)", "string")
    table = replace(merchants, features=tuple(Feature(name=f"f{n}", type=kind, description=kind) for n, kind in enumerate(kinds)))

    (create, _) = create_table_calls([table], PAYMENTS)

    made = [field.dataType.simpleString() for field in create.arguments["schema"]]
    assert made == ["string", "timestamp", *kinds]
    assert [field.metadata["comment"] for field in create.arguments["schema"].fields[2:]] == list(kinds)


@pytest.mark.parametrize(
    "kind, written",
    [
        ("tinyint", "byte"),
        ("smallint", "short"),
        *((kind, kind) for kind in ("decimal(9,2)", "date", "timestamp", "timestamp_ntz", "binary")),
    ],
)
def test_a_type_is_refused_exactly_where_the_package_refuses_it(merchants: FeatureTable, kind: str, written: str) -> None:
    from databricks.ml_features._compute_client._compute_client import ComputeClient
    from pyspark.sql.types import StructType

    table = replace(merchants, features=(feature("value", kind),))

    def refused(check: Callable[[], Any]) -> bool:
        try:
            check()
        except ValueError:
            return True
        return False

    theirs = StructType.fromJson({"fields": [{"name": "value", "type": written, "nullable": True, "metadata": {}}]})
    check = ComputeClient._check_schema_top_level_types_supported  # noqa: SLF001  what the package does before it makes a table
    assert refused(lambda: create_table_calls([table], PAYMENTS)) == refused(lambda: check(theirs))


def test_rows_are_merged_with_the_declared_columns_only(merchants: FeatureTable) -> None:
    client = Recorder()

    execute(write_table_calls({merchants: Frame("velocity", "tier", "as_of", "merchant_id", "beside")}, PAYMENTS), client=client)  # type: ignore[dict-item]  # a fake

    ((method, arguments),) = client.calls
    assert (method, arguments["mode"], arguments["df"].columns) == ("write_table", "merge", ["merchant_id", "as_of", "tier", "velocity"])


@pytest.mark.parametrize("mode", ["triggered", "snapshot", "continuous"])
def test_tables_are_published_to_the_store_in_every_mode_the_package_knows(mode: Any) -> None:
    from databricks.ml_features._publish_client._publish_client import PublishClient

    client = Recorder()

    execute(publish_table_calls([CUSTOMER_FEATURES], PAYMENTS, mode), client=client)

    method, arguments = client.calls[-1]
    assert (method, arguments["online_table_name"]) == ("publish_table", "main.payments.customer_features_online")
    assert arguments["online_store"].name == "payments-online"
    assert PublishClient._to_proto_publish_mode(None, arguments["publish_mode"]).value == mode.upper()  # noqa: SLF001  what the package does


def test_an_online_store_that_is_not_there_is_an_error_with_the_next_step() -> None:
    calls = publish_table_calls(GOLD, replace(PAYMENTS, online_store="nowhere"))

    with pytest.raises(UsageError, match=r"there is no online store 'nowhere' \(client.create_online_store"):
        execute(calls, client=Recorder())


def test_lookups_are_the_packages_own_with_the_ttl_as_lookback(merchants: FeatureTable) -> None:
    from databricks.feature_engineering import FeatureLookup

    (lookup,) = execute(
        feature_lookup_calls([replace(merchants, ttl=timedelta(days=3))], PAYMENTS, label_time="paid_at"), client=Recorder()
    )

    assert isinstance(lookup, FeatureLookup)
    assert (lookup.table_name, lookup.lookup_key, lookup.feature_names) == (
        "main.payments.merchants",
        ["merchant_id"],
        ["tier", "velocity"],
    )
    assert (lookup.timestamp_lookup_key, lookup.lookback_window) == ("paid_at", timedelta(days=3))


def test_everything_databricks_would_refuse_is_named_at_once(merchants: FeatureTable) -> None:
    odd = replace(merchants, name="m" * 60, key_types={"merchant_id": "tinyint"}, features=(feature("seen", "timestamp_ntz"),))
    real_time = next(table for table in FEATURE_TABLES if table.has_tiles)

    with pytest.raises(DeclarationError) as refused:
        publish_table_calls([odd, real_time], Unity(catalog="hive_metastore", schema="a.b"), "often")  # type: ignore[arg-type]  # a mistake

    assert refused.value.mistakes == (
        "the schema 'a.b' has a dot, a blank or a slash in its name, or no name",
        "the catalog 'hive_metastore' is not in Unity Catalog; feature tables must be",
        "real_time_features is merged from tiles of events, not a table of features; see bundle_features",
        "there is no publish mode 'often'; known are triggered, snapshot, continuous",
        "nothing says which online store to publish to; say Unity(online_store=)",
        f"{odd.name}: '{odd.name}_online', its name in the online store, has more than 63 bytes",
        f"{odd.name}: 'merchant_id' is a tinyint, which feature tables cannot hold",
        f"{odd.name}: 'seen' is a timestamp_ntz, which feature tables cannot hold",
    )


def test_the_bundle_takes_every_feature_of_the_gold_tables() -> None:
    from databricks.bundles.core import Resources

    resources = Resources()

    add_features(resources, GOLD, PAYMENTS)

    tier = resources.features["merchant_features__risk_tier"]
    assert len(resources.features) == sum(len(table.features) for table in GOLD)
    assert {key: feature.as_dict() for key, feature in resources.features.items()} == bundle_features(GOLD, PAYMENTS)
    assert tier.as_dict()["function"] == {"column_selection": {"column": "risk_tier"}}


@pytest.mark.parametrize("window_s, delay_s, current_row", [(3, 0, False), (3, 2, True), (3, 2, False), (1, 1, True)])
def test_a_window_over_events_holds_the_same_rows_there(window_s: int, delay_s: int, current_row: bool) -> None:  # noqa: FBT001  the case
    rolling = Rolling(
        function="count", window=f"{window_s}s", delay=f"{delay_s}s", current_row=current_row, where="kind = 'sale'", hop="1s"
    )
    sales = Feature(name="sales", type="bigint", description="sales", rolling=rolling)
    table = FeatureTable(name="cards", keys=("card",), event_time="at", features=(sales,))

    resource = bundle_features([table], PAYMENTS, events={"cards": "main.payments.sales"})["cards__sales"]

    window = resource["function"]["aggregation_function"]["time_window"]["rolling"]
    delay, length = (round(float(text.rstrip("s")) * SECOND) for text in (window.get("delay", "0s"), window["window_duration"]))
    instants = [second * SECOND + off for second in range(-8, 1) for off in (-1, 0, 1)]
    theirs = [t for t in instants if -delay - length <= t < -delay]
    ours = [t for t in instants if -(delay_s + window_s) * SECOND < t <= -delay_s * SECOND and (current_row or t != 0)]
    assert theirs == ours
    assert resource["source"]["delta_table_source"] == {"full_name": "main.payments.sales", "filter_condition": "kind = 'sale'"}


def test_windows_that_databricks_has_not_are_named_at_once() -> None:
    with pytest.raises(DeclarationError) as refused:
        bundle_features(FEATURE_TABLES, PAYMENTS)

    homeless, first, *_ = refused.value.mistakes
    assert homeless == "real_time_features: nothing says which table has its events; name it in events"
    assert first == (
        "real_time_features.txn_count_5m counts the rows of its own instant, and windows on Databricks end before it; "
        "say current_row=False, or a delay"
    )
    assert "real_time_features.txn_amount_5m has a default, which features on Databricks have not" in refused.value.mistakes


def test_without_the_packages_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "databricks.feature_engineering", None)
    monkeypatch.setitem(sys.modules, "databricks.bundles.features", None)

    with pytest.raises(MissingExtraError, match="making feature tables on Databricks needs the extra 'databricks'"):
        execute([])
    with pytest.raises(MissingExtraError, match="adding features to a bundle needs the extra 'databricks'"):
        add_features(None, [], PAYMENTS)  # type: ignore[arg-type]  # never looked at


def feature(name: str, kind: str) -> Feature:
    return Feature(name=name, type=kind, description=f"a {kind}")
