"""Events that land as files, a small feature table, and a publisher that ends when it has applied enough."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.features.declarations import Feature, FeatureTable, Rolling
from goldlane.features.live import Applied, Live
from goldlane.features.online import OnlineStore, open_store
from goldlane.features.publishing import Published, publish

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

START = datetime(2026, 1, 1, tzinfo=timezone.utc)
ROWS = FeatureTable(
    name="merchants",
    keys=("merchant_id",),
    event_time="as_of",
    features=(
        Feature(name="tier", type="string", description="a tier"),
        Feature(name="velocity", type="int", description="a velocity"),
    ),
)
TILES = FeatureTable(
    name="cards",
    keys=("merchant_id",),
    event_time="as_of",
    source="cards_events",
    features=(
        Feature(name="count_5m", type="bigint", description="events", rolling=Rolling(function="count", window="5m", hop="1m")),
        Feature(
            name="amount_1h",
            type="decimal(28,2)",
            description="a sum",
            rolling=Rolling(function="sum", column="amount", window="1h", hop="5m", default=Decimal(0)),
        ),
        Feature(
            name="spread_1h",
            type="double",
            description="a spread",
            rolling=Rolling(function="stddev", column="velocity", window="1h", hop="5m"),
        ),
        Feature(
            name="last_tier", type="string", description="a tier", rolling=Rolling(function="last", column="tier", window="1h", hop="5m")
        ),
        Feature(
            name="tiers",
            type="bigint",
            description="tiers",
            rolling=Rolling(function="count_distinct", column="tier", window="1h", hop="5m"),
        ),
    ),
)
SCHEMA = "merchant_id string, as_of timestamp, tier string, velocity bigint, amount decimal(18,2)"


def minute(number: float) -> datetime:
    return START + timedelta(minutes=number)


@dataclass
class Landing:
    """A folder in which files of events land."""

    folder: Path
    files: int = 0

    def land(self, *events: tuple[Any, ...]) -> None:
        """Events ``(merchant_id, minute, tier, velocity, amount)``, in one file that appears at once."""
        self.folder.mkdir(exist_ok=True)
        names = [part.split(" ")[0] for part in SCHEMA.split(", ")]
        lines = []
        for key, at, *values in events:
            row = dict(zip(names, (key, None if at is None else minute(at).isoformat(), *values), strict=False))
            lines.append(json.dumps({name: value for name, value in row.items() if value is not None}))
        self.files += 1
        hidden = self.folder / f".{self.files:04}"
        hidden.write_text("\n".join(lines) + "\n", encoding="utf-8")
        hidden.rename(self.folder / f"{self.files:04}.json")

    def stream(self, spark: SparkSession) -> DataFrame:
        return spark.readStream.schema(SCHEMA).json(str(self.folder))


@dataclass
class Desk:
    """Publishes continuously from ``landing`` until ``times`` batches or versions were applied."""

    landing: Landing
    storage: Path
    store: OnlineStore
    spark: SparkSession | None = None
    applied: list[Applied] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def publish(self, table: FeatureTable, *, times: int = 1, then: Callable[[Applied], None] | None = None, **how: Any) -> Published:
        goal = len(self.applied) + times

        def heard(applied: Applied) -> None:
            self.applied.append(applied)
            if then is not None:
                then(applied)
            if len(self.applied) >= goal:
                live.stop.ask()

        live = Live(storage=self.storage, every_s=0.02, on_applied=heard, on_notice=self.notices.append, **how)
        source: Any = self.storage if self.spark is None else self.landing.stream(self.spark)
        return publish(table, source, self.store, mode="continuous", live=live)

    def features(self, table: FeatureTable, key: str, at: datetime | None = None) -> dict[str, Any]:
        return self.store.lookup(table, {"merchant_id": key}, "empty", at=at).features

    def kept(self, table: FeatureTable) -> list[dict[str, Any]]:
        """The rows of ``<table>_live``."""
        from deltalake import DeltaTable

        return DeltaTable(str(self.storage / "tables" / "default" / f"{table.name}_live")).to_pyarrow_table().to_pylist()


@pytest.fixture
def landing(tmp_path: Path) -> Landing:
    return Landing(tmp_path / "landing")


@pytest.fixture
def desk(landing: Landing, tmp_path: Path, spark: SparkSession) -> Desk:
    return Desk(landing, tmp_path / "storage", open_store(f"sqlite:///{tmp_path / 'online.db'}"), spark)
