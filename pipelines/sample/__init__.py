"""Sample data of the payments lane: a quarter of card transactions as sources would deliver them, with planted and recorded faults."""

from __future__ import annotations

import math
from pathlib import Path

from goldlane.errors import MissingExtraError, Mistakes

try:
    import numpy as np  # noqa: F401
    import pyarrow as pa  # noqa: F401
except ImportError as missing:
    raise MissingExtraError("spark", needed_for="writing sample data") from missing

from pipelines.sample.arrivals import Sample, refuse_what_is_not_empty
from pipelines.sample.ledger import Ledger, read_ledger
from pipelines.sample.period import DAYS
from pipelines.sample.planning import planned

__all__ = ["Ledger", "Sample", "plan", "read_ledger", "write"]

MOST_FAULTS = 0.5


def write(directory: Path, *, transactions: int = 100_000, seed: int = 7, faults: float = 0.01, batches: int = 4) -> Ledger:
    """Writes every arrival batch into ``directory``, which must be empty or missing; the same arguments give the same bytes.

    ``transactions`` are distinct sales, broken ones included; resent lines come on top. ``faults`` is the share of faulty lines.

    Raises:
        UsageError: an argument makes no sense, or the folder holds something already.
    """
    _check(transactions=transactions, seed=seed, faults=faults, batches=batches)
    refuse_what_is_not_empty(Path(directory))
    sample = plan(transactions=transactions, seed=seed, faults=faults, batches=batches)
    for batch in range(1, batches):
        sample.deliver(directory, batch)
    return sample.deliver(directory, batches)


def plan(*, transactions: int = 100_000, seed: int = 7, faults: float = 0.01, batches: int = 4) -> Sample:
    """The sample that ``write`` delivers in one go, to be delivered in steps.

    Raises:
        UsageError: an argument makes no sense.
    """
    _check(transactions=transactions, seed=seed, faults=faults, batches=batches)
    return planned(Ledger(seed=seed, transactions=transactions, faults=float(faults), planned=batches))


def _check(*, transactions: int, seed: int, faults: float, batches: int) -> None:
    mistakes = {
        f"transactions must be 1 or more, not {transactions}": transactions < 1,
        f"seed must be 0 or more, not {seed}": seed < 0,
        f"faults must be a share from 0 to {MOST_FAULTS}, not {faults}": math.isnan(faults) or not 0 <= faults <= MOST_FAULTS,
        f"batches must be 1 to {DAYS}, one a day at most, not {batches}": not 1 <= batches <= DAYS,
    }
    wrong = [message for message, is_wrong in mistakes.items() if is_wrong]
    if wrong:
        raise Mistakes("sample data", wrong)
