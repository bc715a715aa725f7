"""``create_table``: the old name of ``@table`` where it decorates a function, else a table that append flows feed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldlane.pipelines.api import tables
from goldlane.pipelines.api.signatures import strict
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import place_of_caller
from goldlane.pipelines.registry import current_registry

_OF_A_TARGET = ("expect_all", "expect_all_or_drop", "expect_all_or_fail")


@strict
def create_table(  # noqa: PLR0913  Databricks' two signatures
    query_function: Any = None,
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
    expect_all: Mapping[str, Any] | None = None,
    expect_all_or_drop: Mapping[str, Any] | None = None,
    expect_all_or_fail: Mapping[str, Any] | None = None,
) -> Any:
    """Declare a table; which of the two it is shows when a function is decorated, or none is."""
    given = {key: value for key, value in locals().items() if key not in {"query_function", "name"} and value is not None}
    written = query_function if isinstance(query_function, str) else name
    decorate = tables.table(name=written, **{key: value for key, value in given.items() if key not in _OF_A_TARGET})
    if callable(query_function):
        return decorate(query_function)
    if written is None:
        return decorate
    registry, place = current_registry(), place_of_caller()
    target = {key: value for key, value in given.items() if key not in {"private", "temporary"}}
    registry.promised[registry.namespace.qualify(written).key] = tables.streaming_table(written, place, target)

    def register(query: Callable[..., Any]) -> Callable[..., Any]:
        rules = [key for key in _OF_A_TARGET if key in given]
        if rules:
            raise DefinitionError(
                f"create_table({written!r}) decorates a function, and takes no {', '.join(rules)}", hint="decorate it with them"
            )
        registry.promised.pop(registry.namespace.qualify(written).key, None)
        decorated: Callable[..., Any] = decorate(query)
        return decorated

    return register
