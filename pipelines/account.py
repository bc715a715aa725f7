"""What became of every transaction line: counted in the tables, checked against what the sample planted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pyspark.sql import functions as F

from expectations import TRANSACTIONS
from goldlane.expectations import split
from pipelines.silver.transactions import typed_transactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import Column

    from goldlane.pipelines import Update
    from pipelines.sample import Ledger

UNREADABLE = "line_is_readable"
# Each planted fault breaks one rule, and that one alone.
BROKEN_BY = {
    "null_transaction_id": "transaction_id_is_present",
    "negative_amount": "amount_is_positive",
    "unparsable_amount": "amount_is_a_number",
    "unknown_currency": "currency_is_known",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Lines read, and where each went; ``late`` were kept, but came too late for the real-time stream."""

    read: int
    kept: int
    superseded: int
    quarantined: Mapping[str, int]
    unreadable: int
    late: int

    @property
    def explained(self) -> int:
        """The lines whose fate is known."""
        return self.kept + self.superseded + sum(self.quarantined.values()) + self.unreadable

    def differences(self, ledger: Ledger) -> Iterator[str]:
        """Every way in which this is not what the sample planted; nothing when the lane did right."""
        planted = ledger.total
        if self.explained != self.read:
            yield f"{self.read} lines were read, {self.explained} are explained"
        pairs = {
            "read": (self.read, planted["rows"]),
            "superseded": (self.superseded, planted["duplicate"]),
            "unreadable": (self.unreadable, planted["truncated_line"]),
            "late": (self.late, planted["late"]),
        }
        pairs |= {rule: (self.quarantined.get(rule, 0), planted[kind]) for kind, rule in BROKEN_BY.items()}
        pairs |= {rule: (count, 0) for rule, count in self.quarantined.items() if rule not in BROKEN_BY.values()}
        yield from (f"{name}: counted {counted}, planted {count}" for name, (counted, count) in pairs.items() if counted != count)


def account(updates: Sequence[Update]) -> Account:
    """The account of the tables as the last of ``updates`` left them; ``late`` is what all of them ignored.

    Rows that AUTO CDC superseded are counted in bronze, rows it kept in silver: a lost row makes the sum wrong.
    """
    last = updates[-1]
    bronze = last.table("bronze_transactions")
    clean = split(bronze.transform(typed_transactions), TRANSACTIONS).kept
    resent, distinct = clean.agg(F.count(F.lit(1)), F.count_distinct("transaction_id")).collect()[0]
    broken = last.table("silver_transactions_quarantine").groupBy(_first_cause().alias("rule")).count().collect()
    by_rule = {row["rule"]: int(row["count"]) for row in broken}
    unreadable = by_rule.pop(UNREADABLE, 0)
    return Account(
        read=bronze.count(),
        kept=last.table("silver_transactions").count(),
        superseded=resent - distinct,
        quarantined=dict(sorted(by_rule.items())),
        unreadable=unreadable,
        late=sum(update["real_time_features"].counts.late_rows for update in updates),
    )


def _first_cause() -> Column:
    """An unreadable line breaks most rules, because it has no columns: it is counted once, as unreadable."""
    acting = F.array(*(F.lit(rule.name) for rule in TRANSACTIONS if rule.name in TRANSACTIONS.drop))
    reasons = F.array_intersect(F.col("_broken_rules"), acting)
    return F.when(F.array_contains(reasons, UNREADABLE), UNREADABLE).otherwise(reasons[0])
