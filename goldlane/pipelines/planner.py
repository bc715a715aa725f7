"""Runs each dataset function once against empty stand-ins: finds inputs, kinds and schemas, and every mistake, before a write."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.pipelines.changeplans import planned_changes, planned_snapshots, require_change_flows_fit
from goldlane.pipelines.checks import rule_problems
from goldlane.pipelines.definitions import ChangeFlow, Dataset, Flow, Problem, SnapshotFlow
from goldlane.pipelines.errors import MissingTableError, PipelineError
from goldlane.pipelines.externals import Externals
from goldlane.pipelines.failures import message_of, print_trace
from goldlane.pipelines.guards import evaluating
from goldlane.pipelines.names import name_parts
from goldlane.pipelines.ordering import with_waits
from goldlane.pipelines.part import Part
from goldlane.pipelines.places import Place, place_of_error
from goldlane.pipelines.plan import Plan, PlannedDataset, PlannedFlow
from goldlane.pipelines.planreads import Planning, PlanReads
from goldlane.pipelines.reads import reading
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.resolution import Names
from goldlane.pipelines.schematext import parse_schema
from goldlane.pipelines.shapes import kind_of, require_distinct_columns, schema_of_flows
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.pipelines.files import FileReads


class _DependsOnBrokenError(Exception):
    """A dataset cannot be planned because one it reads could not; only the first cause is reported."""


class Planner:
    """Plans datasets on demand: reading one that is not planned yet plans it first."""

    def __init__(  # noqa: PLR0913  what planning works with
        self, registry: Registry, session: SparkSession, externals: Externals, files: FileReads, storage: Storage, root: Path
    ) -> None:
        self.registry, self.session, self._storage = registry, session, storage
        names = Names(registry.namespace, registry.datasets, externals)
        self._planning = Planning(session=session, names=names, externals=externals, files=files, dataset=self.dataset)
        self._root = root
        self._planned: dict[str, PlannedDataset] = {}
        self._open: list[str] = []
        self._broken: set[str] = set()
        self._reads: dict[str, set[str]] = {}
        self.problems: list[Problem] = list(registry.problems)

    def plan(self, part: Part | None = None) -> Plan:
        """Every dataset of the registry, or of a part of it, or the problems that prevent it."""
        part = part or Part()
        for key in part.candidates(self.registry):
            try:
                self.dataset(key)
            except _DependsOnBrokenError:
                continue
        planned = Plan(
            datasets=self._planned,
            problems=tuple(self.problems),
            hooks=tuple(self.registry.hooks),
            deprecations=tuple(self.registry.deprecations),
        )
        return with_waits(part.of(planned, self._reads, self.registry))

    def dataset(self, key: str) -> PlannedDataset:
        """The planned dataset, planning it now where needed.

        Raises:
            PipelineError: it reads itself, over whatever way.
        """
        if key in self._planned:
            return self._planned[key]
        if key in self._broken:
            raise _DependsOnBrokenError
        if key in self._open:
            circle = [self.registry.datasets[one].written for one in [*self._open[self._open.index(key) :], key]]
            raise PipelineError(f"datasets read each other in a circle: {' -> '.join(circle)}")
        self._open.append(key)
        try:
            planned = self._plan_dataset(self.registry.datasets[key])
        except _DependsOnBrokenError:
            self._broken.add(key)
            raise
        finally:
            self._open.pop()
        self._planned[key] = planned
        return planned

    def _plan_dataset(self, dataset: Dataset) -> PlannedDataset:
        place = dataset.place
        try:
            declared = parse_schema(dataset.schema) if dataset.schema is not None else None
            require_change_flows_fit(dataset, self.registry.flows_into(dataset.name))
            flows = []
            for flow in self.registry.flows_into(dataset.name):
                place = flow.place or dataset.place
                flows.append(self._plan_flow(flow, dataset))
            place = dataset.place
            kind = kind_of(dataset, flows)
            require_distinct_columns(kind, flows)
            schema = schema_of_flows(kind, declared, flows)
        except _DependsOnBrokenError:
            raise
        except Exception as error:  # noqa: BLE001  user code may raise anything; it becomes a problem of its dataset
            found = place_of_error(sys.exc_info()[2], self._root)
            self._report(error, dataset, found or place)
            raise _DependsOnBrokenError from None
        dataset = replace(dataset, ignored=(*dataset.ignored, *(declared.ignored if declared else ())))
        key, generated = (declared.primary_key, declared.generated) if declared else ((), {})
        return PlannedDataset(dataset=dataset, kind=kind, schema=schema, primary_key=key, flows=tuple(flows), generated=generated)

    def _plan_flow(self, flow: Flow, dataset: Dataset) -> PlannedFlow:
        reads = PlanReads(self._planning, flow)
        try:
            with reading(reads):
                frame, arriving = self._frames(flow, reads, dataset)
        finally:
            self._reads.setdefault(dataset.name.key, set()).update(reads.keys)
        if dataset.expectations:
            self.problems += [problem for problem in rule_problems(arriving, dataset) if problem not in self.problems]
        return PlannedFlow(
            flow=flow,
            schema=frame.schema,
            streams=frame.isStreaming,
            inputs=tuple(dict.fromkeys(reads.inputs)),
            externals=tuple(dict.fromkeys(reads.externals)),
            explain=frame._jdf.queryExecution().analyzed().treeString(),  # noqa: SLF001  the plan has no public Python face
        )

    def _frames(self, flow: Flow, reads: PlanReads, dataset: Dataset) -> tuple[DataFrame, DataFrame]:
        """The rows that the flow writes, and those that its target's rules look at."""
        from pyspark.sql import DataFrame

        if isinstance(flow, ChangeFlow):
            return planned_changes(flow, reads, self.session, dataset)
        if isinstance(flow, SnapshotFlow):
            return planned_snapshots(flow, reads, self.session, self._storage, dataset)
        with evaluating(dataset):
            frame = flow.function()
        if not isinstance(frame, DataFrame):
            raise PipelineError(
                f"{flow.name!r} returned {type(frame).__name__}, not a DataFrame", hint="a dataset function returns its query"
            )
        return frame, frame

    def _follows(self, error: Exception) -> bool:
        """Whether a table is only missing because the file that speaks of it did not load: that is reported already."""
        if not isinstance(error, MissingTableError):
            return False
        table = name_parts(error.table)[-1]
        return any(table in file.read_text(encoding="utf-8", errors="ignore") for file in self.registry.unloaded)

    def _report(self, error: Exception, dataset: Dataset, place: Place | None) -> None:
        if self._follows(error):
            return
        print_trace(error)
        code = _code(error)
        mistakes: Sequence[str] = error.mistakes if isinstance(error, Mistakes) else [message_of(error)]
        hint = f" ({error.hint})" if isinstance(error, Mistakes) and error.hint else ""
        for mistake in mistakes:
            message = f"{dataset.written!r}: {mistake}{hint}"
            self.problems.append(Problem(code=code, message=message, place=place, dataset=dataset.name.key))


def _code(error: Exception) -> str:
    """The error's class; files that Spark does not find are missing as Auto Loader's are."""
    from pyspark.errors import AnalysisException

    condition = error.getCondition() if isinstance(error, AnalysisException) else None
    return "MissingPathError" if condition == "PATH_NOT_FOUND" else type(error).__name__
