"""Empty frames of a given schema: what planning answers reads of the pipeline's own tables with."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


def empty_batch(session: SparkSession, schema: StructType) -> DataFrame:
    """A batch without rows, and without a Spark job."""
    return _empty(session, schema, streams=False)


def empty_stream(session: SparkSession, schema: StructType) -> DataFrame:
    """A stream that will never be started."""
    return _empty(session, schema, streams=True)


def _empty(session: SparkSession, schema: StructType, *, streams: bool) -> DataFrame:
    from pyspark.sql import DataFrame

    java = session._jsparkSession  # noqa: SLF001  createDataFrame([]) makes an RDD, and a stream of no files looks for a folder
    return DataFrame(_maker(session._jvm)(java, java.parseDataType(schema.json()), streams), session)  # noqa: SLF001  as above


@cache
def _maker(jvm: Any) -> Callable[[Any, Any, bool], Any]:
    """Makes Spark's empty relation; each name is looked up once, for a look-up costs a round trip per dot."""
    catalyst = jvm.org.apache.spark.sql.catalyst
    attributes, relation = catalyst.types.DataTypeUtils.toAttributes, catalyst.plans.logical.LocalRelation
    frame, none = jvm.org.apache.spark.sql.classic.Dataset.ofRows, jvm.scala.Option.empty()
    rows = jvm.org.apache.spark.api.python.PythonUtils.toSeq(jvm.java.util.ArrayList())
    return lambda java, schema, streams: frame(java, relation(attributes(schema), rows, streams, none))
