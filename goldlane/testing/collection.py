"""The hooks of ``--dlt-tests``: registered only where it is asked for."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.testing.items import file_item
from goldlane.testing.options import read_options
from goldlane.testing.suite import Suite

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_FAILED = "goldlane_failed_tables"


class DltTests:
    """Adds the paths to what pytest collects, and says at the end which tables under test failed."""

    def __init__(self, config: pytest.Config) -> None:
        options = read_options(config)
        self.suite = Suite(options)
        self._failed: list[str] = []
        given = [Path(text.split("::")[0]) for text in config.args] if config.args_source is config.ArgsSource.ARGS else []
        places = [(config.invocation_params.dir / path).resolve() for path in given]
        for path in options.tests if not given else options.chosen:
            # A path on the command line that lies in it is a choice from it.
            if not any(place == path or path in place.parents for place in places):
                config.args.append(str(path))

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(self, file_path: Path, parent: pytest.Collector) -> Generator[None, Any, Any]:
        """A DLT source is no module of pytest's, whatever its name."""
        found = yield
        return [file_item(parent, file_path, self.suite)] if self.suite.holds(file_path.resolve()) else found

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Tests of a table that failed are skipped; the run is not green for that."""
        self._failed += self.suite.failures()
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[_FAILED] = self._failed
        elif self._failed and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """A worker of pytest-xdist is done."""
        self._failed += [line for line in node.workeroutput.get(_FAILED, ()) if line not in self._failed]

    def pytest_terminal_summary(self, terminalreporter: TerminalReporter) -> None:
        """The tables under test that failed."""
        if self._failed:
            terminalreporter.section("tables that DLT tests read failed")
            for line in self._failed:
                terminalreporter.line(line)

    def pytest_unconfigure(self) -> None:
        """Stop the session, remove the tables."""
        self.suite.close()
