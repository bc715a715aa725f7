"""``table``, ``materialized_view``, ``view`` and ``create_streaming_table``: the datasets of a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldlane.expectations import Action
from goldlane.pipelines.api.expectations import expectations_of
from goldlane.pipelines.api.flows import replacement_of
from goldlane.pipelines.api.signatures import strict, texts
from goldlane.pipelines.definitions import Dataset, Kind, QueryFlow
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.incremental.policy import RefreshPolicy, refresh_policy_of
from goldlane.pipelines.places import Place, place_of_caller, place_of_function
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
        path: str | None = None,
        partition_cols: Any = None,
        cluster_by: Any = None,
        cluster_by_auto: bool | None = None,
        schema: Any = None,
        row_filter: str | None = None,
        private: bool | None = None,
        temporary: bool | None = None,
        refresh_policy: str | None = None,
        format: str | None = None,  # noqa: A002, ARG001  open-source Spark's keyword; here every table is Delta
        replace_using: Any = None,
        sequence_by: Any = None,
    ) -> Any:
        options = {"comment": comment, "table_properties": table_properties, "partition_cols": partition_cols}
        options |= {"cluster_by": cluster_by, "schema": schema, "temporary": bool(private or temporary)}
        options["ignored"] = _given(path=path, cluster_by_auto=cluster_by_auto, row_filter=row_filter)
        options["refresh_policy"] = None if refresh_policy is None else _policy(refresh_policy)
        return _declare(
            query_function, kind, name, options, {"spark_conf": spark_conf, "replacement": replacement_of(replace_using, sequence_by)}
        )

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
    return _declare(query_function, Kind.VIEW, name, {"comment": comment, "ignored": _given(spark_conf=spark_conf)}, {})


@strict
def create_streaming_table(  # noqa: PLR0913  Databricks' signature
    name: str,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    table_properties: Mapping[str, str] | None = None,
    partition_cols: Any = None,
    path: str | None = None,
    schema: Any = None,
    expect_all: Mapping[str, Any] | None = None,
    expect_all_or_drop: Mapping[str, Any] | None = None,
    expect_all_or_fail: Mapping[str, Any] | None = None,
    cluster_by: Any = None,
    cluster_by_auto: bool | None = None,  # noqa: FBT001  Databricks' signature
    row_filter: str | None = None,
    format: str | None = None,  # noqa: A002  open-source Spark's keyword; here every table is Delta
) -> None:
    """Declare a streaming table that flows will feed."""
    given = {key: value for key, value in locals().items() if key not in {"name", "format"}}
    current_registry().add_dataset(streaming_table(name, place_of_caller(), given))


def streaming_table(name: str, place: Place | None, given: Mapping[str, Any]) -> Dataset:
    """The dataset of a table that is declared without a query, from the keywords that were given."""
    rules = expectations_of(given.get("expect_all"), Action.WARN) + expectations_of(given.get("expect_all_or_drop"), Action.DROP)
    rules += expectations_of(given.get("expect_all_or_fail"), Action.FAIL)
    options = {key: given.get(key) for key in ("comment", "table_properties", "partition_cols", "cluster_by", "schema")}
    options |= {"spark_conf": text_mapping(given.get("spark_conf")), "expectations": rules}
    options["ignored"] = _given(**{key: given.get(key) for key in ("path", "cluster_by_auto", "row_filter")})
    return _dataset(name, Kind.STREAMING_TABLE, place, options)


def _declare(
    function: Decorated | None, kind: Kind | None, name: str | None, options: dict[str, Any], flow_options: Mapping[str, Any]
) -> Any:
    place = place_of_caller()
    if function is not None and not callable(function):
        raise DefinitionError(f"the decorator got {function!r}, not a function", hint="say name=... for the table's name")

    def register(query: Decorated) -> Decorated:
        registry = current_registry()
        written = name or query.__name__
        at = place_of_function(query) or place
        dataset = _dataset(written, kind, at, options)
        known = dataset.name.key in registry.datasets
        registry.add_dataset(dataset)
        if not known:
            given = {**flow_options, "spark_conf": text_mapping(flow_options.get("spark_conf"))}
            registry.add_flow(QueryFlow(name=written, target=dataset.name, function=query, place=at, **given))
        return query

    return register if function is None else register(function)


def _dataset(written: str, kind: Kind | None, place: Place | None, options: dict[str, Any]) -> Dataset:
    clean = {key: value for key, value in options.items() if value is not None}
    for names in ("partition_cols", "cluster_by"):
        clean[names] = texts(clean.get(names), what=names)
    clean["table_properties"] = text_mapping(clean.get("table_properties"))
    return Dataset(name=current_registry().namespace.qualify(written), written=written, kind=kind, place=place, **clean)


def _policy(text: str) -> RefreshPolicy:
    try:
        return refresh_policy_of(text)
    except ValueError:
        known = ", ".join(policy.value for policy in RefreshPolicy)
        raise DefinitionError(f"refresh_policy={text!r} is no refresh policy", hint=f"there are {known}") from None


def _given(**options: Any) -> tuple[str, ...]:
    """Keywords that were said, and change nothing here: all tables lie in the storage, and no service stands behind them."""
    return tuple(name for name, value in options.items() if value)
