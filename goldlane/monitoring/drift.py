"""The drift table: every window beside the one before it, and beside the baseline."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, cast

from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema
from pyspark.sql.types import StructType

from goldlane.monitoring.comparisons import compared, with_pvalues
from goldlane.monitoring.schemas import DRIFT_COLUMNS, ddl
from goldlane.monitoring.statistics.science import need_scipy

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

# What a comparison reads of a row of state, with the estimate of its distinct values.
_READ = (
    *("log_type", "window", "granularity", "slice_key", "slice_value", "model_id", "column_name"),
    *("data_type", "kind", "rows", "nulls", "zeros", "finite", "mean", "kll", "items", "other", "changed"),
)
_DISTINCT = "CASE WHEN hll IS NULL THEN NULL ELSE least(hll_sketch_estimate(hll), rows - coalesce(nulls, 0)) END"
_SLICE = ("slice_key", "slice_value")
_ORDER = (*_SLICE, "log_type", "model_id", "granularity", "window", "column_name")
_ROWS_AT_ONCE = 10_000


def drift_rows(state: DataFrame, *, monitor_version: int, is_small: bool = False) -> DataFrame:
    """Drift, as ``DRIFT_COLUMNS`` and ``model_id`` last, of the windows marked ``changed`` and of each window after one of them.

    ``state`` has the columns of ``STATE_COLUMNS`` and ``changed BOOLEAN``, and the rows of every window to compare with: those that
    changed, the ones before and after each of them, and the baseline's. A window is compared with the one before it that exists, of
    the same granularity, slice and model; ``window_cmp`` is NULL beside the baseline. A column that the reference does not have, and a
    slice that the baseline does not have, get no row. State that ``is_small`` is compared here and now, without Spark's Python workers.

    Raises:
        MissingExtraError: SciPy is not installed.
    """
    need_scipy("drift")
    schema = cast("StructType", StructType.fromDDL(ddl({**DRIFT_COLUMNS, "model_id": "STRING"})))
    comparison = _Comparison(schema=schema, monitor_version=monitor_version)
    read = state.select(*_READ, F.expr(_DISTINCT).alias("distinct"))
    if is_small:
        return _on_driver(read, comparison)
    return read.repartition(*_SLICE).sortWithinPartitions(*_ORDER).mapInArrow(comparison, schema)


def _on_driver(read: DataFrame, comparison: _Comparison) -> DataFrame:
    import pyarrow as pa

    fields = to_arrow_schema(comparison.schema, timezone="UTC")
    # Spark takes no table without batches.
    found = list(comparison(read.orderBy(*_ORDER).toArrow().to_batches())) or [pa.RecordBatch.from_pylist([], schema=fields)]
    return read.sparkSession.createDataFrame(pa.Table.from_batches(found), comparison.schema)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    """What a worker of Spark does with the slices it is given."""

    schema: StructType
    monitor_version: int

    def __call__(self, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        fields = to_arrow_schema(self.schema, timezone="UTC")
        rows = compared(batches)
        while several := list(islice(rows, _ROWS_AT_ONCE)):
            for row in with_pvalues(several):
                row["monitor_version"] = self.monitor_version
            yield pa.RecordBatch.from_pylist(several, schema=fields)
