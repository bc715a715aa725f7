"""Any sequence of publishes of frames leaves the store equal to a dictionary that was told the same."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import open_store
from goldlane.features.publishing import publish

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
TTL = timedelta(hours=3)
TABLE = FeatureTable(
    name="model",
    keys=("k",),
    event_time="t",
    ttl=TTL,
    features=(Feature(name="a", type="bigint", description="a"), Feature(name="b", type="string", description="b")),
)
KEYS = ["x", "y'", "z;--"]
ROWS = st.tuples(
    st.none() | st.sampled_from(KEYS), st.none() | st.integers(0, 5), st.none() | st.integers(-2, 2), st.none() | st.sampled_from(["", "b"])
)
PUBLISHES = st.lists(st.tuples(st.sampled_from(["triggered", "snapshot", "reopen"]), st.lists(ROWS, max_size=6)), max_size=6)


@dataclass
class Model:
    """The store as a dictionary: key -> (time, values)."""

    rows: dict[str, tuple[int, tuple[Any, Any]]]

    def publish(self, rows: list[tuple[Any, ...]], *, replace: bool) -> tuple[int, int, int]:
        """(written, late, rejected) of a frame, as the contract words it."""
        complete = [(key, at, (a, b)) for key, at, a, b in rows if key is not None and at is not None]
        if replace:
            self.rows.clear()
        newest: dict[str, tuple[int, tuple[Any, Any]]] = {}
        for key, at, values in complete:
            if key not in newest or _rank(at, values) > _rank(*newest[key]):
                newest[key] = (at, values)
        written = {key: row for key, row in newest.items() if key not in self.rows or row[0] >= self.rows[key][0]}
        self.rows.update(written)
        return len(written), len(complete) - len(written), len(rows) - len(complete)


def _rank(at: int, values: tuple[Any, Any]) -> tuple[Any, ...]:
    return (at, *((value is not None, value if value is not None else 0) for value in values))


@settings(max_examples=60, deadline=None)
@given(PUBLISHES)
def test_a_store_equals_a_dictionary(publishes: list[tuple[str, list[tuple[Any, ...]]]]) -> None:
    model = Model({})
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder)}/online.db"
        store = open_store(url)
        publish(TABLE, arrow_schema(TABLE).empty_table(), store)
        for mode, rows in publishes:
            if mode == "reopen":
                store.close()
                store = open_store(url)
                continue
            published = publish(TABLE, _frame(rows), store, mode=mode)  # type: ignore[arg-type]
            expected = model.publish(rows, replace=mode == "snapshot")
            assert (published.rows_written, published.rows_late, published.rows_rejected) == expected
            _assert_equal(store, model, START + timedelta(hours=7))
            _assert_equal(store, model, START + timedelta(hours=5))
        store.close()


def _frame(rows: list[tuple[Any, ...]]) -> pa.Table:
    timed = [{"k": k, "t": None if t is None else START + timedelta(hours=t), "a": a, "b": b} for k, t, a, b in rows]
    return pa.Table.from_pylist(timed, schema=arrow_schema(TABLE))


def _assert_equal(store: Any, model: Model, at: datetime) -> None:
    answers = dict(zip(KEYS, store.lookup_many(TABLE, [{"k": key} for key in KEYS], unknown="empty", at=at), strict=True))
    for key, answer in answers.items():
        when, values = model.rows.get(key, (None, (None, None)))
        as_of = None if when is None else START + timedelta(hours=when)
        expired = as_of is not None and at - as_of > TTL
        features = dict(zip("ab", (None, None) if expired else values, strict=True))
        missing = tuple(name for name, value in features.items() if value is None)
        assert (answer.features, answer.as_of, answer.missing, answer.expired) == (features, as_of, missing, expired)
