"""Collects what source files declare while they load. One registry per load; the decorators write into the current one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from goldlane.pipelines.definitions import Dataset, Deprecation, Expectation, Flow, Hook, Kind, Problem, QueryFlow
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.names import Namespace, TableName
from goldlane.pipelines.resolution import own_table


class Registry:
    """Datasets and flows in the order of their declaration, and the problems met on the way."""

    def __init__(self, namespace: Namespace) -> None:
        self.namespace = namespace
        self.datasets: dict[str, Dataset] = {}
        self.flows: list[Flow] = []
        self.hooks: list[Hook] = []
        self._flows_into: dict[str, dict[str, Flow]] = {}
        self.deprecations: list[Deprecation] = []
        # Declared by create_table, which may yet turn out to decorate a function.
        self.promised: dict[str, Dataset] = {}
        self.problems: list[Problem] = []
        # Files that stopped half-way: what they would have declared is not known.
        self.unloaded: list[Path] = []
        self.replaced: frozenset[str] = frozenset()
        # Expectation decorators stand below the table's decorator and so run first, on a function that is nobody's yet.
        self._expectations: dict[Callable[..., Any], tuple[Expectation, ...]] = {}
        self._functions: dict[Callable[..., Any], str] = {}

    def add_dataset(self, dataset: Dataset) -> None:
        """Enter a dataset; a second one of the same name is a problem, not an overwrite."""
        first = self.datasets.get(dataset.name.key)
        if first is not None:
            where = f", first at {first.place}" if first.place else ""
            self.problems.append(
                Problem(code="duplicate_name", message=f"{dataset.written!r} is defined twice{where}", place=dataset.place)
            )
            return
        self.datasets[dataset.name.key] = dataset

    def add_flow(self, flow: Flow) -> None:
        """Enter a flow; two flows of one name into one target are a problem, for a checkpoint belongs to one flow."""
        others = self._flows_into.setdefault(flow.target.key, {})
        if flow.name in others:
            hint = "give each flow a name of its own (name=...)"
            self.problems.append(
                Problem(code="duplicate_flow", message=f"two flows named {flow.name!r} write to {flow.target}; {hint}", place=flow.place)
            )
            return
        self.flows.append(flow)
        others[flow.name] = flow
        if isinstance(flow, QueryFlow):
            self._functions[flow.function] = flow.target.key

    def add_expectations(self, function: Callable[..., Any], expectations: tuple[Expectation, ...]) -> None:
        """Attach rules to a decorated function, whether the dataset's decorator ran before or comes after."""
        self._expectations[function] = (*expectations, *self._expectations.get(function, ()))

    def finish(self) -> None:
        """Give each dataset the flows and rules meant for it; report those that no dataset carries, and doubled rule names."""
        for dataset in self.promised.values():
            self.add_dataset(dataset)
        self.flows = [self._aimed(flow) for flow in self.flows]
        self._flows_into = {}
        for flow in self.flows:
            self._flows_into.setdefault(flow.target.key, {})[flow.name] = flow
        self._functions = {flow.function: flow.target.key for flow in self.flows if isinstance(flow, QueryFlow)}
        for function, expectations in self._expectations.items():
            target = self._functions.get(function)
            if target is None or target not in self.datasets:
                name = getattr(function, "__name__", "?")
                self.problems.append(Problem(code="expectation_without_table", message=f"{name!r} has expectations but is no dataset"))
                continue
            dataset = self.datasets[target]
            if dataset.kind is Kind.SINK:
                message = f"{dataset.written!r} is a sink, and sinks take no expectations; put them on what its flow reads"
                self.problems.append(Problem(code="expectation_on_sink", message=message, place=dataset.place))
                continue
            self.datasets[target] = replace(dataset, expectations=(*dataset.expectations, *expectations))
        for dataset in self.datasets.values():
            self._report_doubled_rules(dataset)
        self._report_flows_into_nothing()
        self._report_sinks_into_own_tables()
        self._report_waits_for_nothing()

    def give_way(self, names: Iterable[str]) -> None:
        """Forget what is defined under ``names``, flows included: the caller's inputs answer for them; ``replaced`` tells which."""
        bound = {self.namespace.qualify(name).key for name in names}
        self.replaced = frozenset(bound.intersection(self.datasets))
        self.datasets = {key: dataset for key, dataset in self.datasets.items() if key not in bound}
        self.flows = [flow for flow in self.flows if flow.target.key not in bound]

    def flows_into(self, target: TableName) -> tuple[Flow, ...]:
        """The flows that feed ``target``."""
        return tuple(self._flows_into.get(target.key, {}).values())

    def _aimed(self, flow: Flow) -> Flow:
        """The flow, into the dataset that its target means where one of both is written out and the other is not."""
        if flow.target.key in self.datasets or self.namespace.is_said:
            return flow
        own = own_table(flow.target.written, self.datasets.values())
        return replace(flow, target=own) if own else flow

    def _report_doubled_rules(self, dataset: Dataset) -> None:
        names = [rule.name for rule in dataset.expectations]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.problems.append(
                Problem(
                    code="duplicate_expectation", message=f"{dataset.written!r} has two expectations named {name!r}", place=dataset.place
                )
            )

    def _report_flows_into_nothing(self) -> None:
        for flow in self.flows:
            if flow.target.key not in self.datasets:
                hint = "declare it with create_streaming_table"
                kind = "flow" if isinstance(flow, QueryFlow) else "AUTO CDC flow"
                self.problems.append(
                    Problem(
                        code="flow_into_nothing",
                        message=f"{kind} {flow.name!r} writes to {flow.target}, which is not defined; {hint}",
                        place=flow.place,
                    )
                )

    def _report_sinks_into_own_tables(self) -> None:
        for dataset in self.datasets.values():
            table = dataset.outlet.options.get("tableName") if dataset.outlet else None
            if table and self.namespace.qualify(table).key in self.datasets:
                message = (
                    f"sink {dataset.written!r} writes to {table}, which this pipeline defines; let the flow write there (target={table!r})"
                )
                self.problems.append(Problem(code="sink_into_own_table", message=message, place=dataset.place))

    def _report_waits_for_nothing(self) -> None:
        known = {flow.name.lower() for flow in self.flows}
        for flow in self.flows:
            missing = [name for name in getattr(flow, "depends_on", ()) if name.lower() not in known]
            if missing:
                message = f"flow {flow.name!r} depends on {', '.join(missing)}, and there is no such flow"
                self.problems.append(Problem(code="unknown_flow", message=message, place=flow.place))


_current: list[Registry] = []


@contextmanager
def collecting(registry: Registry) -> Iterator[Registry]:
    """Make ``registry`` the one that decorators write into."""
    _current.append(registry)
    try:
        yield registry
    finally:
        _current.pop()


def current_registry() -> Registry:
    """The registry of the load in progress.

    Raises:
        PipelineError: a decorator ran while no pipeline is loading.
    """
    if not _current:
        raise PipelineError("a dlt decorator ran outside a pipeline", hint="run the file with `goldlane run FILE --storage DIR`")
    return _current[-1]


def text_mapping(values: Mapping[str, Any] | None) -> dict[str, str]:
    """Properties and settings as Spark wants them: everything text, booleans in lower case."""
    return {key: str(value).lower() if isinstance(value, bool) else str(value) for key, value in (values or {}).items()}
