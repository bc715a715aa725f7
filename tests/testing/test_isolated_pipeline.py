from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from chispa import assert_df_equality

from goldlane.pipelines.errors import InvalidPipelineError, PipelineError, UpdateFailedError
from goldlane.testing import IsolatedPipeline, NewPipeline

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CUSTOMERS = [{"customer": "c1", "country": "NO"}, {"customer": "c2", "country": "SE"}]
ORDERS = [("o1", "c1", Decimal("10.00")), ("o2", None, Decimal("5.00")), ("o3", "c1", Decimal("-1.00"))]
ORDER = "id STRING, customer STRING, amount DECIMAL(10,2)"


@pytest.fixture(scope="module")
def fed(pipeline_factory: NewPipeline, lane: Path) -> IsolatedPipeline:
    """Silver on given bronze rows: without Auto Loader, customers or days."""
    fed = pipeline_factory(lane).feed("bronze_orders", ORDERS, ORDER)
    fed.run("silver_orders")
    return fed


def test_a_dataset_that_is_fed_is_not_computed_and_its_reader_gets_the_rows(fed: IsolatedPipeline) -> None:
    assert fed.rows("silver_orders") == [("o1", "c1", Decimal("10.00")), ("o3", "c1", Decimal("-1.00"))]


def test_the_last_update_counts_the_rules(fed: IsolatedPipeline) -> None:
    assert {rule.name: rule.failed for rule in fed.update["silver_orders"].expectations} == {"has_customer": 1, "is_positive": 1}


def test_a_run_of_named_tables_leaves_the_rest_alone(fed: IsolatedPipeline) -> None:
    assert [dataset.name for dataset in fed.update.datasets] == ["silver_orders"]


def test_a_table_compares_with_chispa(fed: IsolatedPipeline, spark: SparkSession) -> None:
    expected = spark.createDataFrame([("o1", "c1"), ("o3", "c1")], "id STRING, customer STRING")

    assert_df_equality(fed.table("silver_orders").select("id", "customer"), expected, ignore_row_order=True)


def test_the_rows_of_some_columns_come_in_the_order_of_their_values(fed: IsolatedPipeline) -> None:
    assert fed.rows("bronze_orders", "customer") == [(None,), ("c1",), ("c1",)]


def test_the_events_are_those_of_the_last_run(fed: IsolatedPipeline) -> None:
    (names,) = zip(
        *fed.events().selectExpr("origin.dataset_name").where("origin.dataset_name IS NOT NULL").distinct().collect(), strict=True
    )

    assert names == ("default.silver_orders",)


def test_a_table_that_no_run_wrote_names_what_ran(fed: IsolatedPipeline) -> None:
    with pytest.raises(Exception, match=r"'gold_calendar' has no table: the last run was of silver_orders .run\('gold_calendar'\) runs it"):
        fed.table("gold_calendar")


@pytest.mark.slow
def test_feeding_a_dataset_runs_what_reads_it_and_a_second_feed_is_what_is_new(pipeline: NewPipeline, lane: Path) -> None:
    shop = pipeline(lane).feed("bronze_orders", ORDERS, ORDER).feed("crm.customers", CUSTOMERS)

    first = shop.run()
    second = shop.feed("bronze_orders", [{"id": "o4", "customer": "c2", "amount": Decimal(7)}]).run()

    assert [dataset.name for dataset in first.datasets] == ["silver_orders", "customers", "gold_revenue"]
    assert second["silver_orders"].output_rows == 1
    assert shop.rows("gold_revenue") == [("NO", Decimal("9.00")), ("SE", Decimal("7.00"))]


def test_landed_files_arrive_once_each(pipeline: NewPipeline, lane: Path) -> None:
    landing = "/Volumes/shop/landing/orders"
    shop = pipeline(lane).land(landing, [{"id": "o1", "customer": "c1", "amount": 1.5}]).land(f"{landing}/day1.json", '{"id": "o2"}\n')

    first = shop.run("bronze_orders")
    second = shop.land(landing, [{"id": "o3", "customer": "c1", "amount": 2.5}]).run("bronze_orders")

    assert (first["bronze_orders"].output_rows, second["bronze_orders"].output_rows) == (2, 1)
    assert shop.rows("bronze_orders", "id") == [("o1",), ("o2",), ("o3",)]


def test_a_missing_input_is_named_with_what_to_do(pipeline: NewPipeline, lane: Path) -> None:
    with pytest.raises(InvalidPipelineError, match=r"'customers': there is no table 'crm.customers'"):
        pipeline(lane).feed("bronze_orders", ORDERS, ORDER).run()


def test_a_name_that_the_pipeline_does_not_have_is_told(pipeline: NewPipeline, lane: Path) -> None:
    with pytest.raises(PipelineError, match=r"the pipeline has no dataset 'silver' .it has bronze_orders, silver_orders"):
        pipeline(lane).run("silver")


def test_a_failed_dataset_fails_the_test_unless_it_says_otherwise(pipeline: NewPipeline, tmp_path: Path) -> None:
    source = tmp_path / "lane.py"
    source.write_text("import dlt\n@dlt.table\n@dlt.expect_or_fail('small', 'id < 2')\ndef t():\n    return spark.read.table('raw')\n")
    checked = pipeline(source).feed("raw", [(1,), (2,)], ["id"])

    with pytest.raises(UpdateFailedError, match=r"lane.py:2: t: .*Violated expectations: 'small'"):
        checked.run()

    assert checked.run(check=False)["t"].status == "FAILED"
