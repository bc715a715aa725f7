"""``SET``, ``USE`` and ``${key}``."""

from __future__ import annotations

from collections.abc import Callable

from goldlane.pipelines.names import Namespace
from goldlane.pipelines.registry import Registry

Declared = Callable[..., Registry]


def test_a_key_means_what_set_said_before_it_else_the_configuration(declared: Declared) -> None:
    registry = declared(
        """
        SET start = '2024-01-01';
        CREATE VIEW ${schema}.a AS SELECT * FROM ${schema}.b WHERE day > ${start} AND path = '${root}/x' -- not ${this}
        """,
        schema="sales",
        root="/in",
        start="never",
    )

    assert registry.problems == []
    assert registry.flows[0].function.text == "SELECT * FROM sales.b WHERE day > '2024-01-01' AND path = '/in/x'"
    assert list(registry.datasets) == ["sales.a"]


def test_a_key_without_a_value_is_named_with_its_line(declared: Declared) -> None:
    (problem,) = declared("CREATE VIEW a AS\nSELECT ${x.y}, '${z}', ${x.y}").problems

    assert "there is no value for ${x.y}, ${z}" in problem.message
    assert "--conf x.y=VALUE" in problem.message
    assert problem.place is not None
    assert problem.place.line == 2


def test_settings_of_spark_are_those_of_the_flows_after_them(declared: Declared) -> None:
    registry = declared("""
        CREATE VIEW a AS SELECT 1;
        SET spark.sql.shuffle.partitions = 3;
        SET `pipelines.trigger.interval` = 10 seconds;
        SET mine = 1;
        CREATE VIEW b AS SELECT 1;
        """)

    assert [flow.spark_conf for flow in registry.flows] == [
        {},
        {"spark.sql.shuffle.partitions": "3", "pipelines.trigger.interval": "10 seconds"},
    ]


def test_use_moves_unqualified_names_of_what_comes_after_it(declared: Declared) -> None:
    registry = declared(
        """
        CREATE VIEW a AS SELECT * FROM x;
        USE CATALOG other;
        USE SCHEMA s2;
        CREATE VIEW b AS WITH c AS (SELECT 1) SELECT x.id FROM x, s3.y, LIVE.z, m.n.o, c JOIN STREAM(w);
        USE third.s4;
        CREATE STREAMING TABLE d;
        APPLY CHANGES INTO d FROM STREAM(w) KEYS (id) SEQUENCE BY ts
        """,
        Namespace("main", "s1"),
    )

    assert registry.problems == []
    assert list(registry.datasets) == ["main.s1.a", "other.s2.b", "third.s4.d"]
    assert registry.flows[0].function.text == "SELECT * FROM x"
    assert registry.flows[1].function.text == (
        "WITH c AS (SELECT 1) SELECT x.id FROM `other`.`s2`.`x` AS x, `other`.`s3`.`y` AS y, LIVE.z, m.n.o, c "
        "JOIN STREAM(`other`.`s2`.`w`) AS w"
    )
    assert registry.flows[2].source == "`third`.`s4`.`w`"
