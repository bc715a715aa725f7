"""AUTO CDC: ``create_auto_cdc_flow`` and ``create_auto_cdc_from_snapshot_flow``, by their old and new names."""

from __future__ import annotations

from typing import Any

from goldlane.pipelines.api.signatures import column_name, strict, texts
from goldlane.pipelines.definitions import ChangeFlow, SnapshotFlow
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import place_of_caller
from goldlane.pipelines.registry import current_registry


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
    flow_name: str | None = None,
    once: bool | None = False,  # noqa: FBT001, FBT002  Databricks' signature
    ignore_null_updates_column_list: Any = None,
    ignore_null_updates_except_column_list: Any = None,
    columns_to_update: Any = None,
    system_sequence_by: Any = None,
    name: str | None = None,
) -> None:
    """Merge the change events of ``source`` into ``target``: the newest per key (SCD 1), or its history (SCD 2)."""
    from goldlane.pipelines.cdc import ChangeSpec

    columns = {
        "column_list": column_list,
        "except_column_list": except_column_list,
        "track_history_column_list": track_history_column_list,
        "track_history_except_column_list": track_history_except_column_list,
        "ignore_null_updates_column_list": ignore_null_updates_column_list,
        "ignore_null_updates_except_column_list": ignore_null_updates_except_column_list,
    }
    spec = ChangeSpec(
        target=target,
        keys=texts(keys, what="keys"),
        sequence_by=sequence_by,
        system_sequence_by=_given(system_sequence_by),
        scd_type=_scd_type(stored_as_scd_type),
        apply_as_deletes=_given(apply_as_deletes),
        apply_as_truncates=_given(apply_as_truncates),
        where=_given(where),
        ignore_null_updates=bool(ignore_null_updates),
        columns_to_update=column_name(columns_to_update) if _given(columns_to_update) is not None else None,
        **_column_lists(columns),
    )
    registry = current_registry()
    flow = ChangeFlow(
        name=name or flow_name or target,
        target=registry.namespace.qualify(target),
        source=source,
        spec=spec,
        place=place_of_caller(),
        once=bool(once),
    )
    registry.add_flow(flow)


@strict
def create_auto_cdc_from_snapshot_flow(  # noqa: PLR0913  Databricks' signature
    target: str,
    source: Any = None,
    keys: Any = None,
    stored_as_scd_type: int | str | None = 1,
    track_history_column_list: Any = None,
    track_history_except_column_list: Any = None,
    once: bool | None = False,  # noqa: FBT001, FBT002  Databricks' signature
    name: str | None = None,
    flow_name: str | None = None,
    snapshot_and_version: Any = None,
) -> None:
    """Make ``target`` what the snapshots of a table say: their newest state (SCD 1), or its history (SCD 2)."""
    from goldlane.pipelines.cdc import SnapshotSource, SnapshotSpec

    if (source is None) == (snapshot_and_version is None):
        hint = "a table's name, or a function of the last version that returns (DataFrame, version) or None"
        raise DefinitionError("create_auto_cdc_from_snapshot_flow(): say source, and snapshot_and_version only in its place", hint=hint)
    given = source if source is not None else snapshot_and_version
    if not (isinstance(given, str) or callable(given)):
        raise DefinitionError(f"create_auto_cdc_from_snapshot_flow(): source is a table's name or a function, not {given!r}")
    lists = {
        "track_history_column_list": track_history_column_list,
        "track_history_except_column_list": track_history_except_column_list,
    }
    spec = SnapshotSpec(target=target, keys=texts(keys, what="keys"), scd_type=_scd_type(stored_as_scd_type), **_column_lists(lists))
    registry = current_registry()
    flow = SnapshotFlow(
        name=name or flow_name or target,
        target=registry.namespace.qualify(target),
        source=given if isinstance(given, str) else SnapshotSource(given, target),
        spec=spec,
        place=place_of_caller(),
        once=bool(once),
    )
    registry.add_flow(flow)


def _column_lists(given: dict[str, Any]) -> dict[str, Any]:
    return {key: texts(value, what=key) or None for key, value in given.items()}


def _given(value: Any) -> Any:
    """A condition or column, or None: public code passes False and "" for nothing. A Column has no truth, so it is not asked."""
    return value if hasattr(value, "_jc") or value else None


def _scd_type(value: int | str | None) -> Any:
    return int(value) if isinstance(value, str) and value.strip().isdigit() else value or 1
