from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pyspark.sql import functions as F
from pyspark.sql.types import StructType

from goldlane.errors import UsageError
from goldlane.pipelines.cdc import CdcError, ChangeSpec, target_schema

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


@pytest.fixture
def source(spark: SparkSession) -> StructType:
    return spark.createDataFrame([], "id long not null, name string, `op code` string, seq timestamp").schema


def spec(**settings: Any) -> ChangeSpec:
    return ChangeSpec(**{"target": "customers", "keys": ("id",), "sequence_by": "seq", **settings})


def test_every_mistake_of_a_declaration_is_reported_at_once() -> None:
    with pytest.raises(UsageError) as caught:
        spec(
            keys=(),
            sequence_by=" ",
            apply_as_truncates="true",
            scd_type=2,
            column_list=("a",),
            except_column_list=("b", "b"),
            ignore_null_updates=True,
            columns_to_update="c",
        )

    message = str(caught.value)
    assert "customers" in message
    assert "keys must name" in message
    assert "sequence_by" in message
    assert "apply_as_truncates needs SCD type 1" in message
    assert "column_list and except_column_list exclude each other" in message
    assert "except_column_list names b twice" in message
    assert "ignore_null_updates and columns_to_update exclude each other" in message


def test_history_is_tracked_by_type_2_only() -> None:
    with pytest.raises(CdcError, match="track_history_column_list needs SCD type 2"):
        spec(track_history_column_list=("name",))


def test_a_text_is_no_list_of_columns() -> None:
    with pytest.raises(CdcError, match="keys must be a list of columns, not the text 'id'"):
        spec(keys="id")


def test_lists_take_columns_and_quoted_names(spark: SparkSession) -> None:  # noqa: ARG001  columns need a session
    made = spec(keys=[F.col("id")], except_column_list=["`op code`", F.col("`seq`")])

    assert made.keys == ("id",)
    assert made.except_column_list == ("op code", "seq")


def test_the_target_has_the_selected_columns_in_the_order_of_the_source(spark: SparkSession, source: StructType) -> None:
    schema = target_schema(source, spec(keys=("ID",), except_column_list=("op code", "SEQ")), spark)

    assert schema == StructType.fromDDL("id long, name string")


def test_the_keys_belong_to_the_target_whether_they_are_listed_or_not(spark: SparkSession, source: StructType) -> None:
    schema = target_schema(source, spec(column_list=("name",)), spark)

    assert schema.fieldNames() == ["id", "name"]


@pytest.mark.parametrize(
    "sequence, kind", [("seq", "timestamp"), ("struct(seq, id)", "struct<seq:timestamp,id:bigint>"), ("unix_seconds(seq)", "bigint")]
)
def test_the_bounds_of_a_version_have_the_type_of_the_sequence(spark: SparkSession, source: StructType, sequence: str, kind: str) -> None:
    schema = target_schema(source, spec(sequence_by=sequence, scd_type=2, column_list=("name",)), spark)

    assert [(field.name, field.dataType.simpleString()) for field in schema.fields[-2:]] == [("__START_AT", kind), ("__END_AT", kind)]


def test_every_column_that_the_source_lacks_is_reported_at_once(spark: SparkSession, source: StructType) -> None:
    with pytest.raises(CdcError) as caught:
        target_schema(source, spec(keys=("idd",), except_column_list=("opcode",), columns_to_update="changed"), spark)

    assert "keys names 'idd', which the source lacks" in str(caught.value)
    assert "except_column_list names 'opcode'" in str(caught.value)
    assert "columns_to_update 'changed' does not fit the source" in str(caught.value)
    assert "the source has id, name, op code, seq" in str(caught.value)


def test_a_history_cannot_be_made_from_rows_that_carry_bounds_already(spark: SparkSession) -> None:
    versions = StructType.fromDDL("id long, seq long, __START_AT long")

    with pytest.raises(CdcError, match="'__START_AT' has a name that the change flow itself uses"):
        target_schema(versions, spec(scd_type=2), spark)


def test_every_expression_that_does_not_fit_the_source_is_reported_at_once(spark: SparkSession) -> None:
    source = StructType.fromDDL("id long, tags map<string, string>, op string")
    flow = spec(
        sequence_by="tags",
        apply_as_deletes="operation = 'D'",
        apply_as_truncates="op",
        where="op = = 'x'",
        columns_to_update="op",
        except_column_list=("op",),
    )

    with pytest.raises(CdcError) as caught:
        target_schema(source, flow, spark)

    message = str(caught.value)
    assert "sequence_by 'tags' cannot order the changes: map<string,string> has no order" in message
    assert "apply_as_deletes \"operation = 'D'\" does not fit the source: [UNRESOLVED_COLUMN" in message
    assert "apply_as_truncates 'op' is no condition, but string" in message
    assert "where \"op = = 'x'\" does not fit the source: " in message
    assert "columns_to_update 'op' must be array<string>, and is string" in message
    assert "the source has id, tags, op" in message
