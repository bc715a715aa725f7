"""Runs each source file once, top to bottom, with ``spark`` and friends in its globals; decorators fill the registry."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError
from goldlane.pipelines.connectors import Elsewhere
from goldlane.pipelines.dbutils import DBUtils
from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.errors import MissingTableError, PipelineError
from goldlane.pipelines.execution import Execution
from goldlane.pipelines.externals import Externals
from goldlane.pipelines.failures import message_of
from goldlane.pipelines.files import FileReads
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.places import Place, place_of_error
from goldlane.pipelines.reads import NO_OPTIONS, Reads, reading
from goldlane.pipelines.registry import Registry, collecting
from goldlane.pipelines.sources import Sources
from goldlane.pipelines.sqlfiles import is_sql, load_sql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from goldlane.pipelines.injected import PipelineSession


class LoadReads:
    """Reads at module level: tables outside the pipeline only, for its own are not known yet."""

    def __init__(self, namespace: Namespace, externals: Externals, files: FileReads) -> None:
        self._namespace, self._externals, self._files = namespace, externals, files

    def batch(self, name: str, options: Mapping[str, str] = NO_OPTIONS) -> DataFrame:
        """An external table."""
        return self._externals.batch(self._namespace.qualify(name), name, options)

    def stream(self, name: str, options: Mapping[str, str]) -> DataFrame:
        """What is new in an external table."""
        return self._externals.stream(self._namespace.qualify(name), name, options)

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """Refused: a stream outside of a dataset function has no table to feed."""
        del options, schema
        raise PipelineError(f"cloudFiles of {', '.join(paths)} is read outside of a dataset function", hint="move it into the function")

    def elsewhere(self, source: Elsewhere) -> DataFrame:
        """The rows bound in place of a source, else the source."""
        bound = self._externals.elsewhere(source)
        return source.frame() if bound is None else bound

    def knows(self, name: str) -> bool:
        """Whether ``name`` is an input's or the storage's."""
        return self._externals.knows(self._namespace.qualify(name), name)

    def missing(self, name: str) -> MissingTableError:
        """The error for a table that nobody knows."""
        return self._externals.missing(name)

    def location(self, name: str) -> Path | None:
        """Where an external table lies."""
        return self._externals.location(self._namespace.qualify(name), name)

    def path(self, path: str) -> str:
        """The mapped path."""
        return self._files.path(path)


def load(  # noqa: PLR0913  the sources, and what they find in their globals
    sources: Sources,
    registry: Registry,
    session: PipelineSession,
    reads: Reads,
    configuration: Mapping[str, str] | None = None,
    shown: Callable[[DBUtils], Any] = lambda dbutils: dbutils,
) -> None:
    """Execute all of ``sources``; what goes wrong becomes a problem with file and line, and the next file is loaded."""
    execution = Execution(session, reads, sources.folders, configuration or {}, shown)
    with collecting(registry), reading(reads):
        for file in sources.files:
            run = partial(load_sql, registry=registry, session=session) if is_sql(file) else execution.run
            _load_file(file, sources.root, registry, execution, run)
    registry.finish()


def _load_file(file: Path, root: Path, registry: Registry, execution: Execution, run: Callable[[Path], None]) -> None:
    start = Place(str(file), 1)
    try:
        run(file)
    except SyntaxError as error:
        place = Place(error.filename or str(file), error.lineno or 1)
        problem = Problem(code="syntax_error", message=f"not valid Python: {error.msg}", place=place)
    except GoldlaneError as error:
        said = Place(error.file, error.line) if error.file and error.line else None
        place = said or place_of_error(sys.exc_info()[2], root) or start
        problem = Problem(code=type(error).__name__, message=_message(error), place=place)
    except ImportError as error:
        place = place_of_error(sys.exc_info()[2], root) or start
        problem = Problem(code="import_error", message=f"an import failed: {error}; {_advice(root, execution)}", place=place)
    except (Exception, SystemExit) as error:  # noqa: BLE001  user code may raise anything; it becomes a problem of its file
        place = place_of_error(sys.exc_info()[2], root) or start
        problem = Problem(code="load_error", message=_with_class(error), place=place)
    else:
        return
    registry.problems.append(problem)
    registry.unloaded.append(file)


def _advice(root: Path, execution: Execution) -> str:
    noted = "".join(f"; {install.command} was noted, not executed" for install in execution.installs)
    return f"install it, or put it under {root}, the pipeline's root{noted}"


def _with_class(error: BaseException) -> str:
    name, told = type(error).__name__, message_of(error)
    return told if told.startswith(f"{name}: ") else f"{name}: {told}"


def _message(error: GoldlaneError) -> str:
    return error.message + (f" ({error.hint})" if error.hint else "")
