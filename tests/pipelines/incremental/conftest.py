"""A pipeline of materialized views over two inputs, refreshed update by update and compared with its queries."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines import Update

MIDNIGHT = datetime(2026, 1, 1, tzinfo=timezone.utc)
SCHEMAS = {
    "orders": pa.schema([("id", pa.int64()), ("customer", pa.string()), ("amount", pa.int64()), ("at", pa.timestamp("us", "UTC"))]),
    "customers": pa.schema([("customer", pa.string()), ("name", pa.string())]),
}
LANE = """
import dlt
from queries import ALL

def declare(name, query):
    @dlt.table(name=name, refresh_policy="incremental", schema=SCHEMAS.get(name))
    @dlt.expect("is_a_row", "1 = 1")
    def view():
        return query(dlt.read)

SCHEMAS = {schemas}
for name, query in ALL.items():
    declare(name, query)
"""


class Lane:
    """``queries`` is a module whose ``ALL`` holds functions of ``read``, by view."""

    def __init__(self, project: Any, queries: str, schemas: dict[str, str] | None = None) -> None:
        self._project, self._queries = project, queries
        project.write("queries.py", queries)
        project.write("lane/lane.py", LANE.replace("{schemas}", repr(schemas or {})))
        for table in SCHEMAS:
            project.inputs[table] = str(project.folder / "inputs" / table)

    def append(self, table: str, *rows: dict[str, Any]) -> None:
        """One commit, one file."""
        from deltalake import write_deltalake

        place = self._project.folder / "inputs" / table
        place.parent.mkdir(exist_ok=True)
        write_deltalake(str(place), pa.Table.from_pylist(list(rows), SCHEMAS[table]), mode="append")

    def delta(self, table: str) -> Any:
        """The table, to delete and update in."""
        from deltalake import DeltaTable

        return DeltaTable(self._project.inputs[table])

    def stored(self, view: str) -> Any:
        """A view's Delta table."""
        from deltalake import DeltaTable

        return DeltaTable(str(self._project.storage / "tables" / "default" / view))

    def run(self, **options: Any) -> Update:
        """An update that must complete."""
        return self._project.run(**options).raise_for_status()

    def arguments(self) -> list[str]:
        """What ``goldlane`` is called with for an update in a process of its own."""
        inputs = (part for table, path in self._project.inputs.items() for part in ("--input", f"{table}={path}"))
        return ["run", str(self._project.folder / "lane"), "--storage", str(self._project.storage), *inputs]

    def rewrite(self, queries: str) -> None:
        """Other queries."""
        self._queries = queries
        self._project.write("queries.py", queries)

    def version(self, view: str) -> int:
        """A view's newest Delta version."""
        return int(self._project.version(view))

    def wrong(self, update: Update) -> dict[str, tuple[list[Any], list[Any]]]:
        """Views that do not equal their query: what is too much, and what is missing."""
        spark, names = self._project.spark, {}
        exec(self._queries, names)  # noqa: S102  the test's own text

        def read(table: str) -> DataFrame:
            return spark.read.format("delta").load(self._project.inputs[table])

        found = {}
        for name, query in names["ALL"].items():
            have, want = (sorted(map(str, frame.collect())) for frame in (update.table(name), query(read)))
            if have != want:
                found[name] = ([row for row in have if row not in want], [row for row in want if row not in have])
        return found

    @staticmethod
    def order(number: int, customer: str | None, amount: int | None = 1, *, day: int = 0, hour: int = 8) -> dict[str, Any]:
        """An order of a customer."""
        return {"id": number, "customer": customer, "amount": amount, "at": MIDNIGHT + timedelta(days=day, hours=hour)}

    @staticmethod
    def counted(update: Update) -> dict[str, int]:
        """How many rows of each view its rule saw."""
        found = {}
        for row in update.events().where("event_type = 'flow_progress'").collect():
            quality = json.loads(row.details)["flow_progress"].get("data_quality") or {}
            found |= {rule["dataset"].removeprefix("default."): rule["passed_records"] for rule in quality.get("expectations", ())}
        return found

    @staticmethod
    def plans(update: Update) -> dict[str, dict[str, Any]]:
        """What the log says of each view's refresh: the chosen technique's entry, without the platform's prefix, and the message."""
        found = {}
        for row in update.events().where("event_type = 'planning_information'").collect():
            details = json.loads(row.details)["planning_information"]["technique_information"]
            (chosen,) = [one for one in details if one["is_chosen"]]
            technique = chosen["maintenance_type"].removeprefix("MAINTENANCE_TYPE_")
            found[row.origin.dataset_name.removeprefix("default.")] = {**chosen, "technique": technique, "message": row.message}
        return found


@pytest.fixture(scope="session")
def new_lane(new_project: Callable[[], Any]) -> Callable[..., Lane]:
    return lambda queries, schemas=None: Lane(new_project(), queries, schemas)
