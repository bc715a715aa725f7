"""What a table name means: the pipeline's own table, an input however it is spelled, or a table outside."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from goldlane.pipelines.definitions import Dataset, Kind, QueryFlow
from goldlane.pipelines.names import Namespace, TableName, fits, name_parts
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.resolution import Names


class Outside:
    """Stands for the tables outside of the pipeline: bound ones by their keys, and the catalog's as they are written."""

    def __init__(self, bound: Mapping[str, str] | None = None, catalog: tuple[str, ...] = ()) -> None:
        self.bound, self.catalog = bound or {}, catalog

    def knows(self, name: TableName, written: str) -> bool:
        del written
        return name.key in self.bound

    def in_catalog(self, written: str) -> bool:
        return written in self.catalog


def names(*datasets: str, outside: Outside | None = None, namespace: Namespace = Namespace()) -> Names:  # noqa: B008  it is frozen
    declared = {namespace.qualify(name).key: dataset(name, namespace) for name in datasets}
    return Names(namespace, declared, outside or Outside())  # type: ignore[arg-type]  a stand-in


def dataset(name: str, namespace: Namespace = Namespace()) -> Dataset:  # noqa: B008  it is frozen
    return Dataset(name=namespace.qualify(name), written=name, kind=Kind.STREAMING_TABLE)


@pytest.mark.parametrize(
    "one, other, fit",
    [
        ("orders", "sales.orders", True),
        ("main.sales.orders", "orders", True),
        ("SALES.orders", "main.sales.Orders", True),
        ("orders", "orders", False),
        ("sales.orders", "other.orders", False),
        ("ders", "sales.orders", False),
    ],
)
def test_two_spellings_of_one_table_fit(one: str, other: str, *, fit: bool) -> None:
    assert fits(name_parts(one), name_parts(other)) is fit


@pytest.mark.parametrize(
    "read, defined, expected",
    [
        ("orders", ("main.sales.orders",), "main.sales.orders"),
        ("main.sales.orders", ("orders",), "default.orders"),
        ("sales.orders", ("main.sales.orders",), "main.sales.orders"),
        ("LIVE.orders", ("main.sales.orders",), "main.sales.orders"),
        ("orders", ("orders", "main.sales.orders"), "default.orders"),
        ("orders", ("main.bronze.orders", "main.silver.orders"), "default.orders"),
        ("main.raw.orders", ("main.sales.orders",), "main.raw.orders"),
    ],
)
def test_a_table_of_the_pipeline_is_found_where_its_name_is_written_out_in_one_place_only(
    read: str, defined: tuple[str, ...], expected: str
) -> None:
    assert str(names(*defined).of(read)) == expected


def test_a_table_outside_comes_before_a_spelling() -> None:
    bound, catalog = Outside({"main.raw.orders": ""}), Outside(catalog=("main.raw.orders",))

    assert str(names("orders", outside=bound).of("main.raw.orders")) == "main.raw.orders"
    assert str(names("orders", outside=catalog).of("main.raw.orders")) == "main.raw.orders"


def test_a_dataset_does_not_read_itself_by_another_spelling() -> None:
    assert str(names("orders").of("main.raw.orders", reader=TableName(None, "default", "orders"))) == "main.raw.orders"


def test_nothing_is_guessed_where_the_caller_said_the_catalog_and_schema() -> None:
    said = names("orders", namespace=Namespace("main", "sales"))

    assert str(said.of("main.sales.orders")) == "main.sales.orders"
    assert said.of("main.sales.orders").key in said.datasets
    assert said.of("other.sales.orders").key not in said.datasets


@pytest.mark.parametrize("defined, target", [("main.sales.orders", "orders"), ("orders", "main.sales.orders")])
def test_a_flow_finds_its_target_by_another_spelling(defined: str, target: str) -> None:
    registry = Registry(Namespace())
    registry.add_dataset(dataset(defined))
    registry.add_flow(QueryFlow(name="in", target=registry.namespace.qualify(target), function=lambda: None))  # type: ignore[arg-type, return-value]  never run

    registry.finish()

    assert registry.problems == []
    assert [flow.name for flow in registry.flows_into(registry.namespace.qualify(defined))] == ["in"]
