"""A store beside a dictionary that is told the same: any sequence of publishes, deletes and restarts leaves both equal.

It knows nothing of the engine: a test of any engine hands its places to the fixture ``check_store``.
"""

from __future__ import annotations

import inspect
import tempfile
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from deltalake import DeltaTable, write_deltalake
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import OnlineStore
from goldlane.features.publishing import Published, publish

Row: TypeAlias = "tuple[str | None, int | None, int | None, str | None]"  # key, hour, a, b
Open: TypeAlias = "Callable[[], OnlineStore]"
Place: TypeAlias = "Callable[[], AbstractContextManager[Open]]"

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
TTL = timedelta(hours=3)
TABLE = FeatureTable(
    name="model",
    keys=("k",),
    event_time="t",
    ttl=TTL,
    features=(Feature(name="a", type="bigint", description="a"), Feature(name="b", type="string", description="b")),
)
KEYS = ["x", "y'; --", ""]
ROWS = st.lists(
    st.tuples(
        st.none() | st.sampled_from(KEYS),
        st.none() | st.integers(0, 3),
        st.none() | st.integers(-2, 2),
        st.none() | st.sampled_from(["", "b"]),
    ),
    max_size=6,
)
MODES = st.sampled_from(["triggered", "snapshot"])


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test of a store is a test of every engine, unless it looks into SQLite's file (``path``)."""
    if "engine" in metafunc.fixturenames:
        own = inspect.signature(metafunc.function).parameters
        metafunc.parametrize("engine", ["sqlite"] if "path" in own else ["sqlite", "postgres"])


@dataclass
class Model:
    """The store as two dictionaries: key -> (time, values), and deleted key -> time; the gold table as a list of rows."""

    rows: dict[str, tuple[int, tuple[Any, Any]]] = field(default_factory=dict)
    deleted: dict[str, int] = field(default_factory=dict)
    gold: list[Row] = field(default_factory=list)
    touched: set[str] | None = None  # since the version that the store equals; None when it equals none

    def upsert(self, rows: list[Row]) -> int:
        """How many keys were written: those with a row that is not late."""
        written = {key: row for key, row in _newest(rows).items() if self._is_new(key, row[0])}
        self._put(written)
        return len(written)

    def replace(self, rows: list[Row]) -> tuple[int, int]:
        """(written, deleted)."""
        newest = _newest(rows)
        gone = self._delete(key for key in self.rows if key not in newest)
        self._put(newest)
        return len(newest), gone

    def apply(self, touched: Iterable[str]) -> tuple[int, int]:
        """(written, deleted)."""
        newest = {key: row for key, row in _newest(self.gold).items() if key in touched}
        gone = self._delete(key for key in touched if key in self.rows and key not in newest)
        self._put(newest)
        return len(newest), gone

    def touch(self, keys: Iterable[str | None]) -> None:
        if self.touched is not None:
            self.touched |= {key for key in keys if key is not None}

    def _is_new(self, key: str, at: int) -> bool:
        return at > self.deleted[key] if key in self.deleted else key not in self.rows or at >= self.rows[key][0]

    def _put(self, rows: dict[str, tuple[int, tuple[Any, Any]]]) -> None:
        self.rows.update(rows)
        for key in rows:
            self.deleted.pop(key, None)

    def _delete(self, keys: Iterable[str]) -> int:
        gone = list(keys)
        for key in gone:
            self.deleted[key] = self.rows.pop(key)[0]
        return len(gone)


class StoreBesideModel(RuleBasedStateMachine):
    """``place`` gives every sequence a store of its own that can be opened again."""

    place: Place

    def __init__(self) -> None:
        super().__init__()
        self.model, self.cleanup = Model(), ExitStack()
        self.storage = Path(self.cleanup.enter_context(tempfile.TemporaryDirectory()))
        self.gold_place = self.storage / "tables" / "default" / TABLE.name
        self.open = self.cleanup.enter_context(type(self).place())
        self.store = self.open()

    @initialize(rows=ROWS)
    def begin(self, rows: list[Row]) -> None:
        self.overwrite_gold(rows)
        self.publish_frame([], "triggered")

    @rule(rows=ROWS, mode=MODES)
    def publish_frame(self, rows: list[Row], mode: Any) -> None:
        published = publish(TABLE, _frame(rows), self.store, mode=mode)

        complete = sum(key is not None and at is not None for key, at, _, _ in rows)
        if mode == "snapshot":
            written, deleted = self.model.replace(rows)
            self.model.touched = None
        else:
            written, deleted = self.model.upsert(rows), 0
        assert _counts(published) == (written, deleted, complete - written, len(rows) - complete)

    @rule(mode=MODES)
    def publish_gold(self, mode: Any) -> None:
        published = publish(TABLE, self.storage, self.store, mode=mode)

        touched = self.model.touched if mode == "triggered" else None
        expected = self.model.replace(self.model.gold) if touched is None else self.model.apply(touched)
        self.model.touched = set()
        assert published.mode == ("snapshot" if touched is None else "triggered")
        assert (published.rows_written, published.rows_deleted) == expected

    @rule(rows=ROWS)
    def append_to_gold(self, rows: list[Row]) -> None:
        write_deltalake(str(self.gold_place), _frame(rows), mode="append")
        self.model.gold += rows
        self.model.touch(row[0] for row in rows)

    @rule(rows=ROWS)
    def overwrite_gold(self, rows: list[Row]) -> None:
        self.gold_place.parent.mkdir(parents=True, exist_ok=True)
        write_deltalake(str(self.gold_place), _frame(rows), mode="overwrite", configuration={"delta.enableChangeDataFeed": "true"})
        self.model.touch(row[0] for row in (*self.model.gold, *rows))
        self.model.gold = list(rows)

    @rule(key=st.sampled_from(KEYS), since=st.integers(0, 3))
    def delete_from_gold(self, key: str, since: int) -> None:
        after = (START + timedelta(hours=since)).isoformat()
        literal = key.replace("'", "''")
        DeltaTable(str(self.gold_place)).delete(f"k = '{literal}' AND t >= arrow_cast('{after}', 'Timestamp(Microsecond, Some(\"UTC\"))')")
        gone = [row for row in self.model.gold if row[0] == key and row[1] is not None and row[1] >= since]
        self.model.gold = [row for row in self.model.gold if row not in gone]
        self.model.touch(row[0] for row in gone)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = self.open()

    @invariant()
    def both_answer_alike(self) -> None:
        for at in (START + timedelta(hours=6), START + timedelta(hours=4.5)):
            answers = self.store.lookup_many(TABLE, [{"k": key} for key in KEYS], unknown="empty", at=at)
            found = [(answer.features, answer.as_of, answer.missing, answer.expired) for answer in answers]
            assert found == [_expected(self.model, key, at) for key in KEYS]

    def teardown(self) -> None:
        self.store.close()
        self.cleanup.close()


@pytest.fixture
def check_store() -> Callable[..., None]:
    """Runs sequences of steps against stores in places of their own: ``check_store(place, sequences=20, steps=10)``."""

    def check(place: Place, *, sequences: int, steps: int) -> None:
        machine = type("StoreBesideModelHere", (StoreBesideModel,), {"place": staticmethod(place)})
        run_state_machine_as_test(machine, settings=settings(max_examples=sequences, stateful_step_count=steps, deadline=None))

    return check


def _newest(rows: Iterable[Row]) -> dict[str, tuple[int, tuple[Any, Any]]]:
    newest: dict[str, tuple[int, tuple[Any, Any]]] = {}
    for key, at, *values in rows:
        if key is not None and at is not None and (key not in newest or _rank(at, values) > _rank(*newest[key])):
            newest[key] = (at, (values[0], values[1]))
    return newest


def _rank(at: int, values: Iterable[Any]) -> tuple[Any, ...]:
    return (at, *((value is not None, value if value is not None else 0) for value in values))


def _frame(rows: Iterable[Row]) -> Any:
    import pyarrow as pa

    timed = [{"k": k, "t": None if t is None else START + timedelta(hours=t), "a": a, "b": b} for k, t, a, b in rows]
    return pa.Table.from_pylist(timed, schema=arrow_schema(TABLE))


def _counts(published: Published) -> tuple[int, int, int, int]:
    return published.rows_written, published.rows_deleted, published.rows_late, published.rows_rejected


def _expected(model: Model, key: str, at: datetime) -> tuple[Any, ...]:
    when, values = model.rows.get(key, (None, (None, None)))
    as_of = None if when is None else START + timedelta(hours=when)
    expired = as_of is not None and at - as_of > TTL
    features = dict(zip("ab", (None, None) if expired else values, strict=True))
    return features, as_of, tuple(name for name, value in features.items() if value is None), expired
