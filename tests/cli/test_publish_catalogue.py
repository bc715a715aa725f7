"""What ``goldlane publish`` tells the store of where a table comes from."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from goldlane.features import open_store
from goldlane.features.online.catalogue import Catalogue
from goldlane.pipelines.events import Event, EventLog
from goldlane.pipelines.storage import Storage

DECLARED = """
from goldlane.features import Feature, FeatureTable

FEATURE_TABLES = FeatureTable(
    name="shop_facts",
    source="shops",
    keys=("shop",),
    event_time="as_of",
    features=(Feature(name="sales", type="bigint", description="sales"),),
),
"""
RULED = """
from goldlane.expectations import Rule, Rules

RULES = {"shops": Rules(Rule(name="sells", predicate="sales > 0", why="Else it has closed."))}
"""
RULE = {"name": "has_a_price", "action": "drop", "predicate": "coalesce((price > 0), false)"}
NOW = datetime(2026, 1, 31, 10, tzinfo=timezone.utc)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose gold table ``shops`` was made without a log."""
    (tmp_path / "pyproject.toml").write_text('[tool.goldlane]\nfeatures = "told_features"\nrules = "told_rules"\n')
    (tmp_path / "told_features.py").write_text(DECLARED)
    (tmp_path / "told_rules.py").write_text(RULED)
    rows = {"shop": ["S1", "S2"], "as_of": pa.array([NOW, NOW], pa.timestamp("us", "UTC")), "sales": [3, 0]}
    place = tmp_path / ".goldlane" / "storage" / "tables" / "default" / "shops"
    place.mkdir(parents=True)
    write_deltalake(str(place), pa.table(rows))
    return tmp_path


def log_an_update(root: Path) -> None:
    storage = Storage(root)
    storage.open()
    log = EventLog(storage.events, {"update_id": "u1", "pipeline_id": "p", "pipeline_name": "retail"})
    quality = {"dropped_records": 1, "expectations": [{"name": "has_a_price", "dataset": "sold", "passed_records": 9, "failed_records": 1}]}
    for kind, name, details in (
        ("dataset_definition", "sold", {"dataset_type": "STREAMING_TABLE", "expectations": [RULE], "schema": []}),
        ("dataset_definition", "shops", {"dataset_type": "MATERIALIZED_VIEW", "expectations": [], "schema": []}),
        ("flow_definition", "shops", {"input_datasets": [{"name": "sold"}]}),
        ("flow_progress", "sold", {"status": "COMPLETED", "data_quality": quality}),
    ):
        origin = {"dataset_name": f"default.{name}", "flow_name": name}
        log.emit(Event(event_type=kind, message=kind, origin=origin, details=details, timestamp=NOW, error=None))
    log.flush()


def told(project: Path) -> Catalogue:
    (publication,) = open_store("sqlite:///.goldlane/online.db", folder=project).publications()
    assert publication.catalogue is not None
    return publication.catalogue


@pytest.fixture(autouse=True)
def forgotten_modules() -> Any:
    """The project's modules are the test's own."""
    yield
    for name in ("told_features", "told_rules"):
        sys.modules.pop(name, None)


def test_publish_tells_the_store_the_graph_and_the_rules_of_the_last_update(project: Path, goldlane: Callable[..., Any]) -> None:
    log_an_update(project / ".goldlane" / "storage")

    assert goldlane("publish").code == 0

    catalogue = told(project)
    assert catalogue.graph() == {
        "nodes": [{"name": "sold", "kind": "streaming_table"}, {"name": "shops", "kind": "materialized_view"}],
        "edges": [["sold", "shops"]],
    }
    assert [(rule.dataset, rule.predicate, rule.passed, rule.failed) for rule in catalogue.upstream] == [("sold", "price > 0", 9, 1)]
    assert [(rule.name, rule.why, rule.passed, rule.failed) for rule in catalogue.gate if rule.name == "sells"] == [
        ("sells", "Else it has closed.", 1, 1)
    ]
    assert (catalogue.pipeline, catalogue.rows, catalogue.newest) == ("retail", 2, NOW)


def test_publish_does_without_a_log(project: Path, goldlane: Callable[..., Any]) -> None:
    assert goldlane("publish").code == 0

    assert (told(project).nodes, told(project).source, told(project).rows) == ((), "shops", 2)
