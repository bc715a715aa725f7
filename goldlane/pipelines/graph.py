"""A pipeline's graph as plain data: planned in a storage that is thrown away, else, where its inputs are not here, as its text says."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goldlane.pipelines.errors import InvalidPipelineError
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.plan import Plan
from goldlane.pipelines.request import Request
from goldlane.pipelines.run import planned
from goldlane.pipelines.sources import find_sources
from goldlane.pipelines.storage import Storage
from goldlane.session import local_spark

# Nothing is wrong with sources of which only this is said.
_ABSENT = {"MissingTableError", "MissingPathError"}


def pipeline_graph(
    sources: Sequence[str | Path], *, configuration: Mapping[str, str], inputs: Mapping[str, str], paths: Mapping[str, str]
) -> dict[str, Any]:
    """``{"nodes": [{"name", "kind"}], "edges": [[from, to]]}`` in the order of the declarations.

    Raises:
        InvalidPipelineError: every mistake in the sources; tables and files that are not here count only where they hide the graph.
    """
    try:
        return _planned(sources, configuration, inputs, paths)
    except InvalidPipelineError as mistakes:
        wrong = {problem.code for problem in mistakes.problems if problem.severity == "error"}
        drawn = _told(sources, configuration, paths) if wrong <= _ABSENT else None
        if drawn is None:
            raise
        return drawn


def _planned(
    sources: Sequence[str | Path], configuration: Mapping[str, str], inputs: Mapping[str, str], paths: Mapping[str, str]
) -> dict[str, Any]:
    found = find_sources(sources)
    with tempfile.TemporaryDirectory(prefix="goldlane-graph-") as folder:
        request = Request(
            sources=found,
            storage=Storage(Path(folder)),
            name=found.default_name,
            namespace=Namespace(),
            configuration=configuration,
            inputs=inputs,
            paths=paths,
        )
        with planned(request, local_spark()) as (world, _):
            return _document(world.plan)


def _told(sources: Sequence[str | Path], configuration: Mapping[str, str], paths: Mapping[str, str]) -> dict[str, Any] | None:
    """The graph as the text of the sources tells it; None where only running can tell."""
    from goldlane.pipelines.inspection.check import check

    report = check(sources, configuration=configuration, paths=paths)
    if not report.registered or any(dataset.kind is None or dataset.inputs is None for dataset in report.datasets):
        return None
    own = [{"name": dataset.name, "kind": dataset.kind.value} for dataset in report.datasets if dataset.kind]
    edges = [[source, dataset.name] for dataset in report.datasets for source in dataset.inputs or ()]
    outside = sorted({source for source, _ in edges} - {dataset.name for dataset in report.datasets})
    return {"nodes": [*({"name": name, "kind": "external"} for name in outside), *own], "edges": edges}


def _document(plan: Plan) -> dict[str, Any]:
    edges = list(dict.fromkeys(plan.edges()))
    own = [{"name": planned.dataset.written, "kind": planned.kind.value} for planned in plan.datasets.values()]
    outside = sorted({name for planned in plan.datasets.values() for name in planned.externals})
    return {"nodes": [*({"name": name, "kind": "external"} for name in outside), *own], "edges": [list(edge) for edge in edges]}
