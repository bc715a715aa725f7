"""SOURCE as the key of a pipeline in ``databricks.yml``."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.cli.bundled import pipeline_asked
from goldlane.settings import Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

BUNDLE = """
bundle: {name: shop}
variables: {schema: {default: shop}}
targets: {dev: {default: true}, prod: {variables: {schema: sales}}}
resources:
  pipelines:
    orders:
      name: Orders of the shop
      catalog: main
      schema: ${var.schema}
      libraries: [{glob: {include: lane/**}}]
      configuration: {shop.rows: "3"}
"""
LANE = "import dlt\n\n@dlt.table\ndef orders():\n    return spark.range(int(spark.conf.get('shop.rows')))\n"

Goldlane = Callable[..., Any]


@pytest.fixture
def bundle(tmp_path: Path, goldlane: Goldlane) -> Goldlane:
    (tmp_path / "databricks.yml").write_text(BUNDLE, encoding="utf-8")
    (tmp_path / "lane").mkdir()
    (tmp_path / "lane" / "tables.py").write_text(LANE, encoding="utf-8")
    return goldlane


def test_a_pipeline_of_the_bundle_is_a_source_by_its_key(bundle: Goldlane) -> None:
    ran = bundle("check", "orders", "--json")

    assert (ran.code, [table["name"] for table in ran.document["datasets"]]) == (0, ["orders"])


def test_it_is_a_source_by_its_name_too(bundle: Goldlane) -> None:
    assert bundle("check", "Orders of the shop").code == 0


def test_it_is_found_from_a_folder_inside_the_bundle(bundle: Goldlane, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("lane")

    assert bundle("check", "orders").code == 0


def test_catalog_schema_name_and_configuration_are_those_of_the_bundles_default_target(bundle: Goldlane, tmp_path: Path) -> None:
    del bundle

    asked = pipeline_asked(["orders"], Settings(root=tmp_path))

    assert (asked.name, asked.catalog, asked.schema, asked.configuration) == ("orders", "main", "shop", {"shop.rows": "3"})


@pytest.mark.usefixtures("spark")
def test_an_update_of_it_writes_where_the_bundles_jobs_do_and_the_callers_words_win(bundle: Goldlane) -> None:
    ran = bundle("run", "orders", "--storage", "lakehouse", "--conf", "shop.rows=5", "--json")

    (table,) = ran.document["datasets"]
    assert (ran.code, table["output_rows"]) == (0, 5)
    assert table["path"].endswith("lakehouse/tables/main.shop/orders")


def test_a_file_or_folder_of_that_name_comes_first(bundle: Goldlane, tmp_path: Path) -> None:
    (tmp_path / "orders").mkdir()

    ran = bundle("check", "orders")

    assert (ran.code, ran.complaint.split("\n")[0]) == (2, "goldlane: orders holds no .py file, notebook or SQL file of a pipeline")


def test_a_key_that_the_bundle_has_not_is_told_beside_the_nearest(bundle: Goldlane, tmp_path: Path) -> None:
    ran = bundle("run", "order", "--storage", "lakehouse")

    assert ran.code == 2
    assert f"order is no file or folder here, and no pipeline of {tmp_path / 'databricks.yml'}; is it 'orders'?" in ran.complaint


def test_the_graph_is_one_document_with_json(bundle: Goldlane, spark: SparkSession) -> None:
    del spark

    ran = bundle("graph", "orders", "--json")

    assert (ran.code, [node["name"] for node in ran.document["nodes"]]) == (0, ["orders"])
