"""Executes a source file with what a notebook finds in its globals, and the notebooks that it runs on its way."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from goldlane.errors import GoldlaneError
from goldlane.pipelines.dbutils import DBUtils, NotebookExit
from goldlane.pipelines.notebookglobals import notebook_globals
from goldlane.pipelines.notebooks import RUN, Install, Run, read_code
from goldlane.pipelines.reads import Reads
from goldlane.pipelines.shim import serve_runtime, source_module
from goldlane.pipelines.sources import NOTEBOOKS
from goldlane.pipelines.surroundings import find_around


class Execution:
    """Runs files one after the other; they share ``spark`` and ``dbutils``, and nothing else."""

    def __init__(
        self,
        session: Any,
        reads: Reads | None,
        folders: Sequence[Path],
        settings: Mapping[str, str],
        shown: Callable[[DBUtils], Any] = lambda dbutils: dbutils,
    ) -> None:
        self._reads, self._folders = reads, folders
        self._dbutils = DBUtils(settings=settings, path=self._path, run_notebook=self._run_notebook)
        # What the files see of it.
        dbutils = shown(self._dbutils)
        self._globals = notebook_globals(session, dbutils)
        self._open: list[Path] = []
        self._installs: dict[Path, tuple[Install, ...]] = {}
        serve_runtime(self._globals, dbutils=_answering(dbutils))

    def run(self, file: Path) -> None:
        """Execute a file in a module of its own, with its folder as the current one, as on the platform."""
        self.exit_of(file)

    def exit_of(self, file: Path) -> str:
        """``run``, and what the file said to ``dbutils.notebook.exit``; nothing when it came to its end."""
        with _inside(file.parent):
            return self._run_notebook_file(file, {})

    @property
    def installs(self) -> tuple[Install, ...]:
        """What the files executed so far would have installed on the platform."""
        return tuple(install for installs in self._installs.values() for install in installs)

    def _run_notebook_file(self, file: Path, parameters: Mapping[str, str]) -> str:
        names = source_module(file).__dict__
        names.update(self._globals)
        try:
            with self._dbutils.widgets.given(parameters):
                self._execute(file, names)
        except NotebookExit as left:
            return left.value
        return ""

    def _execute(self, file: Path, names: dict[str, Any]) -> None:
        code = read_code(file)
        self._installs[file] = code.installs

        def run(position: int) -> None:
            one = code.runs[position]
            target = self._target(file, one)
            with self._dbutils.widgets.given(one.parameters):
                self._execute(target, names)
            names[RUN] = run

        self._open.append(file)
        try:
            with self._dbutils.notebook.at(file):
                names[RUN] = run
                # Else the source would inherit this file's own __future__ imports.
                exec(compile(code.text, str(file), "exec", dont_inherit=True), names)  # noqa: S102  running the user's own source is the job
        finally:
            self._open.pop()

    def _run_notebook(self, path: str, parameters: Mapping[str, str]) -> str:
        """``dbutils.notebook.run``."""
        here = self._open[-1] if self._open else self._folders[0] / "notebook"
        target = self._find(here, path)
        if target is None:
            raise GoldlaneError(f"dbutils.notebook.run: there is no notebook {path}", hint="paths start from the notebook's own folder")
        return self._run_notebook_file(target, parameters)

    def _target(self, file: Path, run: Run) -> Path:
        target = self._find(file, run.target)
        if target is None:
            raise GoldlaneError(f"%run {run.target}: there is no such notebook beside it", file=str(file), line=run.line)
        if target in self._open:
            circle = " -> ".join(str(one) for one in (*self._open, target))
            raise GoldlaneError(f"%run goes in a circle: {circle}", file=str(file), line=run.line)
        return target

    def _find(self, file: Path, target: str) -> Path | None:
        suffixes = ("", *NOTEBOOKS)
        if target.startswith("/"):
            wanted = Path(self._path(target))
            beside = find_around(target, (file.parent, *self._folders), suffixes)
        else:
            wanted, beside = file.parent / target, None
        candidates = (wanted.with_name(wanted.name + suffix) for suffix in suffixes)
        found = next((candidate for candidate in candidates if candidate.is_file()), beside)
        return found.resolve() if found is not None and found.is_file() else None

    def _path(self, path: str) -> str:
        return self._reads.path(path) if self._reads is not None else path


def _answering(dbutils: DBUtils) -> Any:
    """``pyspark.dbutils.DBUtils``: a class to call with the session, which answers what is there already."""

    def make(spark: Any = None) -> DBUtils:
        del spark
        return dbutils

    make.__name__ = "DBUtils"
    return make


@contextmanager
def _inside(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
