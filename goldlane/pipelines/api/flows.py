"""``append_flow``: what feeds a streaming table that was declared on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldlane.pipelines.api.signatures import strict
from goldlane.pipelines.definitions import QueryFlow
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import Place
from goldlane.pipelines.registry import current_registry, text_mapping


@strict
def append_flow(  # noqa: PLR0913  Databricks' signature
    name: str | None = None,
    target: str | None = None,
    comment: str | None = None,  # noqa: ARG001  kept in the source, where it is read
    spark_conf: Mapping[str, str] | None = None,
    once: bool = False,  # noqa: FBT001, FBT002  Databricks' signature
    depends_on: Any = None,  # noqa: ARG001  the order comes from what the flow reads
) -> Any:
    """Append what the decorated function reads to ``target``; ``once`` flows run once, and again on a full refresh."""
    if callable(name):
        raise DefinitionError("append_flow() does not decorate on its own", hint="say @dlt.append_flow(target=...)")

    def register(query: Callable[..., Any]) -> Callable[..., Any]:
        registry = current_registry()
        written = name or query.__name__
        code = getattr(query, "__code__", None)
        place = Place(code.co_filename, code.co_firstlineno) if code else None
        into = registry.namespace.qualify(target or written)
        registry.add_flow(
            QueryFlow(name=written, target=into, function=query, place=place, once=bool(once), spark_conf=text_mapping(spark_conf))
        )
        return query

    return register
