from __future__ import annotations

import pytest

from goldlane.errors import UsageError
from goldlane.pipelines.names import Namespace, TableName


@pytest.mark.parametrize(
    "written, expected",
    [
        ("orders", TableName(None, "default", "orders")),
        ("sales.orders", TableName(None, "sales", "orders")),
        ("main.sales.orders", TableName("main", "sales", "orders")),
        ("LIVE.orders", TableName(None, "default", "orders")),
        ("live.orders", TableName(None, "default", "orders")),
        ("main.live.orders", TableName(None, "default", "orders")),
        ("  orders ", TableName(None, "default", "orders")),
        ("`odd name`", TableName(None, "default", "odd name")),
        ("sales.`a.b`", TableName(None, "sales", "a.b")),
        ("`say ``hi```", TableName(None, "default", "say `hi`")),
        ("`größe`", TableName(None, "default", "größe")),
        ("orders-2026", TableName(None, "default", "orders-2026")),
    ],
)
def test_a_name_is_qualified_by_its_own_parts_first(written: str, expected: TableName) -> None:
    assert Namespace().qualify(written) == expected


@pytest.mark.parametrize(
    "written, expected",
    [
        ("orders", TableName("dev", "mine", "orders")),
        ("LIVE.orders", TableName("dev", "mine", "orders")),
        ("sales.orders", TableName("dev", "sales", "orders")),
        ("main.sales.orders", TableName("main", "sales", "orders")),
    ],
)
def test_the_pipelines_catalog_and_schema_fill_what_a_name_leaves_out(written: str, expected: TableName) -> None:
    assert Namespace("dev", "mine").qualify(written) == expected


@pytest.mark.parametrize(
    "written", ["", " ", ".", "a.", ".a", "a..b", "a.b.c.d", "two words", "a b.c", "``", "`../up`", "`..`", "..", "a/b", "`a/b`"]
)
def test_what_is_no_table_name_is_refused_and_named(written: str) -> None:
    with pytest.raises(UsageError) as refused:
        Namespace().qualify(written)

    assert repr(written) in str(refused.value)


def test_two_spellings_of_one_table_share_a_key() -> None:
    namespace = Namespace()

    keys = {namespace.qualify(written).key for written in ("Orders", "orders", "DEFAULT.ORDERS", "`oRders`", "LIVE.orders")}

    assert keys == {"default.orders"}


@pytest.mark.parametrize(
    "name, folder",
    [
        (TableName(None, "default", "orders"), "default/orders"),
        (TableName(None, "sales", "Orders"), "sales/Orders"),
        (TableName("main", "sales", "orders"), "main.sales/orders"),
    ],
)
def test_a_table_lives_in_the_folder_of_its_schema(name: TableName, folder: str) -> None:
    assert name.folder == folder
