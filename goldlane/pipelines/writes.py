"""The reads of a flow that really runs, and the observations that come with the rules of tables and views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.expectations import Action, Check, enforce, quality
from goldlane.pipelines.checks import checks_of
from goldlane.pipelines.connectors import Elsewhere
from goldlane.pipelines.definitions import Dataset, Flow, Kind, QueryFlow
from goldlane.pipelines.errors import MissingTableError, PipelineError
from goldlane.pipelines.externals import Externals
from goldlane.pipelines.files import FileReads
from goldlane.pipelines.guards import Guard, evaluating
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.outcome import FlowCounts, RuleResult
from goldlane.pipelines.plan import Plan
from goldlane.pipelines.quietcommits import over_forgettings
from goldlane.pipelines.reads import NO_OPTIONS
from goldlane.pipelines.resolution import Names
from goldlane.pipelines.storage import Storage
from goldlane.stopping import Stop

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Observation, SparkSession
    from pyspark.sql.types import StructType


@dataclass(frozen=True, slots=True)
class Observed:
    """An observation placed in a flow's plan: of the flow's own table, or of a view it reads."""

    name: str
    dataset: str
    checks: Sequence[Check]
    observation: Observation | None
    is_target: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What all flows of an update share. ``continuous`` flows go on until ``stop`` is asked for."""

    session: SparkSession
    storage: Storage
    namespace: Namespace
    plan: Plan
    names: Names
    externals: Externals
    files: FileReads
    guard: Guard
    configuration: Mapping[str, str] = field(default_factory=dict)
    stop: Stop = field(default_factory=Stop)
    continuous: bool = False

    def on(self, session: SparkSession) -> World:
        """The same world, read through another session."""
        return replace(self, session=session, externals=self.externals.on(session), files=self.files.on(session))


class FlowReads:
    """Answers a flow's reads with real tables; views are computed in place, with their rules.

    ``lenient`` reads let rows pass that break a FAIL rule, and count them: to say how many there are once a write was stopped.
    """

    def __init__(self, world: World, flow: Flow, *, lenient: bool = False) -> None:
        self._world, self._flow, self._lenient = world, flow, lenient
        self._files = world.files.of(flow)
        self.observed: list[Observed] = []

    def batch(self, name: str, options: Mapping[str, str] = NO_OPTIONS) -> DataFrame:
        """A table's rows, or a view's query."""
        return self._frame(name, options, streams=False)

    def stream(self, name: str, options: Mapping[str, str]) -> DataFrame:
        """What is new in a table, or a view's streaming query."""
        return self._frame(name, options, streams=True)

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """Files as they arrive."""
        return self._files.cloud_files(paths, options, schema)

    def elsewhere(self, source: Elsewhere) -> DataFrame:
        """The rows bound in place of a source, else the source."""
        bound = self._world.externals.elsewhere(source)
        return source.frame() if bound is None else bound

    def knows(self, name: str) -> bool:
        """Whether SQL text that says ``name`` means something of ours."""
        return self._world.names.knows(name, self._flow.target)

    def missing(self, name: str) -> MissingTableError:
        """The error for a table that nobody knows."""
        return self._world.externals.missing(name)

    def location(self, name: str) -> Path | None:
        """Where a table of the pipeline, or an external one, lies."""
        qualified = self._world.names.of(name, self._flow.target)
        own = qualified.key in self._world.plan.datasets
        return self._world.storage.table(qualified) if own else self._world.externals.location(qualified, name)

    def path(self, path: str) -> str:
        """The mapped path."""
        return self._world.files.path(path)

    def enforced(self, frame: DataFrame, dataset: Dataset, *, is_target: bool) -> DataFrame:
        """``frame`` under the dataset's rules, observed on its way; every flow's own table is observed, rules or not."""
        from pyspark.sql import DataFrame, Observation

        # From here on it is the runtime's frame: its session reads paths, not the pipeline's names.
        frame = DataFrame(frame._jdf, self._world.session)  # noqa: SLF001  a frame cannot be moved to another session publicly
        checks = checks_of(dataset)
        name = f"goldlane_{len(self.observed)}"
        observation = None if frame.isStreaming else Observation(name)
        self.observed.append(Observed(name, dataset.written, checks, observation, is_target))
        enforced = [_lenient(check) for check in checks] if self._lenient else checks
        return enforce(frame, enforced, observation or name, flow=self._flow.name)

    def counts(self, metrics: Mapping[str, Mapping[str, Any]]) -> FlowCounts:
        """The rows and rules of one write, from what was observed on it."""
        total = FlowCounts()
        for entry in self.observed:
            if "rows" not in metrics.get(entry.name, {}):
                continue
            found = quality(metrics[entry.name], entry.checks)
            rules = tuple(
                RuleResult(name=count.name, dataset=entry.dataset, action=count.action, passed=count.passed, failed=count.failed)
                for count in found.failed
            )
            output = found.rows - found.dropped if entry.is_target else 0
            total += FlowCounts(output_rows=output, dropped_rows=found.dropped, rules=rules)
        return total

    def _frame(self, name: str, options: Mapping[str, str], *, streams: bool) -> DataFrame:
        world = self._world
        qualified = world.names.of(name, self._flow.target)
        planned = world.plan.datasets.get(qualified.key)
        if planned is None and streams:
            place = world.externals.location(qualified, name)
            return world.externals.stream(qualified, name, options if place is None else self._passing(options, place))
        if planned is None:
            return world.externals.batch(qualified, name, options)
        if planned.kind is Kind.VIEW:
            return self._view(planned.flows[0].flow, planned.dataset)
        path = world.storage.table(planned.dataset.name)
        if not (path / "_delta_log").is_dir():
            raise PipelineError(f"{name!r} has no table, for no update wrote it yet", hint="leave out refresh, or name it there, too")
        if streams:
            return world.session.readStream.format("delta").options(**self._passing(options, path)).load(str(path))
        return world.session.read.format("delta").options(**options).load(str(path))

    def _passing(self, options: Mapping[str, str], table: Path) -> Mapping[str, str]:
        storage, target = self._world.storage, self._flow.target
        if target is None:
            return options
        return over_forgettings(options, table, storage.checkpoint(target, self._flow.name, storage.generation(target)))

    def _view(self, flow: Flow, dataset: Dataset) -> DataFrame:
        if not isinstance(flow, QueryFlow):
            raise PipelineError(f"view {dataset.written!r} cannot be the target of AUTO CDC")
        with evaluating(dataset):
            frame = flow.function()
        return self.enforced(frame, dataset, is_target=False) if dataset.expectations else frame


def _lenient(check: Check) -> Check:
    return replace(check, action=Action.WARN) if check.action is Action.FAIL else check


class PeekReads(FlowReads):
    """Answers a flow's reads for a look at its sources: without rules, and Auto Loader without its parser."""

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """The files of the source, unparsed."""
        return self._files.planned_files(paths, options, schema)

    def enforced(self, frame: DataFrame, dataset: Dataset, *, is_target: bool) -> DataFrame:
        """``frame`` as it is."""
        del dataset, is_target
        return frame
