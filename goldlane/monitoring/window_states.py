"""One column in one window, as its row of state tells: what two windows are compared by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from goldlane.monitoring.columns import CATEGORICAL, NUMERIC
from goldlane.monitoring.distributions import CategoricalDistribution, NumericDistribution
from goldlane.monitoring.magnitudes import calibrated
from goldlane.monitoring.sketches import kll_distribution

if TYPE_CHECKING:
    import pyarrow as pa

Distribution = NumericDistribution | CategoricalDistribution
# What has a size of its own is read per row, when it is needed; everything else as plain Python values.
_HEAVY = ("kll", "items")


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowState:
    """``facts`` are the row's plain columns; ``distribution`` is None for a column whose kind is not compared, and for the table."""

    facts: dict[str, Any]
    distribution: Distribution | None = None

    @property
    def column(self) -> str:
        """The column's name, or ``:table``."""
        return str(self.facts["column_name"])

    @property
    def count(self) -> int:
        """Values that are not NULL; rows, for the table."""
        return int(self.facts["rows"] - (self.facts["nulls"] or 0))

    @property
    def mean(self) -> float | None:
        """Of the finite values of a numeric column; None for every other, and where there are none."""
        return self.facts["mean"] if self.facts["kind"] == NUMERIC and self.facts["finite"] else None

    def percent(self, counted: str, of: str = "count") -> float | None:
        """0 to 100; None where there is nothing to count or nothing to count among."""
        number, whole = self.facts[counted], self.count if of == "count" else self.facts[of]
        return None if number is None or not whole else 100.0 * float(number) / float(whole)


def window_states(batch: pa.RecordBatch) -> Iterator[WindowState]:
    """A state for each row of a batch, in order."""
    light = [name for name in batch.schema.names if name not in _HEAVY]
    for position, facts in enumerate(batch.select(light).to_pylist()):
        yield WindowState(facts=facts, distribution=_distribution(batch, position, facts))


def _distribution(batch: pa.RecordBatch, position: int, facts: dict[str, Any]) -> Distribution | None:
    if facts["kind"] == NUMERIC:
        return _numeric(batch, position)
    if facts["kind"] == CATEGORICAL:
        return CategoricalDistribution(items=_counts(batch.column("items")[position]), other=facts["other"] or 0)
    return None


def _numeric(batch: pa.RecordBatch, position: int) -> NumericDistribution:
    sketch = batch.column("kll")[position].as_py()
    if not sketch:
        return NumericDistribution.of_values(np.empty(0))
    sketched = kll_distribution(sketch)
    if sketched.points.size == sketched.count:
        return sketched
    return calibrated(sketched, {int(name): count for name, count in _counts(batch.column("items")[position]).items()})


def _counts(items: Any) -> dict[Any, int]:
    if not items.is_valid or not len(items):
        return {}
    names, counts = (items.values.field(name).to_pylist() for name in ("item", "count"))
    return dict(zip(names, counts, strict=True))
