"""What each dataset reads and whether its query streams, found by following its functions; no function runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from goldlane.errors import GoldlaneError
from goldlane.pipelines.definitions import ChangeFlow, Dataset, Flow, Kind, Problem, QueryFlow
from goldlane.pipelines.effects import Effect, advice
from goldlane.pipelines.inspection.calls import Calls
from goldlane.pipelines.inspection.settings import Settings
from goldlane.pipelines.inspection.sourcetrees import SourceTrees
from goldlane.pipelines.inspection.trace import Trace
from goldlane.pipelines.inspection.values import Role, Value, known
from goldlane.pipelines.places import Place
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.sqlfiles.queries import SqlQuery


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """A flow whose function was followed. ``streams`` is None, and ``unresolved`` not empty, where only running can tell."""

    trace: Trace
    streams: bool | None


class Lineage:
    """Follows the flows of a registry, each once."""

    def __init__(self, registry: Registry, trees: SourceTrees, folders: Sequence[Path], settings: Settings) -> None:
        self._registry, self._trees, self._folders, self._settings = registry, trees, folders, settings
        self._followed: dict[int, Followed] = {}
        self._open: set[int] = set()

    def kind(self, dataset: Dataset) -> Kind | None:
        """What the dataset is; None where only running can tell."""
        if dataset.kind is not None:
            return dataset.kind
        flows = self._registry.flows_into(dataset.name)
        streams = [self.of(flow).streams for flow in flows]
        if len(flows) > 1 or True in streams:
            return Kind.STREAMING_TABLE
        return Kind.MATERIALIZED_VIEW if streams == [False] else None

    def inputs(self, dataset: Dataset) -> list[str] | None:
        """The tables that it reads: the pipeline's own by their names, others as they are spelled; None where only running can tell."""
        traces = [self.of(flow).trace for flow in self._registry.flows_into(dataset.name)]
        if any(trace.unresolved for trace in traces):
            return None
        return list(dict.fromkeys(self._spelled(name) for trace in traces for name in trace.inputs))

    def problems(self, dataset: Dataset) -> list[Problem]:
        """Side effects of its functions, and what could not be found out."""
        found = []
        for flow in self._registry.flows_into(dataset.name):
            trace = self.of(flow).trace
            for (place, call), effect in trace.effects.items():
                message, hint = advice(call, effect)
                severity = "error" if effect is Effect.WRITE else "warning"
                found.append(Problem(code=effect.value, message=f"{dataset.written!r}: {message}; {hint}", place=place, severity=severity))
            read = f" (it also reads {', '.join(trace.inputs)})" if trace.inputs else ""
            for place, what in dict.fromkeys(trace.unresolved):
                message = f"{dataset.written!r}: only running can tell {what}{read}"
                found.append(Problem(code="unknown_input", message=message, place=place, severity="warning"))
        return found

    def of(self, flow: Flow) -> Followed:
        """The flow, followed."""
        if id(flow) not in self._followed:
            self._open.add(id(flow))
            trace = Trace(self._view_streams)
            try:
                streams = self._streams(flow, trace)
            except Exception as error:  # noqa: BLE001  code that cannot be followed is no reason to say nothing of all other code
                trace.unsure(f"what {flow.name}() does ({type(error).__name__} while following it)", flow.place or Place("", 0))
                streams = None
            self._followed[id(flow)] = Followed(trace=trace, streams=streams)
            self._open.discard(id(flow))
        return self._followed[id(flow)]

    def _streams(self, flow: Flow, trace: Trace) -> bool | None:
        calls = Calls(trace, self._trees, self._folders, self._settings)
        if isinstance(flow, QueryFlow):
            return _streams(_result(flow.function, calls))
        if isinstance(flow, ChangeFlow) and flow.query is not None:
            _result(flow.query, calls)
            return True
        source = flow.source
        if isinstance(source, str):
            trace.read(known(source), flow.place or Place("", 0), streams=True)
        else:
            calls.follow(source.function)
            # A function that hands out snapshots may look and write as it likes: it is no dataset's query.
            trace.effects.clear()
        return True

    def _view_streams(self, name: str) -> bool | None:
        dataset = self._own(name)
        if dataset is None or dataset.kind is not Kind.VIEW:
            return False
        flows = self._registry.flows_into(dataset.name)
        return None if any(id(flow) in self._open for flow in flows) else any(self.of(flow).streams for flow in flows)

    def _own(self, name: str) -> Dataset | None:
        try:
            return self._registry.datasets.get(self._registry.namespace.qualify(name).key)
        except GoldlaneError:  # no table's name
            return None

    def _spelled(self, name: str) -> str:
        own = self._own(name)
        return own.written if own is not None else name


def _result(function: Callable[..., Any], calls: Calls) -> Value:
    """What the function of a flow returns; that of a SQL file is its text."""
    return calls.query(function.text, function.place) if isinstance(function, SqlQuery) else calls.follow(function)


def _streams(result: Value) -> bool | None:
    return result.streams if result.role is Role.FRAME else None
