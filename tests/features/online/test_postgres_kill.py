"""A publisher that is killed at any moment leaves the rows of some version, whole, and the next publish finds nothing in its way."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from datetime import datetime, timezone

import psycopg
import pytest

from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import open_store
from goldlane.features.online.postgres_staging import FEW_ROWS
from goldlane.features.publishing import publish

ROWS = FEW_ROWS + 5_000
KILLS = 22
PUBLISHER = """
import sys
from datetime import datetime, timezone
import pyarrow as pa
from goldlane.features.arrow_batches import arrow_schema
from goldlane.features.declarations import FeatureTable
from goldlane.features.online import open_store
from goldlane.features.publishing import publish
table, store = FeatureTable.from_json(sys.argv[1]), open_store(sys.argv[2])
rows, keys = int(sys.argv[3]), range(int(sys.argv[3]))
at = datetime(2026, 1, 1, tzinfo=timezone.utc)
print("ready", flush=True)
for line in sys.stdin:
    version, mode = line.split()
    columns = [[f"M{n}" for n in keys], [at] * rows, [int(version)] * rows]
    whole = pa.table(columns, schema=arrow_schema(table))
    publish(table, whole, store, mode=mode)
    print("done", version, flush=True)
"""
TABLE = FeatureTable(
    name="merchants", keys=("merchant_id",), event_time="as_of", features=(Feature(name="v", type="bigint", description="version"),)
)


@pytest.mark.slow
def test_a_killed_publish_leaves_a_published_version_and_the_next_one_works(postgres_url: str) -> None:
    chance, store, version, known = random.Random(7), open_store(postgres_url), 0, 0  # noqa: S311  moments, not secrets
    command = [sys.executable, "-c", PUBLISHER, TABLE.to_json(), postgres_url, str(ROWS)]
    cut = 0
    for kill in range(KILLS):
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as publisher:
            assert publisher.stdin is not None
            assert publisher.stdout is not None
            publisher.stdout.readline()
            began = time.monotonic()
            version += 1
            print(version, "snapshot" if kill % 2 else "triggered", file=publisher.stdin, flush=True)
            if kill == 0:
                publisher.stdout.readline()
                took, known = time.monotonic() - began, version
            else:
                time.sleep(chance.uniform(0, took))
            publisher.kill()
            finished = f"done {version}" in publisher.stdout.read()
            # A machine that was busy for the first one only would let all others end.
            took *= 0.8 if finished and kill else 1
            cut += not finished and kill > 0
        known = held(postgres_url, known, version)
    assert cut >= KILLS // 2

    published = publish(TABLE, rows_of_version(version + 1), store, mode="snapshot")

    assert published.rows_written == ROWS
    assert held(postgres_url, version + 1, version + 1) == version + 1
    assert asked(postgres_url, "SELECT relname FROM pg_class WHERE relname LIKE 'goldlane_rows%'") == []
    store.close()


def held(url: str, before: int, after: int) -> int:
    """The one version that all rows are of: what was there, or what was being published."""
    found = asked(url, "SELECT v, count(*) FROM merchants GROUP BY v")
    assert found in ([(before, ROWS)], [(after, ROWS)])
    return int(found[0][0])


def asked(url: str, statement: str) -> list[tuple[int, int]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement).fetchall()  # type: ignore[call-overload,no-any-return]


def rows_of_version(version: int) -> object:
    import pyarrow as pa

    from goldlane.features.arrow_batches import arrow_schema

    at = datetime(2026, 1, 1, tzinfo=timezone.utc)
    return pa.table([[f"M{n}" for n in range(ROWS)], [at] * ROWS, [version] * ROWS], schema=arrow_schema(TABLE))
