"""Publishing by the platform: a synced table in Lakebase for each feature table, which a pipeline of the platform keeps up to date."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from goldlane.errors import Mistakes, UsageError
from goldlane.features.databricks_names import check_tables
from goldlane.features.online.databricks_errors import clear_errors
from goldlane.features.online.databricks_tables import find_table, wrong_source
from goldlane.features.online.store import StoreError
from goldlane.features.publishing import Published

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient
    from databricks.sdk.service.database import SyncedDatabaseTable

    from goldlane.features.declarations import FeatureTable
    from goldlane.features.online.databricks_place import Place
    from goldlane.features.publishing import Mode

Done = TypeVar("Done")

_EVERY_S, _LONGEST_S = 5.0, 3600.0
_FAILED = ("SYNCED_TABLE_OFFLINE_FAILED", "SYNCED_TABLE_ONLINE_PIPELINE_FAILED")
_UNCOUNTED = "the platform tells no count of changed rows"


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """Publishes tables of ``place`` and waits until they are online; ``wait`` is ``time.sleep`` but in tests."""

    client: WorkspaceClient
    place: Place
    wait: Callable[[float], None] = time.sleep

    def publish(self, table: FeatureTable, mode: Mode) -> Published:
        """Bring the synced table up to date; the first time, make it. ``continuous`` keeps itself up to date and is only made and awaited.

        Raises:
            DeclarationError: Databricks would refuse the table; all mistakes at once, before anything is asked.
            Mistakes: the source or the synced table that is there does not fit; all mistakes at once, before anything is made.
            StoreError: the platform's pipeline failed.
        """
        started = time.perf_counter()
        self._check(table, mode)
        found = self.synced(table)
        if found is None:
            self._create(table, mode)
        else:
            self._refresh(found, table, mode)
        done = self._awaited(self.place.unity.online(table), lambda: self._online(table))
        return Published(
            table=table.name,
            mode=mode,
            rows_written=_rows(done),
            seconds=round(time.perf_counter() - started, 3),
            version=version_of(done),
            note=None if found is None else _UNCOUNTED,
        )

    def synced(self, table: FeatureTable) -> SyncedDatabaseTable | None:
        """The synced table, if it was ever made."""
        from databricks.sdk.errors import NotFound

        name = self.place.unity.online(table)
        with clear_errors(f"looking {name} up"):
            try:
                return self.client.database.get_synced_database_table(name)
            except NotFound:
                return None

    def _check(self, table: FeatureTable, mode: Mode) -> None:
        tiled = [f"{table.name} is merged from tiles of events, which a synced table cannot do"] if table.has_tiles else []
        homeless = [] if self.place.instance else ["the store's URL names no instance to publish to"]
        check_tables([table], self.place.unity, [*tiled, *homeless])
        mistakes = list(wrong_source(find_table(self.client, self.place.unity.table(table)), table, mode))
        if mistakes:
            raise Mistakes(f"{table.name} cannot be published", mistakes)

    def _create(self, table: FeatureTable, mode: Mode) -> None:
        from databricks.sdk.service import database

        unity = self.place.unity
        spec = database.SyncedTableSpec(
            source_table_full_name=unity.table(table),
            primary_key_columns=list(table.keys),
            timeseries_key=table.event_time,
            scheduling_policy=database.SyncedTableSchedulingPolicy(mode.upper()),
            create_database_objects_if_missing=True,
            new_pipeline_spec=database.NewPipelineSpec(storage_catalog=unity.catalog, storage_schema=unity.schema),
        )
        wanted = database.SyncedDatabaseTable(
            name=unity.online(table), database_instance_name=self.place.instance, logical_database_name=self.place.database, spec=spec
        )
        with clear_errors(f"making the synced table {unity.online(table)}"):
            self.client.database.create_synced_database_table(wanted)

    def _refresh(self, found: SyncedDatabaseTable, table: FeatureTable, mode: Mode) -> None:
        mistakes = list(_otherwise(found, self.place, table, mode))
        if mistakes:
            hint = f"the mode of a synced table cannot be changed: drop {found.name} and publish again"
            raise UsageError(f"the synced table {found.name} is another one: {'; '.join(mistakes)}", hint=hint)
        status = found.data_synchronization_status
        if mode == "continuous" or status is None or status.pipeline_id is None:
            return
        pipeline = status.pipeline_id
        with clear_errors(f"updating {found.name}"):
            update = self.client.pipelines.start_update(pipeline).update_id or ""
            self._awaited(f"the update of {found.name}", lambda: self._updated(pipeline, update) or None)

    def _updated(self, pipeline: str, update: str) -> bool:
        found = self.client.pipelines.get_update(pipeline, update).update
        state = found.state.value if found is not None and found.state is not None else ""
        if state in ("FAILED", "CANCELED"):
            raise StoreError(f"the update {update} of the pipeline {pipeline} is {state}", hint="see its event log")
        return state == "COMPLETED"

    def _online(self, table: FeatureTable) -> SyncedDatabaseTable | None:
        name, found = self.place.unity.online(table), self.synced(table)
        status = None if found is None else found.data_synchronization_status
        state = status.detailed_state.value if status is not None and status.detailed_state is not None else ""
        if state in _FAILED:
            raise StoreError(f"{name} is {state}: {status.message if status else ''}", hint="see the event log of its pipeline")
        return found if state.startswith("SYNCED_TABLE_ONLINE") else None

    def _awaited(self, what: str, done: Callable[[], Done | None]) -> Done:
        deadline = time.monotonic() + _LONGEST_S
        while (found := done()) is None:
            if time.monotonic() > deadline:
                raise StoreError(f"{what} did not end within {_LONGEST_S:.0f} s", hint="it goes on; look at its pipeline")
            self.wait(_EVERY_S)
        return found


def version_of(found: SyncedDatabaseTable) -> int | None:
    """The version of the source that the synced table equals."""
    status = found.data_synchronization_status
    sync = None if status is None or status.last_sync is None else status.last_sync.delta_table_sync_info
    return None if sync is None else sync.delta_commit_version


def _rows(found: SyncedDatabaseTable) -> int:
    status = found.data_synchronization_status
    first = None if status is None or status.provisioning_status is None else status.provisioning_status.initial_pipeline_sync_progress
    return 0 if first is None else first.synced_row_count or 0


def _otherwise(found: SyncedDatabaseTable, place: Place, table: FeatureTable, mode: Mode) -> Iterator[str]:
    spec: Any = found.spec
    if spec is None:
        return
    policy = None if spec.scheduling_policy is None else spec.scheduling_policy.value
    wanted = {
        "source": (spec.source_table_full_name, place.unity.table(table)),
        "key": (tuple(spec.primary_key_columns or ()), table.keys),
        "time": (spec.timeseries_key, table.event_time),
        "mode": (policy, mode.upper()),
    }
    yield from (f"its {name} is {is_!r}, not {asked!r}" for name, (is_, asked) in wanted.items() if is_ != asked)
