"""What a log of answers costs a reader: each read beside the same read of a store without a log, in turns.

python benchmarks/answer_log.py [--entities N] [--rounds N]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa

from goldlane.features import Feature, FeatureTable, open_store, publish

TABLE = FeatureTable(
    name="shops",
    keys=("shop",),
    event_time="as_of",
    features=tuple(Feature(name=f"f{number}", type="double", description="a number") for number in range(10)),
)


def main() -> None:
    """Print the medians, and what a log adds."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/online.db"
        bare, logged = open_store(url), open_store(url, answers=Path(folder) / "answers", sample=0.01)
        publish(TABLE, _rows(arguments.entities), bare)
        keys = [{"shop": f"S{number:07}"} for number in range(arguments.entities)]
        log: Any = logged
        rest, sampled = [key for key in keys if not log.answers.begin(key)], [key for key in keys if log.answers.begin(key)]
        plain, unsampled = _in_turns(lambda key: bare.lookup("shops", key), lambda key: logged.lookup("shops", key), rest, arguments.rounds)
        also, written = _in_turns(lambda key: bare.lookup("shops", key), lambda key: logged.lookup("shops", key), sampled, arguments.rounds)
        logged.close()
        bare.close()
    print(f"sampled {len(sampled) / len(keys):.2%} of {len(keys):,} keys; logged {log.answers.logged:,}, dropped {log.answers.dropped:,}")
    print(f"a key that is not sampled: {plain:.2f} us without a log, {unsampled:.2f} us with one: {unsampled - plain:+.2f} us")
    print(f"a key that is sampled:     {also:.2f} us without a log, {written:.2f} us with one: {written - also:+.2f} us")


def _in_turns(first: Callable[[Any], Any], second: Callable[[Any], Any], keys: Sequence[Any], rounds: int) -> tuple[float, float]:
    """Microseconds of this thread per read, whatever else the machine does: of each, the median over the rounds."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for read, taken in zip((first, second), times, strict=True):
            started = time.thread_time()
            for key in keys:
                read(key)
            taken.append((time.thread_time() - started) / len(keys) * 1e6)
    return statistics.median(times[0]), statistics.median(times[1])


def _rows(entities: int) -> pa.Table:
    moment = datetime(2026, 1, 1, tzinfo=timezone.utc)
    columns = {f"f{number}": pa.array([float(number)] * entities) for number in range(10)}
    return pa.table({"shop": [f"S{number:07}" for number in range(entities)], "as_of": [moment] * entities, **columns})


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=15)
    return parser.parse_args()


if __name__ == "__main__":
    main()
