"""Which tables the project's monitors watch, for those who show what monitors wrote."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from goldlane.cli.application import monitored
from goldlane.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

WATCH = """
from goldlane.monitoring import Monitor, Snapshot

MONITORS = [Monitor(table=table, profile=Snapshot()) for table in ("payments", "risk.Refunds")]
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "monitored_shop.py").write_text(WATCH)
    return Settings(root=tmp_path, monitors="monitored_shop:MONITORS")


def test_a_monitor_without_a_schema_watches_its_table_in_any(settings: Settings) -> None:
    asked = ("default.payments", "prod.Payments", "main.prod.payments", "risk.refunds", "default.refunds", "default.orders")

    assert [table for table in asked if monitored(settings)(table)] == list(asked[:4])


@pytest.mark.parametrize("monitors", [None, "no_such_module:MONITORS"])
def test_where_none_are_declared_or_none_load_each_table_may_be_watched(tmp_path: Path, monitors: str | None) -> None:
    assert monitored(Settings(root=tmp_path, monitors=monitors))("default.orders")
