"""A pipeline whose source files have run: what they declare is known, no dataset function was called."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.bindings import Bindings
from goldlane.pipelines.eventlog import event_log_function
from goldlane.pipelines.externals import Externals
from goldlane.pipelines.files import FileReads
from goldlane.pipelines.guards import Guard, guarded
from goldlane.pipelines.handlerwrites import writes_by_name
from goldlane.pipelines.loader import LoadReads, load
from goldlane.pipelines.localfiles import local_files
from goldlane.pipelines.platformclasses import platform_classes
from goldlane.pipelines.readfiles import file_functions
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.sessions import pipeline_session, worker_imports
from goldlane.pipelines.shim import served_modules
from goldlane.pipelines.storage import Storage

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines.injected import PipelineSession
    from goldlane.pipelines.request import Request


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedPipeline:
    """The declarations, and what answers reads. ``plain`` is ``session`` without the pipeline's reads."""

    registry: Registry
    session: PipelineSession
    plain: SparkSession
    externals: Externals
    files: FileReads
    guard: Guard


@contextmanager
def loaded(request: Request, base: SparkSession, scratch: str | None = None) -> Iterator[LoadedPipeline]:
    """Run the source files; their modules and their session stay while the body of the ``with`` runs.

    Auto Loader's schemas go to ``scratch`` where one is given. What is wrong with the files is in the registry's problems.
    """
    from pyspark.sql import SparkSession

    root, folders, bound = request.sources.root, request.sources.folders, Bindings.of(request.inputs, request.paths)
    with (
        served_modules(root, folders),
        local_files(bound.paths, folders),
        pipeline_session(base, {"pipelines.id": request.name, **request.configuration}) as session,
        worker_imports(base, folders),
        # The guard stands outside: it judges by the nearest caller.
        writes_by_name(),
        guarded(folders, strict=request.strict) as guard,
    ):
        plain = SparkSession(base.sparkContext, session._jsparkSession)  # noqa: SLF001  the same session without the pipeline's reads
        session.table_functions |= file_functions(session)
        session.table_functions["event_log"] = event_log_function(request.storage, request.namespace)
        externals = Externals(plain, request.storage, request.namespace, bound.inputs)
        files = FileReads(plain, Storage(Path(scratch)) if scratch else request.storage, bound.paths)
        registry = Registry(request.namespace)
        reads = LoadReads(request.namespace, externals, files)
        with platform_classes(reads):
            load(request.sources, registry, session, reads, request.configuration)
            registry.give_way(bound.tables)
            yield LoadedPipeline(registry=registry, session=session, plain=plain, externals=externals, files=files, guard=guard)
