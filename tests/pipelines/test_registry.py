"""What the decorators enter into the registry, and the mistakes they report; no Spark in sight."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from goldlane.expectations import Action, Rules, not_null
from goldlane.pipelines.api import NAMES
from goldlane.pipelines.definitions import ChangeFlow, Kind, QueryFlow
from goldlane.pipelines.errors import DefinitionError, PipelineError
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.registry import Registry, collecting


class Dlt:
    """The served names as attributes, as a source file sees them."""

    def __getattr__(self, name: str) -> Any:
        return NAMES[name]


dlt = Dlt()


@pytest.fixture
def registry() -> Iterator[Registry]:
    with collecting(Registry(Namespace())) as collected:
        yield collected


def codes(registry: Registry) -> list[str]:
    registry.finish()
    return [problem.code for problem in registry.problems]


@pytest.mark.parametrize(
    "decorator, kind",
    [
        ("table", None),
        ("create_table", None),
        ("materialized_view", Kind.MATERIALIZED_VIEW),
        ("view", Kind.VIEW),
        ("create_view", Kind.VIEW),
        ("temporary_view", Kind.VIEW),
    ],
)
def test_every_decorator_stands_bare_or_called_and_gives_the_function_back(registry: Registry, decorator: str, kind: Kind | None) -> None:
    def orders() -> str:
        return "rows"

    bare = NAMES[decorator](orders)
    called = NAMES[decorator](name="sales.orders", comment="all of them")(orders)

    assert bare is orders
    assert called is orders
    assert {key: dataset.kind for key, dataset in registry.datasets.items()} == {"default.orders": kind, "sales.orders": kind}
    assert [flow.target.key for flow in registry.flows] == ["default.orders", "sales.orders"]


@pytest.mark.parametrize("declare", ["create_streaming_table", "create_target_table", "create_streaming_live_table"])
def test_a_streaming_table_is_declared_by_its_name_alone(registry: Registry, declare: str) -> None:
    NAMES[declare]("orders", comment="c", expect_all={"a": "id > 0"}, expect_all_or_drop={"b": "x"}, expect_all_or_fail={"c": "y"})

    dataset = registry.datasets["default.orders"]
    assert (dataset.kind, dataset.comment) == (Kind.STREAMING_TABLE, "c")
    assert [(rule.name, rule.action) for rule in dataset.expectations] == [("a", Action.WARN), ("b", Action.DROP), ("c", Action.FAIL)]


def test_what_a_table_says_about_itself_is_kept(registry: Registry) -> None:
    @dlt.table(
        schema="id INT",
        partition_cols="day",
        cluster_by=["a", "b"],
        table_properties={"quality": "gold", "auto": True, "n": 3},
        spark_conf={"spark.sql.shuffle.partitions": 2},
        private=True,
        row_filter=None,
        cluster_by_auto=False,
        path=None,
    )
    def orders() -> None: ...

    dataset, (flow,) = registry.datasets["default.orders"], registry.flows
    assert (dataset.schema, dataset.partition_cols, dataset.cluster_by, dataset.temporary) == ("id INT", ("day",), ("a", "b"), True)
    assert dataset.table_properties == {"quality": "gold", "auto": "true", "n": "3"}
    assert flow.spark_conf == {"spark.sql.shuffle.partitions": "2"}


def test_a_declaration_knows_its_file_and_line(registry: Registry) -> None:
    @dlt.table
    def orders() -> None: ...

    dlt.create_streaming_table("customers")

    orders_place, customers_place = registry.datasets["default.orders"].place, registry.datasets["default.customers"].place
    assert orders_place is not None
    assert customers_place is not None
    assert orders_place.file == customers_place.file == __file__
    # The function begins at its first decorator, and the call stands three lines below that.
    assert customers_place.line - orders_place.line == 3


@pytest.mark.parametrize("table_first", [True, False])
def test_expectations_stand_above_or_below_the_table_and_keep_their_order(registry: Registry, *, table_first: bool) -> None:
    def orders() -> None: ...

    rules = dlt.expect("one", "a > 1"), dlt.expect_or_drop("two", "b"), dlt.expect_all_or_fail({"three": "c", "four": "d"})
    decorators = [*rules, dlt.table] if not table_first else [dlt.table, *rules]
    # Decorators apply from the bottom up.
    for decorate in reversed(decorators):
        assert decorate(orders) is orders
    registry.finish()

    found = [(rule.name, rule.action.value) for rule in registry.datasets["default.orders"].expectations]
    assert found == [("one", "warn"), ("two", "drop"), ("three", "fail"), ("four", "fail")]


def test_append_flows_feed_a_table_that_is_declared_later(registry: Registry) -> None:
    @dlt.append_flow("eu", "orders", once=True)
    def first() -> None: ...

    @dlt.append_flow(target="orders")
    def us() -> None: ...

    dlt.create_streaming_table("orders")

    assert codes(registry) == []
    target = registry.datasets["default.orders"].name
    assert [(flow.name, flow.once) for flow in registry.flows_into(target)] == [("eu", True), ("us", False)]
    assert first.__name__ == "first"


@pytest.mark.parametrize("declare", ["create_auto_cdc_flow", "apply_changes"])
def test_auto_cdc_takes_what_public_code_passes(registry: Registry, declare: str) -> None:
    dlt.create_streaming_table("customers")
    NAMES[declare](
        target="customers",
        source="changes",
        keys=["id"],
        sequence_by="at",
        where=None,
        ignore_null_updates=False,
        apply_as_deletes="op = 'DELETE'",
        apply_as_truncates=None,
        except_column_list=["op", "at"],
        column_list=None,
        stored_as_scd_type="2",
        track_history_except_column_list=None,
        name="customers_history",
    )

    (flow,) = registry.flows
    assert isinstance(flow, ChangeFlow)
    assert (flow.name, flow.source, flow.target.key) == ("customers_history", "changes", "default.customers")
    assert (flow.spec.keys, flow.spec.scd_type, flow.spec.except_column_list) == (("id",), 2, ("op", "at"))
    assert codes(registry) == []


def test_every_mistake_of_the_declarations_is_reported_with_its_place(registry: Registry) -> None:
    @dlt.table(name="orders")
    @dlt.expect("twice", "a")
    @dlt.expect_or_drop("twice", "b")
    def one() -> None: ...

    @dlt.table(name="Orders")
    def two() -> None: ...

    @dlt.expect("alone", "a")
    def nothing() -> None: ...

    @dlt.append_flow(target="nowhere")
    def lost() -> None: ...

    for _ in range(2):
        dlt.append_flow(target="orders", name="twin")(lambda: None)

    assert sorted(codes(registry)) == [
        "duplicate_expectation",
        "duplicate_flow",
        "duplicate_name",
        "expectation_without_table",
        "flow_into_nothing",
    ]
    messages = " | ".join(str(problem) for problem in registry.problems)
    assert "'Orders' is defined twice, first at" in messages
    assert "'orders' has two expectations named 'twice'" in messages
    assert "'nothing' has expectations but is no dataset" in messages
    assert "flow 'lost' writes to default.nowhere, which is not defined; declare it with create_streaming_table" in messages
    assert all(problem.place is not None and problem.place.file == __file__ for problem in registry.problems if problem.place)


def test_a_second_table_of_one_name_does_not_feed_the_first(registry: Registry) -> None:
    def one() -> None: ...
    def two() -> None: ...

    dlt.table(name="orders")(one)
    dlt.table(name="orders")(two)

    (flow,) = registry.flows
    assert isinstance(flow, QueryFlow)
    assert flow.function is one


def test_outside_of_a_pipeline_the_decorators_say_how_to_run_the_file() -> None:
    def orders() -> None: ...

    with pytest.raises(PipelineError, match="goldlane run FILE"):
        dlt.table(orders)
    with pytest.raises(PipelineError, match="goldlane run FILE"):
        dlt.read("orders")


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda: dlt.table(nam="x"), ("table(): unknown keyword 'nam'", "did you mean 'name'?")),
        (lambda: dlt.materialized_view(coment="x"), ("materialized_view()", "did you mean 'comment'?")),
        (lambda: dlt.view(schema="id INT"), ("view(): unknown keyword 'schema'",)),
        (NAMES["create_streaming_table"], ("create_streaming_table(): missing a required argument: 'name'",)),
        (lambda: dlt.create_streaming_table("x", expect_or_drop={}), ("did you mean 'expect_all_or_drop'?",)),
        (lambda: dlt.expect("only a name"), ("expect(): missing a required argument: 'inv'",)),
        (lambda: dlt.expect("a", "b", "c"), ("expect(): too many positional arguments",)),
        (lambda: dlt.apply_changes(apply_as_delete_when="x"), ("'apply_as_delete_when'", "did you mean 'apply_as_deletes'?")),
        (lambda: dlt.apply_changes(target="t", source="s", keys=["k"]), ("missing a required argument: 'sequence_by'",)),
        (lambda: dlt.table(zzz=1, qqq=2), ("'zzz'", "'qqq'", "known are query_function, name")),
        (lambda: dlt.table("orders"), ("got 'orders', not a function", "say name=...")),
        (lambda: dlt.append_flow(lambda: None), ("append_flow() does not decorate on its own", "@dlt.append_flow(target=...)")),
        (lambda: dlt.expect_all(["id > 0"]), ("expectations are a mapping from name to predicate, not list",)),
        (lambda: dlt.expect_all(Rules(not_null("id"))), ("predicate, not Rules (give the rules of this action: .warn, .drop or .fail)",)),
        (
            lambda: dlt.expect_or_drop("a", not_null("id")),
            ("expectations ['a'] are neither SQL", "(a Rule's predicate for every engine is its .sql)"),
        ),
        (lambda: dlt.expect_all({3: "id > 0"}), ("expectations [3] are named by something else than text",)),
        (lambda: dlt.expect("a", lambda row: row), ("expectations ['a'] are neither SQL text nor a Column",)),
        (lambda: dlt.table(partition_cols=3), ("partition_cols(): expects names, got 3",)),
    ],
)
def test_a_wrong_call_names_what_is_wrong_and_the_closest_right_thing(registry: Registry, call: Any, words: tuple[str, ...]) -> None:
    with pytest.raises(DefinitionError) as refused:  # noqa: PT012  some say so when called, others when they decorate
        decorator = call()
        decorator(lambda: None)

    assert [word for word in words if word not in str(refused.value)] == []
    assert registry.datasets == {}


def test_create_table_that_decorates_nothing_is_a_table_for_append_flows(registry: Registry) -> None:
    dlt.create_table(name="totals", comment="fed by others", expect_all={"known": "id IS NOT NULL"})
    dlt.append_flow(target="totals")(lambda: None)

    assert codes(registry) == []
    assert (registry.datasets["default.totals"].kind, len(registry.datasets["default.totals"].expectations)) == (Kind.STREAMING_TABLE, 1)


def test_create_table_that_decorates_a_function_is_table(registry: Registry) -> None:
    @dlt.create_table(name="totals", partition_cols=["day"])
    def query() -> str:
        return "rows"

    assert codes(registry) == []
    assert (registry.datasets["default.totals"].kind, registry.datasets["default.totals"].partition_cols) == (None, ("day",))


def test_replace_using_and_sequence_by_go_together(registry: Registry) -> None:
    with pytest.raises(DefinitionError, match="go together"):
        dlt.table(replace_using=["id"])(lambda: None)
    with pytest.raises(DefinitionError, match="names ID, id more than once"):
        dlt.replace_flow("t", ["id", "ID"], "seq")
    assert registry.flows == []


def test_a_delta_sink_needs_a_place(registry: Registry) -> None:
    with pytest.raises(DefinitionError, match="needs the option path or tableName"):
        dlt.create_sink("out", "delta", {})
    assert registry.datasets == {}
