"""``goldlane demo``: two deliveries of sample data, run, published, and the answer an agent would get."""

from __future__ import annotations

import os
import shlex
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyspark.sql import functions as F
from rich.panel import Panel
from rich.table import Table

import goldlane
from expectations import RULES
from features import FEATURE_TABLES
from features.contexts import CustomerContext, MerchantContext
from goldlane.cli.output import results
from goldlane.cli.progress import UpdateDisplay
from goldlane.errors import GoldlaneError, UsageError
from goldlane.features import open_store, publish
from goldlane.features.gold import source_name
from goldlane.reports.provenance import Provenance
from pipelines.account import Account, account
from pipelines.drill import PLANTED, Drill, drill
from pipelines.sample import Ledger, plan

if TYPE_CHECKING:
    from goldlane.features.online.store import OnlineStore
    from goldlane.pipelines import Update

TRANSACTIONS = 20_000
SEED = 7
FAULTS = 0.02
DELIVERIES = 2
MARKER = ".goldlane-demo"
PIPELINES = Path(__file__).parent / "dlt"
_FACES = {"landing", "storage", "drill", "online.db", MARKER}


class AccountError(GoldlaneError):
    """The lane lost or doubled rows."""


def run(directory: Path) -> None:
    """Everything from nothing, in ``directory``: leaves ``landing``, ``storage``, ``online.db``, and ``drill``, the monitor's own storage.

    Raises:
        UsageError: the folder holds something that no demo made.
        AccountError: the tables do not account for every planted row.
        DrillError: the monitor tells of a clean day, or does not tell of a planted one.
    """
    started = time.perf_counter()
    os.environ.setdefault("GOLDLANE_QUICK_JVM", "1")
    directory = Path(directory)
    _empty(directory)
    updates, ledger = _run_twice(directory)
    _say("publish: gold to the online store")
    store = open_store(f"sqlite:///{directory / 'online.db'}")
    provenance = Provenance(directory / "storage", RULES)
    for table in FEATURE_TABLES:
        told = provenance.of(source_name(table))
        published = publish(table, directory / "storage", store, rules=RULES.get(table.name), catalogue=told)
        _say(f"  {table.name}: {published.rows_written:,} entities in {published.seconds:.1f} s, version {published.version}")
    _show_account(account(updates), ledger)
    merchant, customer = _riskiest(updates[-1])
    _show_answers(store, merchant, customer)
    _show_drill(drill(updates[-1].table("silver_transactions"), directory / "drill"))
    _say(f"done in {time.perf_counter() - started:.0f} s; try next:")
    for command in _next_commands(directory, merchant):
        _say(f"  {command}")


def _run_twice(directory: Path) -> tuple[list[Update], Ledger]:
    sample = plan(transactions=TRANSACTIONS, seed=SEED, faults=FAULTS, batches=DELIVERIES)
    updates: list[Update] = []
    for delivery in range(1, DELIVERIES + 1):
        ledger = sample.deliver(directory / "landing", delivery)
        lines = ledger.batches[-1].counts["rows"]
        _say(f"delivery {delivery} of {DELIVERIES}: {lines:,} transaction lines landed")
        with UpdateDisplay() as display:
            update = goldlane.run(
                PIPELINES,
                storage=directory / "storage",
                configuration={"payments.landing": str((directory / "landing").resolve())},
                listeners=[display.listen],
            )
        update.raise_for_status()
        _show_update(update)
        updates.append(update)
    return updates, ledger


def _empty(directory: Path) -> None:
    if directory.is_file():
        raise UsageError(f"{directory} is a file", hint="name a new folder with --dir")
    if directory.is_dir() and any(directory.iterdir()):
        if not (directory / MARKER).is_file():
            raise UsageError(f"{directory} is not empty, and no demo made it", hint="name a new folder with --dir")
        for face in _FACES:
            path = directory / face
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        for leftover in directory.glob("online.db-*"):
            leftover.unlink()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        (directory / MARKER).write_text("goldlane demo empties this folder when it runs again\n", encoding="utf-8")
    except OSError as refused:
        raise UsageError(f"cannot write to {directory}: {refused.strerror}", hint="name another folder with --dir") from refused


def _show_update(update: Update) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("table")
    for column in ("rows written", "rows dropped", "too late", "seconds"):
        table.add_column(column, justify="right")
    for dataset in update.datasets:
        if dataset.path is not None:
            counts = (dataset.output_rows, dataset.dropped_rows, dataset.counts.late_rows)
            table.add_row(dataset.name, *(f"{count:,}" for count in counts), f"{dataset.seconds:.1f}")
    results().print(table)
    _say(f"update {update.status} in {update.seconds:.1f} s\n")


def _show_account(found: Account, ledger: Ledger) -> None:
    table = Table(title="what happened to every transaction line", title_justify="left", box=None, pad_edge=False)
    table.add_column("")
    table.add_column("lines", justify="right")
    rows: list[tuple[str, int]] = [("read from the landing folder", found.read), ("kept: one row per transaction", found.kept)]
    rows += [("superseded by a resend", found.superseded)]
    rows += [(f"quarantined: {rule}", count) for rule, count in found.quarantined.items()]
    rows += [("unreadable: quarantined, the text kept", found.unreadable)]
    for name, count in rows:
        table.add_row(name, f"{count:,}")
    results().print(table)
    differences = list(found.differences(ledger))
    if differences:
        raise AccountError("the tables do not account for the planted rows: " + "; ".join(differences), hint="this is a defect of the lane")
    _say(f"{found.read:,} = {found.explained:,}: every line is explained, and each count is the one planted in landing/_faults.json")
    _say(f"{found.late:,} of the kept lines came too late for the real-time features, and were left out there\n")


def _riskiest(update: Update) -> tuple[str, str]:
    """The merchant with the highest fraud rate in its newest row, if it sold lately; and its newest customer. Ties by their ids."""
    told = F.struct("fraud_rate_30d", "weekly_velocity")
    newest = update.table("merchant_features").groupBy("merchant_id").agg(F.max_by(told, "as_of").alias("newest"))
    risky = newest.where("newest.weekly_velocity > 0").orderBy("newest.fraud_rate_30d", "merchant_id", ascending=False)
    merchant = risky.select("merchant_id").head(1)[0][0]
    sales = update.table("silver_transactions").where(F.col("merchant_id") == merchant)
    return merchant, sales.orderBy("event_time", "transaction_id", ascending=False).select("customer_id").head(1)[0][0]


def _show_answers(store: OnlineStore, merchant: str, customer: str) -> None:
    keys: dict[str, dict[str, Any]] = {"merchant_features": {"merchant_id": merchant}, "customer_features": {"customer_id": customer}}
    answers = {table: store.lookup(table, key) for table, key in keys.items()}
    about = MerchantContext.from_answer(keys["merchant_features"], answers["merchant_features"])
    whom = CustomerContext.from_answer(keys["customer_features"], answers["customer_features"])
    for title, context in (("merchant", about), ("customer", whom)):
        results().print(Panel(context.model_dump_json(indent=1), title=f"what an agent is told: {title}", title_align="left", expand=False))


def _show_drill(found: Drill) -> None:
    _say(f"monitor: {found.clean_day:%d %B} of silver_transactions is like the days before it: no alert")
    _say(f"monitor: on {found.planted_day:%d %B} a source is spoilt: {PLANTED}")
    for alert in found.alerts:
        _say(f"  {alert.rule}: {alert.message}")


def _next_commands(directory: Path, merchant: str) -> tuple[str, str, str]:
    folder = shlex.quote(str(directory))
    return (
        f"goldlane lookup --store sqlite:///{folder}/online.db merchant_features merchant_id={merchant} --json",
        f"goldlane events --storage {folder}/storage --update last",
        f"goldlane graph --format mermaid --conf payments.landing={folder}/landing",
    )


def _say(line: str) -> None:
    results().print(line, markup=False, soft_wrap=True)  # commands are copied from here
