"""``depends_on``: flows that wait for flows they do not read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from graphlib import CycleError, TopologicalSorter

from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.plan import Plan, PlannedDataset, PlannedFlow


def with_waits(plan: Plan) -> Plan:
    """The plan, whose datasets know which others they wait for, with their own flows in an order that runs."""
    owners = {flow.flow.name.lower(): key for key, planned in plan.datasets.items() for flow in planned.flows}
    try:
        waiting = {key: _waiting(planned, owners) for key, planned in plan.datasets.items()}
        TopologicalSorter({key: planned.predecessors for key, planned in waiting.items()}).prepare()
    except CycleError as error:
        circle = " -> ".join(str(name) for name in reversed(error.args[1]))
        return replace(plan, problems=(*plan.problems, Problem(code="circle", message=f"depends_on goes in a circle: {circle}")))
    return replace(plan, datasets=waiting)


def _waiting(planned: PlannedDataset, owners: Mapping[str, str]) -> PlannedDataset:
    named = {flow.flow.name.lower(): _named(flow) for flow in planned.flows}
    outside = [owners[name] for names in named.values() for name in names if owners.get(name, planned.key) != planned.key]
    order = list(TopologicalSorter({name: [one for one in names if one in named] for name, names in named.items()}).static_order())
    flows = sorted(planned.flows, key=lambda flow: order.index(flow.flow.name.lower())) if any(named.values()) else planned.flows
    return replace(planned, flows=tuple(flows), waits=tuple(dict.fromkeys(outside)))


def _named(flow: PlannedFlow) -> tuple[str, ...]:
    return tuple(name.lower() for name in getattr(flow.flow, "depends_on", ()))
