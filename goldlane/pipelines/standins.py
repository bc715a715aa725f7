"""Empty frames of a given schema: what planning answers reads of the pipeline's own tables with."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession
    from pyspark.sql.types import StructType


def empty_batch(session: SparkSession, schema: StructType) -> DataFrame:
    """A batch without rows, and without a Spark job."""
    from pyspark.sql import DataFrame

    java = session._jsparkSession  # noqa: SLF001  createDataFrame([]) would make an RDD of it
    rows = session._jvm.java.util.ArrayList()  # type: ignore[union-attr]  # noqa: SLF001  as above
    return DataFrame(java.createDataFrame(rows, java.parseDataType(schema.json())), session)


def empty_stream(session: SparkSession, schema: StructType) -> DataFrame:
    """A stream that will never be started."""
    return session.readStream.schema(schema).format("parquet").load(tempfile.gettempdir() + "/goldlane-nothing-*")
