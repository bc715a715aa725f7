"""``databricks://`` by the real SDK against a workspace on this machine that holds every request to what the platform takes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.errors import Mistakes, UsageError
from goldlane.features.declarations import Feature, FeatureTable, Rolling
from goldlane.features.errors import DeclarationError
from goldlane.features.online import FeatureNotFoundError, OnlineStore, StoreError, open_store
from goldlane.features.online.databricks_lakebase import RENEWED_S, Credentials
from goldlane.features.online.databricks_publishing import Publisher
from goldlane.features.online.databricks_tables import DECLARATION, table_property
from goldlane.features.publishing import Mode, publish
from goldlane.testing.databricks_workspace import TOKEN, Workspace
from goldlane.testing.postgres_server import PASSWORD

if TYPE_CHECKING:
    from goldlane.testing.postgres_server import PostgresServer

WAITING = "FROM pg_stat_activity WHERE query LIKE '%shops_online%' AND wait_event_type = 'Lock'"
HOURLY = Rolling(function="count", window="1h", hop="1h")
AS_OF = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)
SHOPS = FeatureTable(
    name="shops",
    keys=("shop", "day"),
    key_types={"day": "int"},
    event_time="as_of",
    features=(
        Feature(name="amount", type="decimal(18,2)", description="an amount"),
        Feature(name="score", type="double", description="a score"),
        Feature(name="seen", type="timestamp", description="a time"),
    ),
    ttl=timedelta(days=1),
)
FEED = "ALTER TABLE main.pay.shops SET TBLPROPERTIES ('delta.enableChangeDataFeed' = 'true')"
KEY = {"shop": "S1", "day": 7}


@pytest.fixture
def workspace() -> Iterator[Workspace]:
    workspace = Workspace(user="postgres", instances={"lake": {"read_write_dns": "127.0.0.1"}})
    workspace.tables["main.pay.shops"] = source(SHOPS)
    workspace.start()
    yield workspace
    workspace.stop()


@pytest.fixture
def opened(workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., OnlineStore]]:
    """Stores of the workspace, found by the profile ``local``; publishing waits for nothing."""
    (tmp_path / "profiles").write_text(f"[local]\nhost = {workspace.host}\ntoken = {TOKEN}\n")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "profiles"))
    monkeypatch.setattr("goldlane.features.online.databricks_publishing._EVERY_S", 0.0)
    stores: list[OnlineStore] = []

    def make(options: str = "instance=lake") -> OnlineStore:
        stores.append(open_store(f"databricks://local/main.pay?{options}"))
        return stores[-1]

    yield make
    for store in stores:
        store.close()


def source(table: FeatureTable, **properties: str) -> dict[str, Any]:
    """A gold table as Unity Catalog describes it."""
    kinds = {**table.key_types, table.event_time: "timestamp", **{feature.name: feature.type for feature in table.features}}
    key = {"name": "pk", "child_columns": [*table.keys, table.event_time], "timeseries_columns": [table.event_time]}
    return {
        "full_name": f"main.pay.{table.name}",
        "name": table.name,
        "table_id": "an-id",
        "columns": [{"name": name, "type_text": kind} for name, kind in kinds.items()],
        "table_constraints": [{"primary_key_constraint": key}],
        "properties": {"delta.enableChangeDataFeed": "true", **table_property(table), **properties},
        "version": 12,
    }


@pytest.mark.parametrize("mode", ["snapshot", "triggered", "continuous"])
def test_the_first_publish_makes_a_synced_table_in_that_mode(workspace: Workspace, opened: Callable[..., OnlineStore], mode: Mode) -> None:
    published = publish(SHOPS, "main.pay", opened(), mode=mode)

    (made,) = [body for method, _, body in workspace.calls if method == "POST"]
    assert made == {
        "name": "main.pay.shops_online",
        "database_instance_name": "lake",
        "logical_database_name": "main",
        "spec": {
            "source_table_full_name": "main.pay.shops",
            "primary_key_columns": ["shop", "day"],
            "timeseries_key": "as_of",
            "scheduling_policy": mode.upper(),
            "create_database_objects_if_missing": True,
            "new_pipeline_spec": {"storage_catalog": "main", "storage_schema": "pay"},
        },
    }
    assert (published.mode, published.version, published.rows_written) == (mode, 12, 3)


def test_a_second_publish_updates_its_pipeline_and_waits_for_it(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    publish(SHOPS, "main.pay", opened())
    workspace.tables["main.pay.shops"]["version"] = 13
    before = len(workspace.calls)

    published = publish(SHOPS, "main.pay", opened())

    told = [(method, path.rpartition("/")[2] if "updates/" in path else path) for method, path, _ in workspace.calls[before:]]
    assert ("POST", "/api/2.0/pipelines/pipeline-of-shops_online/updates") in told
    assert len([path for _, path in told if path.startswith("update-")]) == 2
    assert published.version == 13


def test_a_continuous_table_is_left_to_itself(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    publish(SHOPS, "main.pay", opened(), mode="continuous")
    publish(SHOPS, "main.pay", opened(), mode="continuous")

    assert [path for method, path, _ in workspace.calls if method == "POST"] == ["/api/2.0/database/synced_tables"]


def test_a_source_that_cannot_be_synced_is_refused_before_anything_is_made(
    workspace: Workspace, opened: Callable[..., OnlineStore]
) -> None:
    table = workspace.tables["main.pay.shops"]
    table["properties"].pop("delta.enableChangeDataFeed")
    table["table_constraints"] = []
    table["columns"] = [{"name": "amount", "type_text": "string"}, *(c for c in table["columns"] if c["name"] not in ("amount", "seen"))]

    with pytest.raises(Mistakes) as refused:
        publish(SHOPS, "main.pay", opened())

    assert refused.value.mistakes == (
        "main.pay.shops has no column 'seen'",
        "main.pay.shops: column 'amount' is string, declared decimal(18,2)",
        "main.pay.shops has no primary key; the synced table needs PRIMARY KEY (shop, day, as_of TIMESERIES)",
        f"main.pay.shops has no change data feed, which triggered needs; {FEED}",
    )
    assert {method for method, _, _ in workspace.calls} == {"GET"}


def test_a_snapshot_needs_no_change_data_feed(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    workspace.tables["main.pay.shops"]["properties"].pop("delta.enableChangeDataFeed")

    assert publish(SHOPS, "main.pay", opened(), mode="snapshot").version == 12


@pytest.mark.parametrize(
    "table, why",
    [
        (replace(SHOPS, name="s" * 60), "has more than 63 bytes"),
        (
            replace(SHOPS, features=(Feature(name="n", type="bigint", description="n", rolling=HOURLY),)),
            "tiles",
        ),
    ],
)
def test_what_the_platform_cannot_hold_is_refused_before_anything_is_asked(
    workspace: Workspace, opened: Callable[..., OnlineStore], table: FeatureTable, why: str
) -> None:
    with pytest.raises(DeclarationError, match=why):
        publish(table, "main.pay", opened())

    assert workspace.calls == []


def test_another_mode_than_the_synced_tables_is_refused(opened: Callable[..., OnlineStore]) -> None:
    publish(SHOPS, "main.pay", opened())

    with pytest.raises(UsageError, match="its mode is 'TRIGGERED', not 'SNAPSHOT'"):
        publish(SHOPS, "main.pay", opened(), mode="snapshot")


def test_a_failed_pipeline_is_an_error(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    workspace.states = ["SYNCED_TABLE_PROVISIONING", "SYNCED_TABLE_OFFLINE_FAILED"]

    with pytest.raises(StoreError, match="shops_online is SYNCED_TABLE_OFFLINE_FAILED"):
        publish(SHOPS, "main.pay", opened())


def test_a_failed_update_is_an_error(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    publish(SHOPS, "main.pay", opened())
    workspace.update_states = ["RUNNING", "FAILED"]

    with pytest.raises(StoreError, match="of the pipeline pipeline-of-shops_online is FAILED"):
        publish(SHOPS, "main.pay", opened())


def test_a_table_that_unity_catalog_does_not_have_is_named(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    workspace.tables.clear()

    with pytest.raises(UsageError, match=r"there is no table main\.pay\.shops in Unity Catalog"):
        publish(SHOPS, "main.pay", opened())


def test_a_frame_is_not_the_platforms(opened: Callable[..., OnlineStore]) -> None:
    with pytest.raises(UsageError, match="publishes its own gold table, not a frame"):
        publish(SHOPS, [], opened())  # type: ignore[arg-type]  # what it refuses


def test_a_wrong_token_is_the_callers(workspace: Workspace, opened: Callable[..., OnlineStore], tmp_path: Path) -> None:
    (tmp_path / "profiles").write_text(f"[local]\nhost = {workspace.host}\ntoken = another\n")

    with pytest.raises(UsageError, match="the workspace refused: who are you"):
        opened().publications()


def test_the_store_describes_itself_by_unity_catalog(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    plain = replace(SHOPS, name="plain", ttl=None)
    workspace.tables["main.pay.plain"] = source(plain) | {"properties": {}}
    workspace.tables["main.pay.other"] = source(replace(SHOPS, name="other")) | {"table_constraints": [], "properties": {}}
    publish(SHOPS, "main.pay", opened())

    (published,) = opened().publications()

    assert (published.table, published.version, published.source_id) == (SHOPS, 12, "an-id")
    declared = opened("endpoint=shops").publications()[0].table
    assert (declared.name, declared.keys, declared.key_types, declared.event_time) == ("plain", plain.keys, plain.key_types, "as_of")
    assert [feature.type for feature in declared.features] == ["decimal(18,2)", "double", "timestamp"]


def test_somebody_elses_table_does_not_hide_the_others(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    odd = source(replace(SHOPS, name="odd")) | {"properties": {}}
    odd["columns"] = [*odd["columns"], {"name": "my col", "type_text": "int"}]
    workspace.tables["main.pay.odd"] = odd
    workspace.tables["main.pay.damaged"] = source(replace(SHOPS, name="damaged"), **{DECLARATION: '{"name": '})
    workspace.tables["main.pay.strange"] = source(replace(SHOPS, name="strange"), **{DECLARATION: "[]"})

    assert [publication.table for publication in opened("endpoint=shops").publications()] == [SHOPS]


def test_an_endpoint_answers_in_exact_types(workspace: Workspace, opened: Callable[..., OnlineStore]) -> None:
    told = {"amount": "12.30", "score": 0.5, "seen": "2026-01-31T09:00:00Z", "as_of": "2026-01-31T10:00:00Z"}
    workspace.endpoints["serve-shops"] = lambda records: [told if record["day"] == 7 else dict.fromkeys(told) for record in records]
    store = opened("endpoint=serve-{table}")

    answer, unknown = store.lookup_many("shops", [KEY, {"shop": "S1", "day": "8"}], "empty", at=AS_OF + timedelta(hours=1))

    assert answer.features == {"amount": Decimal("12.30"), "score": 0.5, "seen": AS_OF - timedelta(hours=1)}
    assert (answer.as_of, answer.age_s, answer.expired) == (AS_OF, 3600.0, False)
    assert (unknown.as_of, unknown.missing) == (None, ("amount", "score", "seen"))
    assert workspace.calls[-1][2] == {"dataframe_records": [{"shop": "S1", "day": 7}, {"shop": "S1", "day": 8}]}
    with pytest.raises(FeatureNotFoundError):
        store.lookup("shops", {"shop": "S1", "day": 9})


def test_an_endpoint_that_is_not_there_is_named(opened: Callable[..., OnlineStore]) -> None:
    with pytest.raises(UsageError, match="there is no endpoint 'nowhere'"):
        opened("endpoint=nowhere").lookup(SHOPS, KEY)


@pytest.mark.parametrize("key", [{"shop": "S1"}, {"shop": "S1", "day": "seven"}, {"shop": 1, "day": 7}])
def test_a_key_that_is_none_is_refused(opened: Callable[..., OnlineStore], key: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="shops"):
        opened("endpoint=shops").lookup(SHOPS, key)


def test_a_credential_is_renewed_after_45_minutes_and_when_it_was_refused(opened: Callable[..., OnlineStore]) -> None:
    now = [0.0]
    store: Any = opened()
    credentials = Credentials(store.client, "lake", clock=lambda: now[0])

    tokens = [credentials.token(), credentials.token()]
    now[0] = RENEWED_S
    tokens.append(credentials.token())
    credentials.refuse()
    tokens.append(credentials.token())

    assert tokens == ["token-1", "token-1", "token-2", "token-3"]


@pytest.fixture
def lakebase(workspace: Workspace, opened: Callable[..., OnlineStore], postgres_server: PostgresServer) -> OnlineStore:
    """A PostgreSQL server with the synced table in it, whose password only the workspace tells."""
    workspace.password = PASSWORD
    columns = "shop text, day integer, as_of timestamptz, amount numeric(18,2), score double precision, seen timestamptz"
    rows = "('S1', 7, '2026-01-31 10:00Z', 12.30, 'NaN', NULL), ('S1', 8, '2026-01-01 10:00Z', 1, 1, NULL)"
    postgres_server.sql("CREATE SCHEMA IF NOT EXISTS pay")
    postgres_server.sql(f"DROP TABLE IF EXISTS pay.shops_online; CREATE TABLE pay.shops_online ({columns})")
    postgres_server.sql(f"INSERT INTO pay.shops_online VALUES {rows}")
    return opened(f"instance=lake&database=postgres&port={postgres_server.port}&sslmode=disable")


def test_lakebase_answers_in_exact_types_and_in_order(lakebase: OnlineStore) -> None:
    keys = [{"shop": "S1", "day": 8}, {"shop": "S'; --", "day": 7}, KEY]

    old, unknown, answer = lakebase.lookup_many("shops", keys, "empty", at=AS_OF + timedelta(hours=1))

    assert (answer.features["amount"], str(answer.features["score"]), answer.missing) == (Decimal("12.30"), "nan", ("seen",))
    assert (answer.as_of, answer.age_s, answer.expired) == (AS_OF, 3600.0, False)
    assert (unknown.as_of, old.expired, old.features["amount"]) == (None, True, None)
    assert lakebase.lookup_all({"shops": KEY, SHOPS: KEY}, at=AS_OF)[SHOPS].age_s == 0.0


def test_lakebase_is_asked_by_small_numbers_and_times_without_a_zone(lakebase: OnlineStore, postgres_server: PostgresServer) -> None:
    table = replace(
        SHOPS, name="hours", keys=("hour", "at"), key_types={"hour": "tinyint", "at": "timestamp_ntz"}, features=SHOPS.features[:1]
    )
    postgres_server.sql("DROP TABLE IF EXISTS pay.hours_online")
    postgres_server.sql("CREATE TABLE pay.hours_online (hour smallint, at timestamp, as_of timestamptz, amount numeric(18,2))")
    postgres_server.sql("INSERT INTO pay.hours_online VALUES (7, '2026-01-31 10:00', '2026-01-31 10:00Z', 12.30)")

    answer = lakebase.lookup(table, {"hour": 7, "at": AS_OF.replace(tzinfo=None)}, at=AS_OF)

    assert answer.features == {"amount": Decimal("12.30")}


def test_lakebase_that_wakes_up_late_is_waited_for(lakebase: OnlineStore, postgres_server: PostgresServer) -> None:
    import threading

    assert lakebase.lookup(SHOPS, KEY).as_of == AS_OF
    postgres_server.stop()
    threading.Timer(0.7, postgres_server.start).start()

    assert lakebase.lookup(SHOPS, KEY).as_of == AS_OF


def test_a_statement_that_lost_its_connection_is_asked_again(lakebase: OnlineStore, postgres_server: PostgresServer) -> None:
    import psycopg

    url = postgres_server.url()
    with psycopg.connect(url) as holder, psycopg.connect(url, autocommit=True) as watcher, ThreadPoolExecutor() as threads:
        with holder.transaction():
            holder.execute("LOCK TABLE pay.shops_online")
            answer = threads.submit(lakebase.lookup, SHOPS, KEY)
            while not watcher.execute(f"SELECT pg_terminate_backend(pid) {WAITING}").fetchall():
                time.sleep(0.01)

        assert answer.result().as_of == AS_OF


def test_a_table_that_was_not_published_is_told(lakebase: OnlineStore) -> None:
    with pytest.raises(StoreError, match="others_online"):
        lakebase.lookup(replace(SHOPS, name="others"), KEY)


def test_the_store_takes_nothing_from_outside(opened: Callable[..., OnlineStore]) -> None:
    store = opened()

    for refused in (lambda: store.publishing(SHOPS), lambda: store.claiming(SHOPS), lambda: store.forget(SHOPS, KEY)):
        with pytest.raises(UsageError, match=r"takes no .* from outside"):
            refused()


@pytest.mark.parametrize(
    "url, why",
    [
        ("databricks://prod/main?instance=lake", "'main' is not CATALOG.SCHEMA"),
        ("databricks://prod/main.pay", "neither an instance nor an endpoint"),
        ("databricks://prod/main.pay?instnce=lake", "no option 'instnce'"),
        ("databricks://prod/main.pay?instance=lake&port=x", "the port 'x' is no number"),
    ],
)
def test_a_url_that_names_no_store_says_why(url: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        open_store(url)


def test_a_url_without_a_workspace_is_that_of_the_environment(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", workspace.host)
    monkeypatch.setenv("DATABRICKS_TOKEN", TOKEN)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)

    monkeypatch.setattr("goldlane.features.online.databricks_publishing._EVERY_S", 0.0)

    published = publish(SHOPS, "main.pay", open_store("databricks:///main.pay?instance=lake"), mode="triggered")

    assert published.version == 12
    assert workspace.synced["main.pay.shops_online"]["spec"]["source_table_full_name"] == "main.pay.shops"


def test_a_url_without_a_workspace_in_an_environment_without_one_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("DATABRICKS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", os.devnull)

    with pytest.raises(UsageError, match="finding the workspace of this environment"):
        open_store("databricks:///main.pay?instance=lake").publications()


def test_a_profile_that_is_not_there_is_named(opened: Callable[..., OnlineStore]) -> None:
    del opened
    with pytest.raises(UsageError, match="nobody"):
        open_store("databricks://nobody/main.pay?instance=lake").publications()


def test_a_publisher_gives_up_on_what_never_ends(
    workspace: Workspace, opened: Callable[..., OnlineStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("goldlane.features.online.databricks_publishing._LONGEST_S", 0.05)
    workspace.states = ["SYNCED_TABLE_PROVISIONING"]
    store: Any = opened()

    with pytest.raises(StoreError, match="did not end within"):
        Publisher(client=store.client, place=store.place, wait=lambda _: None).publish(SHOPS, "triggered")


def test_the_command_publishes_without_a_local_gold_table(
    workspace: Workspace, opened: Callable[..., OnlineStore], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from goldlane.cli.app import main

    del opened
    declared = "from goldlane.features import FeatureTable\nFEATURE_TABLES = (FeatureTable.from_json({!r}),)\n"
    (tmp_path / "declared_shops.py").write_text(declared.format(SHOPS.to_json()))
    (tmp_path / "pyproject.toml").write_text('[tool.goldlane]\nfeatures = "declared_shops"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])

    with pytest.raises(SystemExit) as ended:
        main(["publish", "--store", "databricks://local/main.pay?instance=lake", "--mode", "snapshot", "--json"])

    assert ended.value.code == 0
    assert list(workspace.synced) == ["main.pay.shops_online"]


def test_local_use_imports_nothing_of_databricks() -> None:
    code = "import sys; from goldlane.features import open_store; open_store('sqlite:///x.db'); import goldlane.features.publishing;"
    asked = "print([name for name in sys.modules if name.split('.')[0] == 'databricks' or 'online.databricks' in name])"

    done = subprocess.run([sys.executable, "-c", code + asked], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
