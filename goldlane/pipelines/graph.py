"""A pipeline's graph as plain data, planned in a storage of its own that is thrown away."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from goldlane.pipelines.names import Namespace
from goldlane.pipelines.plan import Plan
from goldlane.pipelines.request import Request
from goldlane.pipelines.run import planned
from goldlane.pipelines.sources import find_sources
from goldlane.pipelines.storage import Storage
from goldlane.session import local_spark


def pipeline_graph(
    sources: Sequence[str | Path], *, configuration: Mapping[str, str], inputs: Mapping[str, str], paths: Mapping[str, str]
) -> dict[str, Any]:
    """``{"nodes": [{"name", "kind"}], "edges": [[from, to]]}`` in the order of the declarations.

    Raises:
        InvalidPipelineError: every mistake in the sources.
    """
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


def _document(plan: Plan) -> dict[str, Any]:
    edges = list(dict.fromkeys(plan.edges()))
    own = [{"name": planned.dataset.written, "kind": planned.kind.value} for planned in plan.datasets.values()]
    outside = sorted({name for planned in plan.datasets.values() for name in planned.externals})
    return {"nodes": [*({"name": name, "kind": "external"} for name in outside), *own], "edges": [list(edge) for edge in edges]}
