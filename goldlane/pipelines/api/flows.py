"""``append_flow`` and AUTO CDC: what feeds a streaming table that was declared on its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldlane.pipelines.api.signatures import strict, texts
from goldlane.pipelines.definitions import ChangeFlow, QueryFlow
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import Place, place_of_caller
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


@strict
def create_auto_cdc_flow(  # noqa: PLR0913  Databricks' signature
    target: str,
    source: str,
    keys: Any,
    sequence_by: Any,
    where: Any = None,
    ignore_null_updates: bool | None = False,  # noqa: FBT001, FBT002  Databricks' signature
    apply_as_deletes: Any = None,
    apply_as_truncates: Any = None,
    column_list: Any = None,
    except_column_list: Any = None,
    stored_as_scd_type: int | str | None = 1,
    track_history_column_list: Any = None,
    track_history_except_column_list: Any = None,
    name: str | None = None,
    flow_name: str | None = None,
    once: bool = False,  # noqa: FBT001, FBT002  Databricks' signature
    ignore_null_updates_column_list: Any = None,
    ignore_null_updates_except_column_list: Any = None,
) -> None:
    """Merge the change events of ``source`` into ``target``: the newest per key (SCD 1), or its history (SCD 2)."""
    from goldlane.pipelines.cdc import ChangeSpec

    registry = current_registry()
    columns: dict[str, Any] = {
        "column_list": column_list,
        "except_column_list": except_column_list,
        "track_history_column_list": track_history_column_list,
        "track_history_except_column_list": track_history_except_column_list,
        "ignore_null_updates_column_list": ignore_null_updates_column_list,
        "ignore_null_updates_except_column_list": ignore_null_updates_except_column_list,
    }
    columns = {key: texts(value, what=key) or None for key, value in columns.items()}
    spec = ChangeSpec(
        target=target,
        keys=texts(keys, what="keys"),
        sequence_by=sequence_by,
        scd_type=_scd_type(stored_as_scd_type),
        apply_as_deletes=_condition(apply_as_deletes),
        apply_as_truncates=_condition(apply_as_truncates),
        where=_condition(where),
        ignore_null_updates=bool(ignore_null_updates),
        **columns,
    )
    into = registry.namespace.qualify(target)
    registry.add_flow(
        ChangeFlow(name=name or flow_name or target, target=into, source=source, spec=spec, place=place_of_caller(), once=bool(once))
    )


def _condition(value: Any) -> Any:
    """A predicate, or None: public code passes False and "" for nothing. A Column has no truth, so it is not asked."""
    return value if hasattr(value, "_jc") or value else None


def _scd_type(value: int | str | None) -> Any:
    return int(value) if isinstance(value, str) and value.isdigit() else value or 1
