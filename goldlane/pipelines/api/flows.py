"""``append_flow`` and its kin: what feeds a streaming table or a sink that was declared on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.api.signatures import strict, texts
from goldlane.pipelines.definitions import QueryFlow, Replacement
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import place_of_function
from goldlane.pipelines.registry import current_registry, text_mapping

if TYPE_CHECKING:
    from pyspark.sql import Column


@strict
def append_flow(  # noqa: PLR0913  Databricks' signature
    name: str | None = None,
    target: str | None = None,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    once: bool = False,  # noqa: FBT001, FBT002  Databricks' signature
    depends_on: Any = None,
) -> Any:
    """Append what the decorated function reads to ``target``; ``once`` flows run once, and again on a full refresh."""
    options = {"comment": comment, "depends_on": texts(depends_on, what="depends_on"), "once": bool(once)}
    return _flow("append_flow", name, target, spark_conf, options)


@strict
def update_flow(
    name: str | None = None,
    target: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
    comment: str | None = None,
    depends_on: Any = None,
) -> Any:
    """Write the rows of an aggregation that changed in each micro-batch into a sink."""
    options = {"comment": comment, "depends_on": texts(depends_on, what="depends_on"), "updates": True}
    return _flow("update_flow", name, target, spark_conf, options)


@strict
def replace_flow(  # noqa: PLR0913  Databricks' signature
    target: str,
    replace_using: Any,
    sequence_by: Any,
    name: str | None = None,
    comment: str | None = None,
    spark_conf: Mapping[str, str] | None = None,
) -> Any:
    """Replace all rows of a key, in ``target``, by those of its newest sequence; other keys stay as they are."""
    options = {"comment": comment, "replacement": replacement_of(replace_using, sequence_by)}
    return _flow("replace_flow", name, target, spark_conf, options)


def replacement_of(replace_using: Any, sequence_by: Any) -> Replacement | None:
    """What REPLACE USING keys and sequence mean; None where neither is said.

    Raises:
        DefinitionError: one is missing, or a key is named twice.
    """
    keys = texts(replace_using, what="replace_using")
    if not keys and sequence_by is None:
        return None
    if not keys or sequence_by is None:
        raise DefinitionError("replace_using and sequence_by go together", hint="name the key columns, and the column that orders updates")
    return replacement(keys, sequence_by)


def replacement(keys: tuple[str, ...], sequence_by: str | Column) -> Replacement:
    """REPLACE USING, as Python and SQL say it.

    Raises:
        DefinitionError: a key is named twice.
    """
    twice = sorted({key for key in keys if [other.lower() for other in keys].count(key.lower()) > 1})
    if twice:
        raise DefinitionError(f"replace_using names {', '.join(twice)} more than once")
    return Replacement(keys=keys, sequence_by=sequence_by)


def _flow(
    decorator: str, name: str | None, target: str | None, spark_conf: Mapping[str, str] | None, options: Mapping[str, Any]
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    if callable(name):
        raise DefinitionError(f"{decorator}() does not decorate on its own", hint=f"say @dlt.{decorator}(target=...)")

    def register(query: Callable[..., Any]) -> Callable[..., Any]:
        registry = current_registry()
        written = name or query.__name__
        flow = QueryFlow(
            name=written,
            target=registry.namespace.qualify(target or written),
            function=query,
            place=place_of_function(query),
            spark_conf=text_mapping(spark_conf),
            **options,
        )
        registry.add_flow(flow)
        return query

    return register
