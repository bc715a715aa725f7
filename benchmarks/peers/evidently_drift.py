"""Evidently's default drift and summary presets over two Parquet files, in an environment of its own.

    DO_NOT_TRACK=1 python benchmarks/peers/evidently_drift.py CURRENT REFERENCE

Prints wall seconds, CPU seconds and peak gigabytes; reading the files is not counted in the seconds.
"""

from __future__ import annotations

import resource
import sys
import time

import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset, DataSummaryPreset


def main() -> None:
    """One report."""
    current, reference = (pd.read_parquet(path) for path in sys.argv[1:3])
    started, used = time.perf_counter(), time.process_time()
    Report([DataDriftPreset(), DataSummaryPreset()]).run(current, reference).dict()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print("took", time.perf_counter() - started, time.process_time() - used, peak, flush=True)


if __name__ == "__main__":
    main()
