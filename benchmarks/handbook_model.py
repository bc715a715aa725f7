"""The handbook's fraud models on our features: a week of training, a week of delay, a week of test.

    python benchmarks/handbook_model.py [--data DIR] [--memory 3g]

Prints for each model the area under the ROC curve, the average precision and the card precision among the 100 most suspicious
customers of a day, beside what the handbook reports. Features that saw the future would beat these figures, wrong ones miss them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from goldlane.features import Rolling, with_rolling_features
from goldlane.session import local_spark

ROOT = Path(__file__).resolve().parents[1]
DAYS = (1, 7, 30)
FIRST_TRAINING_DAY = 115  # 2018-07-25, counted from 2018-04-01
WEEK = 7
ALERTS = 100
CUSTOMER = tuple(
    rolling
    for days in DAYS
    for rolling in (
        Rolling(name=f"customer_count_{days}d", function="count", window=f"{days}d"),
        Rolling(name=f"customer_mean_{days}d", function="mean", column="TX_AMOUNT", window=f"{days}d"),
    )
)
# Fraud is known a week after the transaction, so that is how old the newest transaction of a terminal's window is.
TERMINAL = tuple(
    rolling
    for days in DAYS
    for rolling in (
        Rolling(name=f"terminal_count_{days}d", function="count", window=f"{days}d", delay="7d"),
        Rolling(name=f"terminal_risk_{days}d", function="mean", column="TX_FRAUD", window=f"{days}d", delay="7d", default=0),
    )
)
PLAIN = ("TX_AMOUNT", "is_weekend", "is_night")
WINDOWS = tuple(str(rolling.name) for rolling in (*CUSTOMER, *TERMINAL))


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A model, what it may look at, and what the handbook says of it (AUC ROC, average precision, card precision)."""

    name: str
    model: Any
    inputs: Sequence[str]
    expected: str


TRIALS = (
    Trial(
        name="decision tree, depth 2",
        model=DecisionTreeClassifier(max_depth=2, random_state=0),
        inputs=(*PLAIN, *WINDOWS),
        expected="0.763  0.496  0.241",
    ),
    Trial(
        name="random forest",
        model=RandomForestClassifier(random_state=0, n_jobs=2),
        inputs=(*PLAIN, *WINDOWS),
        expected="   .64 to .68",
    ),
    Trial(
        name="random forest, no windows",
        model=RandomForestClassifier(random_state=0, n_jobs=2),
        inputs=PLAIN,
        expected="   about .13",
    ),
)


def main() -> None:
    """Computes the features, fits and judges every model; or says in one line why it cannot."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data" / "handbook", help="folder of raw.parquet")
    parser.add_argument("--memory", default="3g", help="the driver's heap")
    options = parser.parse_args()
    raw = options.data / "raw.parquet"
    if not raw.is_file():
        print(f"skipped: there is no {raw}; name the folder with the handbook's data by --data")
        return
    started = time.perf_counter()
    rows = two_weeks(local_spark(**{"spark.driver.memory": options.memory}).read.parquet(str(raw)))
    train, test = split(rows)
    print(f"12 windows over every transaction: {time.perf_counter() - started:.1f} s; {len(train):,} rows train, {len(test):,} test")
    print(f"{'':28} AUC    AP     CP@{ALERTS}   handbook")
    for trial in TRIALS:
        print(f"{trial.name:28} {judged(trial, train, test)}  {trial.expected}", flush=True)


def two_weeks(transactions: DataFrame) -> pd.DataFrame:
    """The rows of the weeks of training, delay and test, with all their features; windows see every row before them."""
    flagged = transactions.withColumns(
        {
            "is_weekend": (F.weekday("TX_DATETIME") >= 5).cast("int"),  # noqa: PLR2004  Saturday
            "is_night": (F.hour("TX_DATETIME") <= 6).cast("int"),  # noqa: PLR2004  the handbook's night ends at 7
        }
    )
    featured = with_rolling_features(flagged, CUSTOMER, keys="CUSTOMER_ID", time="TX_DATETIME")
    featured = with_rolling_features(featured, TERMINAL, keys="TERMINAL_ID", time="TX_DATETIME")
    weeks = featured.where(F.col("TX_TIME_DAYS").between(FIRST_TRAINING_DAY, FIRST_TRAINING_DAY + 3 * WEEK - 1))
    columns = ("TRANSACTION_ID", "TX_TIME_DAYS", "CUSTOMER_ID", "TX_FRAUD", *PLAIN, *WINDOWS)
    return weeks.select(*columns).toPandas().sort_values("TRANSACTION_ID")


def split(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """A week to train on; and the week that starts 7 days after it, without the customers known on each day to be compromised."""
    first_test_day = FIRST_TRAINING_DAY + 2 * WEEK
    train = rows[rows.TX_TIME_DAYS < FIRST_TRAINING_DAY + WEEK]
    days = [
        rows[rows.TX_TIME_DAYS.eq(day) & ~rows.CUSTOMER_ID.isin(compromised(rows, before=day - WEEK))]
        for day in range(first_test_day, first_test_day + WEEK)
    ]
    return train, pd.concat(days)


def compromised(rows: pd.DataFrame, *, before: int) -> set[int]:
    """Customers with a fraud between the first day of training and the day ``before``."""
    return set(rows[rows.TX_FRAUD.eq(1) & rows.TX_TIME_DAYS.lt(before)].CUSTOMER_ID)


def judged(trial: Trial, train: pd.DataFrame, test: pd.DataFrame) -> str:
    """The three figures of one model, fitted now."""
    inputs = list(trial.inputs)
    trial.model.fit(train[inputs], train.TX_FRAUD)
    scored = test.assign(score=trial.model.predict_proba(test[inputs])[:, 1])
    daily = list(card_precisions(scored))
    auc, average = roc_auc_score(scored.TX_FRAUD, scored.score), average_precision_score(scored.TX_FRAUD, scored.score)
    return f"{auc:.3f}  {average:.3f}  {sum(daily) / len(daily):.3f}"


def card_precisions(scored: pd.DataFrame) -> Iterator[float]:
    """Per day, the share of compromised customers among the most suspicious; whoever was found is not looked at again."""
    found: set[int] = set()
    for _, day in scored.groupby("TX_TIME_DAYS"):
        customers = day[~day.CUSTOMER_ID.isin(found)].groupby("CUSTOMER_ID")[["score", "TX_FRAUD"]].max()
        alerts = customers.sort_values("score", ascending=False).head(ALERTS)
        caught = alerts[alerts.TX_FRAUD == 1].index
        found.update(caught)
        yield len(caught) / ALERTS


if __name__ == "__main__":
    main()
