"""Runs each source file once, top to bottom, with ``spark`` and friends in its globals; decorators fill the registry."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError, first_line
from goldlane.pipelines.definitions import Problem
from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.externals import Externals
from goldlane.pipelines.files import FileReads
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.notebooks import Run, read_code
from goldlane.pipelines.places import Place, place_of_error
from goldlane.pipelines.reads import Reads, reading
from goldlane.pipelines.registry import Registry, collecting
from goldlane.pipelines.shim import source_module
from goldlane.pipelines.sources import Sources

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from goldlane.pipelines.injected import PipelineSession


class LoadReads:
    """Reads at module level: tables outside the pipeline only, for its own are not known yet."""

    def __init__(self, namespace: Namespace, externals: Externals, files: FileReads) -> None:
        self._namespace, self._externals, self._files = namespace, externals, files

    def batch(self, name: str) -> DataFrame:
        """An external table."""
        return self._externals.batch(self._namespace.qualify(name), name)

    def stream(self, name: str, options: Mapping[str, str]) -> DataFrame:
        """What is new in an external table."""
        return self._externals.stream(self._namespace.qualify(name), name, options)

    def cloud_files(self, paths: Sequence[str], options: Mapping[str, str], schema: StructType | None) -> DataFrame:
        """Refused: a stream outside of a dataset function has no table to feed."""
        del options, schema
        raise PipelineError(f"cloudFiles of {', '.join(paths)} is read outside of a dataset function", hint="move it into the function")

    def knows(self, name: str) -> bool:
        """Whether ``name`` is an input's or the storage's."""
        return self._externals.knows(self._namespace.qualify(name))

    def path(self, path: str) -> str:
        """The mapped path."""
        return self._files.path(path)


def load(sources: Sources, registry: Registry, session: PipelineSession, reads: Reads) -> None:
    """Execute all of ``sources``; what goes wrong becomes a problem with file and line, and the next file is loaded."""
    injected = {"spark": session, "sql": session.sql, "display": _show_nothing, "displayHTML": _show_nothing}
    with collecting(registry), reading(reads):
        for file in sources.files:
            _load_file(file, sources.root, registry, injected)
    registry.finish()


def _show_nothing(*_: object, **__: object) -> None:
    """A notebook's display: there is nobody to look."""


def _load_file(file: Path, root: Path, registry: Registry, injected: Mapping[str, Any]) -> None:
    names = source_module(file).__dict__
    names.update(injected)
    try:
        _execute(file, names, seen=())
    except SyntaxError as error:
        place = Place(error.filename or str(file), error.lineno or 1)
        registry.problems.append(Problem(code="syntax_error", message=f"not valid Python: {error.msg}", place=place))
    except GoldlaneError as error:
        place = (
            Place(error.file, error.line) if error.file and error.line else place_of_error(sys.exc_info()[2], root) or Place(str(file), 1)
        )
        registry.problems.append(Problem(code=type(error).__name__, message=_message(error), place=place))
    except ImportError as error:
        place = place_of_error(sys.exc_info()[2], root) or Place(str(file), 1)
        hint = f"install it, or put it under {root}, the pipeline's root"
        registry.problems.append(Problem(code="import_error", message=f"an import failed: {error}; {hint}", place=place))
    except (Exception, SystemExit) as error:  # noqa: BLE001  user code may raise anything; it becomes a problem of its file
        place = place_of_error(sys.exc_info()[2], root) or Place(str(file), 1)
        registry.problems.append(Problem(code="load_error", message=f"{type(error).__name__}: {first_line(error)}", place=place))


def _execute(file: Path, names: dict[str, Any], seen: tuple[Path, ...]) -> None:
    code = read_code(file)
    for run in code.runs:
        target = _run_target(file, run)
        if target in (*seen, file):
            circle = " -> ".join(str(one) for one in (*seen, file, target))
            raise GoldlaneError(f"%run goes in a circle: {circle}", file=str(file), line=run.line)
        _execute(target, names, (*seen, file))
    exec(compile(code.text, str(file), "exec"), names)  # noqa: S102  running the user's own source is the job


def _run_target(file: Path, run: Run) -> Path:
    wanted = file.parent / run.target
    for candidate in (wanted, *(wanted.with_name(wanted.name + suffix) for suffix in (".py", ".ipynb"))):
        if candidate.is_file():
            return candidate.resolve()
    raise GoldlaneError(f"%run {run.target}: there is no such notebook beside it", file=str(file), line=run.line)


def _message(error: GoldlaneError) -> str:
    return error.message + (f" ({error.hint})" if error.hint else "")
