"""``table``, ``materialized_view``, ``view`` and ``create_streaming_table``: the datasets of a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldlane.expectations import Action
from goldlane.pipelines.api.expectations import expectations_of
from goldlane.pipelines.api.signatures import strict, texts
from goldlane.pipelines.definitions import Dataset, Kind, QueryFlow
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import Place, place_of_caller
from goldlane.pipelines.registry import current_registry, text_mapping

Decorated = Callable[..., Any]


def _table_declarer(name: str, kind: Kind | None) -> Any:
    """``table`` and ``materialized_view``: one signature, one body, two kinds."""

    def declare(  # noqa: PLR0913  Databricks' signature
        query_function: Decorated | None = None,
        *,
        name: str | None = None,
        comment: str | None = None,
        spark_conf: Mapping[str, str] | None = None,
        table_properties: Mapping[str, str] | None = None,
        path: str | None = None,  # noqa: ARG001  every table lives in the storage
        partition_cols: Any = None,
        cluster_by: Any = None,
        cluster_by_auto: bool | None = None,  # noqa: ARG001  nothing chooses clustering columns locally
        schema: Any = None,
        row_filter: str | None = None,  # noqa: ARG001  access rules belong to the catalog, there is none here
        private: bool | None = None,
        temporary: bool | None = None,
        refresh_policy: str | None = None,  # noqa: ARG001  chooses among refreshes that give one result
        format: str | None = None,  # noqa: A002, ARG001  open-source Spark's keyword; here every table is Delta
    ) -> Any:
        options = {"comment": comment, "table_properties": table_properties, "partition_cols": partition_cols}
        options |= {"cluster_by": cluster_by, "schema": schema, "temporary": bool(private or temporary)}
        return _declare(query_function, kind, name, spark_conf, options)

    declare.__name__ = name
    return strict(declare)


table = _table_declarer("table", None)
"""Declare a table by the function that computes it: streaming when its query streams, else a materialized view."""

materialized_view = _table_declarer("materialized_view", Kind.MATERIALIZED_VIEW)
"""Declare a table whose content always equals its query."""


@strict
def view(
    query_function: Decorated | None = None,
    *,
    name: str | None = None,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
) -> Any:
    """Declare a view: computed where it is read, never stored."""
    return _declare(query_function, Kind.VIEW, name, spark_conf, {"comment": comment})


@strict
def create_streaming_table(  # noqa: PLR0913  Databricks' signature
    name: str,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,  # noqa: ARG001  flows carry their own
    table_properties: Mapping[str, str] | None = None,
    partition_cols: Any = None,
    path: str | None = None,  # noqa: ARG001  every table lives in the storage
    schema: Any = None,
    expect_all: Mapping[str, Any] | None = None,
    expect_all_or_drop: Mapping[str, Any] | None = None,
    expect_all_or_fail: Mapping[str, Any] | None = None,
    cluster_by: Any = None,
    cluster_by_auto: bool | None = None,  # noqa: ARG001, FBT001  nothing chooses clustering columns locally
    row_filter: str | None = None,  # noqa: ARG001  access rules belong to the catalog, there is none here
    format: str | None = None,  # noqa: A002, ARG001  open-source Spark's keyword; here every table is Delta
) -> None:
    """Declare a streaming table that flows will feed."""
    rules = expectations_of(expect_all, Action.WARN) + expectations_of(expect_all_or_drop, Action.DROP)
    rules += expectations_of(expect_all_or_fail, Action.FAIL)
    options = {"comment": comment, "table_properties": table_properties, "partition_cols": partition_cols}
    options |= {"cluster_by": cluster_by, "schema": schema}
    registry = current_registry()
    registry.add_dataset(_dataset(name, Kind.STREAMING_TABLE, place_of_caller(), {**options, "expectations": rules}))


def _declare(
    function: Decorated | None, kind: Kind | None, name: str | None, spark_conf: Mapping[str, str] | None, options: dict[str, Any]
) -> Any:
    place = place_of_caller()
    if function is not None and not callable(function):
        raise DefinitionError(f"the decorator got {function!r}, not a function", hint="say name=... for the table's name")

    def register(query: Decorated) -> Decorated:
        registry = current_registry()
        written = name or query.__name__
        code = getattr(query, "__code__", None)
        at = Place(code.co_filename, code.co_firstlineno) if code else place
        dataset = _dataset(written, kind, at, options)
        known = dataset.name.key in registry.datasets
        registry.add_dataset(dataset)
        if not known:
            flow = QueryFlow(name=written, target=dataset.name, function=query, place=at, spark_conf=text_mapping(spark_conf))
            registry.add_flow(flow)
        return query

    return register if function is None else register(function)


def _dataset(written: str, kind: Kind | None, place: Place | None, options: dict[str, Any]) -> Dataset:
    clean = {key: value for key, value in options.items() if value is not None}
    for names in ("partition_cols", "cluster_by"):
        clean[names] = texts(clean.get(names), what=names)
    clean["table_properties"] = text_mapping(clean.get("table_properties"))
    return Dataset(name=current_registry().namespace.qualify(written), written=written, kind=kind, place=place, **clean)
