"""The pipeline of DLT's own test tables: loaded once to know the tables, updated once to have their results."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.errors import GoldlaneError, UsageError
from goldlane.expectations import Action
from goldlane.pipelines.definitions import Dataset
from goldlane.pipelines.errors import InvalidPipelineError
from goldlane.pipelines.loaded import loaded
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.part import Part
from goldlane.pipelines.request import Request
from goldlane.pipelines.run import run
from goldlane.pipelines.sources import SUFFIXES, find_sources
from goldlane.pipelines.storage import Storage
from goldlane.testing.options import DltOptions
from goldlane.testing.sessions import session_of_run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.pipelines.outcome import DatasetResult, Update

# A folder of DLT tests may hold ordinary pytest modules, too; those belong to pytest.
_DLT = re.compile(r"^\s*(import|from) (dlt|pyspark import pipelines|pyspark\.pipelines|databricks)\b", re.MULTILINE)


class Suite:
    """Test tables: named ``test...``, or with a rule that fails the update, and declared in the files of ``--dlt-tests``."""

    def __init__(self, options: DltOptions) -> None:
        self._options = options
        self._resources = ExitStack()
        self._datasets: tuple[Dataset, ...] | None = None
        self._ran: Update | GoldlaneError | None = None

    def holds(self, file: Path) -> bool:
        """Whether a file is one of the suite's."""
        if file.suffix not in SUFFIXES or not any(file == path or path in file.parents for path in self._options.tests):
            return False
        return file.suffix != ".py" or _DLT.search(file.read_text(encoding="utf-8")) is not None

    def tables_of(self, file: Path) -> list[Dataset]:
        """The test tables that a file declares; those that a helper elsewhere declares are the first file's.

        Raises:
            InvalidPipelineError: the files cannot be loaded.
        """
        tests = [dataset for dataset in self._load() if _is_test(dataset)]
        mine = [dataset for dataset in tests if _declared_in(dataset) == file]
        files = self._test_files()
        if files and files[0] == file:
            mine += [dataset for dataset in tests if _declared_in(dataset) not in files and _is_named_test(dataset)]
        return mine

    def result(self, table: Dataset, wanted: Iterable[Dataset]) -> DatasetResult:
        """What became of a table; the first one asked for runs all that are ``wanted``.

        Raises:
            GoldlaneError: the pipeline cannot run; the same one for every table.
        """
        if self._ran is None:
            self._ran = self._run([dataset.written for dataset in wanted])
        if isinstance(self._ran, GoldlaneError):
            raise self._ran
        return self._ran[table.written]

    def failures(self) -> list[str]:
        """The tables under test that failed, each with its reason: the tests that read them could only be skipped."""
        if self._ran is None or isinstance(self._ran, GoldlaneError):
            return []
        tests = {dataset.written for dataset in self._load() if _is_test(dataset)}
        failed = [result for result in self._ran.datasets if result.status == "FAILED" and result.name not in tests]
        return [f"{result.error.place}: {result.name}: {result.error.message}" for result in failed if result.error]

    def reason(self, name: str) -> str:
        """Why a dataset failed, or ''."""
        failed = [line for line in self.failures() if f": {name}: " in line]
        return failed[0] if failed else ""

    def close(self) -> None:
        """Stop what the suite started, and remove its tables."""
        self._resources.close()

    def _load(self) -> tuple[Dataset, ...]:
        if self._datasets is None:
            folder = self._folder()
            options = self._options
            request = Request(
                sources=find_sources(self._files()),
                storage=Storage(folder),
                name="tests",
                namespace=Namespace(),
                configuration=options.configuration,
                inputs=options.inputs,
                paths=options.paths,
            )
            with loaded(request, self._session(), str(folder)) as found:
                if found.registry.problems:
                    raise InvalidPipelineError(found.registry.problems)
                self._datasets = tuple(found.registry.datasets.values())
        return self._datasets

    def _run(self, names: list[str]) -> Update | GoldlaneError:
        options = self._options
        try:
            return run(
                self._files(),
                storage=self._folder(),
                spark=self._session(),
                name="tests",
                configuration=options.configuration,
                inputs=options.inputs,
                paths=options.paths,
                part=Part(only=tuple(dict.fromkeys(names))),
            )
        except GoldlaneError as error:
            return error

    def _session(self) -> SparkSession:
        return self._resources.enter_context(session_of_run(self._folder()))

    def _folder(self) -> Path:
        return Path(self._resources.enter_context(tempfile.TemporaryDirectory(prefix="goldlane-tests-")))

    def _files(self) -> list[Path]:
        sources = find_sources(self._options.sources).files if self._options.sources else ()
        return list(dict.fromkeys([*sources, *self._test_files()]))

    def _test_files(self) -> list[Path]:
        files = [file for path in self._options.tests for file in _files_in(path) if self.holds(file)]
        if not files:
            places = ", ".join(map(str, self._options.tests))
            raise UsageError(f"no DLT source in {places}", hint="--dlt-tests takes files, notebooks or folders that import dlt")
        return list(dict.fromkeys(files))


def _files_in(path: Path) -> list[Path]:
    return [path] if path.is_file() else list(find_sources([path]).files)


def _declared_in(dataset: Dataset) -> Path | None:
    return Path(dataset.place.file).resolve() if dataset.place else None


def _is_named_test(dataset: Dataset) -> bool:
    return dataset.name.table.lower().startswith("test")


def _is_test(dataset: Dataset) -> bool:
    return _is_named_test(dataset) or any(rule.action is Action.FAIL for rule in dataset.expectations)
