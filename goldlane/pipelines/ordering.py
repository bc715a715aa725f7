"""``depends_on``: flows that wait for flows they do not read from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.plan import Plan, PlannedDataset, PlannedFlow


def with_waits(plan: Plan) -> Plan:
    """The plan, whose datasets know which others they wait for."""
    owners = {flow.flow.name.lower(): key for key, planned in plan.datasets.items() for flow in planned.flows}
    try:
        waiting = {key: _waiting(planned, owners) for key, planned in plan.datasets.items()}
        TopologicalSorter({key: planned.predecessors for key, planned in waiting.items()}).prepare()
    except CycleError as error:
        circle = " -> ".join(str(name) for name in reversed(error.args[1]))
        return replace(plan, problems=(*plan.problems, Problem(code="circle", message=f"depends_on goes in a circle: {circle}")))
    return replace(plan, datasets=waiting)


def stages(flows: Sequence[PlannedFlow]) -> Iterator[list[PlannedFlow]]:
    """The flows of one dataset, each stage after those it depends on; the flows of a stage may run side by side."""
    by_name = {flow.flow.name.lower(): flow for flow in flows}
    sorter = _sorter(flows)
    sorter.prepare()
    while sorter.is_active():
        ready = sorter.get_ready()
        yield [flow for name, flow in by_name.items() if name in ready]
        sorter.done(*ready)


def _waiting(planned: PlannedDataset, owners: Mapping[str, str]) -> PlannedDataset:
    _sorter(planned.flows).prepare()
    named = [name for flow in planned.flows for name in _named(flow)]
    outside = [owners[name] for name in named if owners.get(name, planned.key) != planned.key]
    return replace(planned, waits=tuple(dict.fromkeys(outside)))


def _sorter(flows: Sequence[PlannedFlow]) -> TopologicalSorter[str]:
    names = {flow.flow.name.lower() for flow in flows}
    return TopologicalSorter({flow.flow.name.lower(): [name for name in _named(flow) if name in names] for flow in flows})


def _named(flow: PlannedFlow) -> tuple[str, ...]:
    return tuple(name.lower() for name in getattr(flow.flow, "depends_on", ()))
