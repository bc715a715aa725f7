"""From four numbers to a whole sample."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.sample.activity import joined, ordinary
from pipelines.sample.arrivals import Sample
from pipelines.sample.chargebacks import chargebacks
from pipelines.sample.faults import faulty_lines
from pipelines.sample.fraud import Thieves
from pipelines.sample.lines import Writing
from pipelines.sample.people import customers, merchants
from pipelines.sample.registers import customer_changes, merchant_changes

if TYPE_CHECKING:
    from pipelines.sample.ledger import Ledger

FRAUD_PERCENT = 1


def planned(blank: Ledger) -> Sample:
    """The sample that ``blank`` announces: its arguments must have been checked."""
    seed, batches = blank.seed, blank.planned
    people, shops = customers(seed, blank.transactions), merchants(seed, blank.transactions)
    frauds = blank.transactions * FRAUD_PERCENT // 100
    honest = ordinary(seed, people, shops, blank.transactions - frauds)
    activity = joined(honest, *Thieves(seed, people, shops).deeds(honest, frauds))
    disputed = chargebacks(seed, activity, batches)
    lines = faulty_lines(seed, activity, disputed, batches, blank.faults)
    return Sample(
        blank=blank,
        lines=lines,
        writing=Writing(seed, activity, lines),
        customers=customer_changes(seed, people, activity, batches),
        merchants=merchant_changes(seed, shops, activity, batches),
        disputed=disputed,
    )
