"""What stopped a flow, where it was a rule: how many rows of the batch broke each, or which predicate could not be evaluated."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.expectations import violation
from goldlane.pipelines.definitions import ChangeFlow, Dataset, Expectation
from goldlane.pipelines.errors import ExpectationError
from goldlane.pipelines.flows.source import batch_counts, checked_changes, checked_query
from goldlane.pipelines.outcome import FlowCounts
from goldlane.pipelines.writes import FlowReads
from goldlane.stopping import Stop
from goldlane.streams import Course, run_stream

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from goldlane.pipelines.flows.target import Target
    from goldlane.pipelines.plan import PlannedFlow

_REASON = r"\[[A-Z]\w*(?:\.\w+)*\] (?P<what>(?:(?!\n== |\] ).)*?)(?: SQLSTATE: \w{5})?\s*\n"
_BLAMED_TEXT = re.compile(_REASON + r"== SQL[^\n]*==\n(?P<sql>.*?)\n\s*\^", re.DOTALL)
_BLAMED_LINE = re.compile(_REASON + r"== DataFrame ==\n[^\n]* was called from\n(?P<place>[^\n]+)", re.DOTALL)


def rule_failure(target: Target, flow: PlannedFlow, error: Exception) -> ExpectationError | None:
    """``error`` as what it says of the flow's rules; None when it says nothing of them."""
    broken = violation(error)
    if broken is None:
        return _unasked(target, error)
    try:
        counts = FlowCounts(rules=_count(target, flow).rules)
    except Exception:  # noqa: BLE001  counting is only told beside the failure, whose own cause must not be lost
        return ExpectationError(broken)
    told = "; ".join(f"{rule.name} {rule.passed:,} passed, {rule.failed:,} failed" for rule in counts.rules)
    return ExpectationError(f"{broken} Rows of this batch: {told}.", counts=counts)


def _count(target: Target, flow: PlannedFlow) -> FlowCounts:
    """One scan of the batch that was not written, with the same rules in the same places, of which none stops it."""
    reads = FlowReads(target.world, flow.flow, lenient=True)
    frame = checked_changes(target, flow.flow, reads) if isinstance(flow.flow, ChangeFlow) else checked_query(target, flow, reads)
    if not frame.isStreaming:
        _discard(frame, 0)
        return batch_counts(reads)
    checkpoint = target.checkpoint(flow.flow.name)
    with tempfile.TemporaryDirectory(prefix=".count-", dir=checkpoint.parent) as folder:
        # The checkpoint knows which rows the batch is made of. Spark replaces its files and never changes them: links are enough.
        copy = shutil.copytree(checkpoint, Path(folder) / "checkpoint", copy_function=os.link)
        course = Course(name=f"{target.planned.dataset.name}/{flow.flow.name}/count", checkpoint=copy, stop=Stop())
        batch = next(batch for batch in run_stream(frame, _discard, course) if batch is not None)
    return reads.counts(batch.observed)


def _discard(batch: DataFrame, batch_id: int) -> None:
    del batch_id
    batch.write.format("noop").mode("overwrite").save()


def _unasked(target: Target, error: Exception) -> ExpectationError | None:
    """A predicate that raised."""
    text = f"{error}\n{getattr(error, '_stackTrace', '')}"
    by_text, by_line = _BLAMED_TEXT.search(text), _BLAMED_LINE.search(text)
    for dataset, rule in _rules(target):
        blamed = by_text if by_text and rule.text.strip() == by_text["sql"].strip() else None
        blamed = by_line if by_line and str(rule.place) == by_line["place"].strip() else blamed
        if blamed is not None:
            what = " ".join(blamed["what"].split())
            message = f"expectation {rule.name!r} ({rule.text}) of {dataset.written!r} cannot be evaluated: {what}"
            return ExpectationError(message, place=rule.place)
    return None


def _rules(target: Target) -> Iterable[tuple[Dataset, Expectation]]:
    """The rules of the target, and of every view, for one of them may be read on the way."""
    datasets = [target.planned.dataset, *(planned.dataset for planned in target.world.plan.datasets.values())]
    return ((dataset, rule) for dataset in datasets for rule in dataset.expectations)
