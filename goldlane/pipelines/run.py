"""``goldlane.run``: load, plan, update. The one way into the runtime, for the command line and for tests alike."""

from __future__ import annotations

import platform
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import UsageError
from goldlane.pipelines.continuous import Continuous
from goldlane.pipelines.dryruns import as_if_in, dry_storage
from goldlane.pipelines.errors import InvalidPipelineError
from goldlane.pipelines.events import EventLog, Listener
from goldlane.pipelines.hooks import hooked
from goldlane.pipelines.loaded import loaded
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.narration import Narrator
from goldlane.pipelines.outcome import Update
from goldlane.pipelines.part import Part
from goldlane.pipelines.planner import Planner
from goldlane.pipelines.refresh import chosen, claim_tables, finish_resets, refuse_resets, reset
from goldlane.pipelines.request import Request
from goldlane.pipelines.resolution import Names
from goldlane.pipelines.sources import find_sources
from goldlane.pipelines.storage import Storage
from goldlane.pipelines.triggers import require_intervals
from goldlane.pipelines.update import Updater, inputs_of, planned_results, status_of
from goldlane.pipelines.writes import World
from goldlane.session import local_spark
from goldlane.stopping import Stop

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines.injected import PipelineSession


def run(  # noqa: PLR0913  the public face of the runtime; everything past the sources is keyword-only
    sources: str | Path | Sequence[str | Path],
    *,
    storage: str | Path,
    spark: SparkSession | None = None,
    name: str | None = None,
    catalog: str | None = None,
    schema: str | None = None,
    configuration: Mapping[str, str] | None = None,
    inputs: Mapping[str, str] | None = None,
    paths: Mapping[str, str] | None = None,
    refresh: Sequence[str] | None = None,
    full_refresh: bool | Sequence[str] = False,
    validate_only: bool = False,
    strict: bool = False,
    continuous: bool = False,
    stop: threading.Event | None = None,
    listeners: Sequence[Listener] = (),
    part: Part | None = None,
) -> Update:
    """Run a pipeline once: everything that has arrived, then stop; or continuously, until it is stopped.

    SIGINT and SIGTERM let it finish the micro-batches that are being written; a second one interrupts them.

    Args:
        sources: .py files, notebooks, folders or globs.
        storage: the folder for tables, checkpoints and the event log.
        spark: a classic session with Delta; by default a local one is started.
        name: the pipeline's name, which owns its tables; by default the project's, else its folder's.
        catalog: what unqualified names get as their catalog.
        schema: what unqualified names get as their schema, ``default`` when not said.
        configuration: what ``spark.conf.get`` answers inside the pipeline.
        inputs: tables as name -> path (Delta, parquet, csv, json): those that the pipeline does not define; one that it does is
            not computed then, and the path is read in its place.
        paths: path prefixes of the platform, as prefix -> folder of this machine.
        refresh: only these datasets.
        full_refresh: True, or the datasets to compute from the beginning.
        validate_only: check everything, update no table.
        strict: refuse side effects in dataset functions that otherwise only warn: collect, count, temporary views, settings.
        continuous: go on with what arrives, until stopped.
        stop: ends the update between micro-batches when it is set, from another thread.
        listeners: called with each event of the log.
        part: plan and run only these datasets; the rest is as if the sources did not define it.

    Returns:
        The update, also when datasets failed; see ``Update.raise_for_status``.

    Raises:
        UsageError: the caller's or the pipeline's mistakes, all at once, before anything is written.
        KeyboardInterrupt: a signal stopped an update that is not continuous; the log is complete.
    """
    if continuous and validate_only:
        raise UsageError("an update is either continuous or only validates")
    found = find_sources([sources] if isinstance(sources, str | Path) else list(sources))
    lasting = Storage(Path(storage).resolve())
    request = Request(
        sources=found,
        storage=dry_storage(lasting) if validate_only else lasting,
        name=name or found.default_name,
        namespace=Namespace(catalog, schema),
        configuration=configuration or {},
        inputs=inputs or {},
        paths=paths or {},
        refresh=refresh,
        full_refresh=full_refresh,
        strict=strict,
        part=part,
        continuous=continuous,
    )
    request.storage.open()
    base = spark or local_spark(**{key: value for key, value in request.configuration.items() if key.startswith("spark.")})
    scratch = tempfile.TemporaryDirectory(prefix="goldlane-validate-") if validate_only else nullcontext(None)
    asked = Stop(stop)
    with request.storage.update_of(request.name), scratch as folder, planned(request, base, folder) as (world, session), asked.on_signals():
        update = _update(request, replace(world, stop=asked), session, base, tuple(listeners), validate_only=validate_only)
    if asked.by_signal and not continuous:
        raise KeyboardInterrupt
    return as_if_in(lasting, request.storage, update)


@contextmanager
def planned(request: Request, base: SparkSession, scratch: str | None = None) -> Iterator[tuple[World, PipelineSession]]:
    """The pipeline, loaded and planned; its modules and its session stay while the body of the ``with`` runs.

    Auto Loader's schemas go to ``scratch`` where one is given, so that planning alone leaves the storage as it was.

    Raises:
        InvalidPipelineError: every mistake in the sources.
    """
    with loaded(request, base, scratch) as found:
        planner = Planner(found.registry, found.plain, found.externals, found.files, request.storage, request.sources.root)
        plan = planner.plan(request.part)
        if plan.problems:
            found.files.forget_new_schemas()
            # What a function should not have done is often why it failed.
            raise InvalidPipelineError([*plan.problems, *found.guard.problems])
        world = World(
            session=found.plain,
            storage=request.storage,
            namespace=request.namespace,
            plan=plan,
            names=Names(request.namespace, found.registry.datasets, found.externals),
            externals=found.externals,
            files=found.files,
            guard=found.guard,
            configuration=request.configuration,
        )
        yield world, found.session


def _update(  # noqa: PLR0913  the parts of an update, each made above
    request: Request, world: World, session: PipelineSession, base: SparkSession, listeners: tuple[Listener, ...], *, validate_only: bool
) -> Update:
    from goldlane.storedsession import StoredSession

    started, update_id = time.perf_counter(), str(uuid.uuid4())
    full, selection = chosen(world.plan, request.namespace, refresh=request.refresh, full_refresh=request.full_refresh)
    refuse_resets(world.plan, full)
    if request.continuous:
        require_intervals(world.plan, request.configuration)
    if not validate_only:
        claim_tables(world.plan, request.storage, request.name)
    origin = {"pipeline_id": request.name, "pipeline_name": request.name, "update_id": update_id, "host": platform.node()}
    log = EventLog(request.storage.events, origin, listeners)
    narrator = Narrator(log, update_id)
    with hooked(log, world.plan.hooks):
        asked = {"validate_only": validate_only, "full_refresh": sorted(full), "sources": [str(file) for file in request.sources.files]}
        narrator.created(asked, request.began)
        inputs = inputs_of(world.plan)
        for planned in world.plan.datasets.values():
            narrator.defined(planned, inputs[planned.dataset.written])
        for old in world.plan.deprecations:
            narrator.deprecated(old)
        world.guard.report_to(narrator.side_effect)
        if validate_only:
            results = planned_results(world)
        else:
            narrator.state("SETTING_UP_TABLES")
            finish_resets(world.session, world.plan, request.storage)
            if full:
                narrator.state("RESETTING")
                reset(world.session, world.plan, request.storage, full)
            narrator.state("RUNNING")
            for key, planned in world.plan.datasets.items():
                narrator.queued(planned, selected=key in selection)
            narrator.flush()
            updater = Updater(world, session, narrator, selection, request.sources.root)
            results = Continuous(updater).run() if request.continuous else updater.run()
        if world.stop.asked:
            narrator.state("STOPPING")
        status = status_of(results, world.stop)
        narrator.ended(results, status)
    seconds = time.perf_counter() - started
    spark = StoredSession(base, request.storage.events)
    return Update(update_id=update_id, status=status, seconds=seconds, datasets=results, events_path=request.storage.events, spark=spark)
