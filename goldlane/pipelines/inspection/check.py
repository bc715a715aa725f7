"""``check``: what source files declare, and where they would run; the files run, the functions of their datasets do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from goldlane.pipelines.bindings import Bindings
from goldlane.pipelines.dbutils import DBUtils
from goldlane.pipelines.definitions import Dataset, Kind, Problem
from goldlane.pipelines.files import FileReads
from goldlane.pipelines.inspection.lenient import Lenient
from goldlane.pipelines.inspection.lineage import Lineage
from goldlane.pipelines.inspection.reads import InspectionReads
from goldlane.pipelines.inspection.report import CheckedDataset, Report
from goldlane.pipelines.inspection.session import LazySession, lazy_session
from goldlane.pipelines.inspection.sourcetrees import SourceTrees
from goldlane.pipelines.loader import load
from goldlane.pipelines.localfiles import local_files
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.portability import Platform, Reason, reasons_in, reasons_in_sql, verdicts
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.shim import served_modules
from goldlane.pipelines.sources import Sources, find_sources
from goldlane.pipelines.storage import Storage

# Decorators that were not accepted; what else is wrong with a loaded pipeline is said of it as a whole.
_REFUSED = {"duplicate_name", "duplicate_flow"}


def check(
    sources: str | Path | Sequence[str | Path], *, configuration: Mapping[str, str] | None = None, paths: Mapping[str, str] | None = None
) -> Report:
    """Look at a pipeline without updating anything; a JVM starts only when a file needs one at module level.

    Raises:
        UsageError: a source does not exist, or holds no source file.
    """
    found = find_sources([sources] if isinstance(sources, str | Path) else list(sources))
    registry, given, notes = Registry(Namespace()), dict(configuration or {}), list[Problem]()

    def shown(dbutils: DBUtils) -> Lenient:
        return Lenient(dbutils, "dbutils", notes.append)

    bound = Bindings.of({}, paths or {})
    with (
        served_modules(found.root, found.folders),
        local_files(bound.paths, found.folders),
        lazy_session(given, notes.append) as session,
    ):
        # It only maps paths here, and never opens the storage.
        reads = InspectionReads(FileReads(session, Storage(Path()), bound.paths), notes.append)
        load(found, registry, session, reads, given, shown)
        return _report(found, registry, session, notes)


def _report(sources: Sources, registry: Registry, session: LazySession, notes: Sequence[Problem]) -> Report:
    trees = SourceTrees()
    lineage = Lineage(registry, trees, sources.folders, session.conf)
    datasets = tuple(_checked(dataset, lineage) for dataset in registry.datasets.values())
    found = [problem for dataset in registry.datasets.values() for problem in lineage.problems(dataset)]
    problems = [*registry.problems, *notes, *found, *_cycles(datasets)]
    reasons = _reasons([*map(str, sources.files), *trees.files], trees, registry, lineage)
    told = [Problem(code=reason.code, message=str(reason), place=reason.place, severity="warning") for reason in reasons]
    return Report(
        registered=not registry.unloaded and not any(problem.code in _REFUSED for problem in registry.problems),
        datasets=datasets,
        problems=tuple(sorted(dict.fromkeys([*problems, *told]), key=_order)),
        runs_on=verdicts(reasons, problems),
    )


def _checked(dataset: Dataset, lineage: Lineage) -> CheckedDataset:
    inputs = lineage.inputs(dataset)
    return CheckedDataset(
        name=dataset.written, kind=lineage.kind(dataset), place=dataset.place, inputs=None if inputs is None else tuple(inputs)
    )


def _cycles(datasets: Iterable[CheckedDataset]) -> list[Problem]:
    places = {dataset.name: dataset.place for dataset in datasets}
    try:
        TopologicalSorter({dataset.name: dataset.inputs or () for dataset in datasets}).prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))
        message = f"datasets read each other in a circle: {' -> '.join(circle)}"
        return [Problem(code="cycle", message=message, place=places.get(circle[0]))]
    return []


def _reasons(files: Iterable[str], trees: SourceTrees, registry: Registry, lineage: Lineage) -> list[Reason]:
    found: list[Reason] = []
    for file in dict.fromkeys(files):
        tree = trees.tree(file) if not file.endswith(".sql") else None
        found += reasons_in(tree, file) if tree is not None else reasons_in_sql(file) if file.endswith(".sql") else []
    for dataset in registry.datasets.values():
        if dataset.kind is None and dataset.place is not None and lineage.kind(dataset) is Kind.MATERIALIZED_VIEW:
            what = f"@table over a batch query ({dataset.written})"
            found.append(Reason(code="batch_table", what=what, place=dataset.place, platforms=frozenset({Platform.OPEN_SOURCE})))
    return found


def _order(problem: Problem) -> tuple[bool, str, int]:
    return (problem.severity != "error", problem.place.file if problem.place else "", problem.place.line if problem.place else 0)
