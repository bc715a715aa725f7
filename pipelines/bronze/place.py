"""The place of a line within one block of its file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pandas as pd  # noqa: TC002  Spark evaluates the annotations below
from pyspark.sql.pandas.functions import pandas_udf

if TYPE_CHECKING:
    from pyspark.sql import Column


def line_in_block(file: Column, block_start: Column) -> Column:
    """Counts the lines of each (file, block) from 0, in the order in which its task reads them.

    The one Python function of the lane: a stream refuses ``monotonically_increasing_id()``, text files have no
    ``_metadata.row_index``, and without a place the winner among resends within one file would be chance.
    """

    # Nested, so that workers get its code by value: on a cluster they may lack this module.
    def count_lines(batches: Iterator[tuple[pd.Series, pd.Series]]) -> Iterator[pd.Series]:
        seen: Counter[str] = Counter()
        for files, starts in batches:
            blocks = files.str.cat(starts.astype(str), sep=":")
            yield blocks.groupby(blocks).cumcount() + blocks.map(seen)
            seen.update(blocks)

    count: Any = pandas_udf(count_lines, "bigint")  # type: ignore[call-overload]  # its stub knows Series only, not iterators
    place: Column = count.asNondeterministic()(file, block_start)
    return place
