"""Test tables as pytest items: one per table, and one per rule of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from goldlane.errors import GoldlaneError
from goldlane.expectations import Action
from goldlane.pipelines.definitions import Dataset, Expectation, Kind
from goldlane.pipelines.places import Place
from goldlane.testing.suite import Suite
from goldlane.testing.verdicts import BrokenRuleWarning, BrokenTestError, FailureText, rule_verdict, table_verdict

if TYPE_CHECKING:
    import os

    from goldlane.pipelines.outcome import DatasetResult


class DltFile(pytest.File):
    """A source file with test tables."""

    suite: Suite

    def collect(self) -> Iterator[pytest.Item]:
        """Each table, followed by its rules.

        Raises:
            CollectError: the pipeline's files cannot be loaded; all their mistakes.
        """
        try:
            tables = self.suite.tables_of(self.path.resolve())
        except GoldlaneError as error:
            raise self.CollectError(str(error)) from error
        for table in tables:
            yield DltTable.from_parent(self, name=table.written, table=table)
            for rule in table.expectations:
                yield DltRule.from_parent(self, name=f"{table.written}[{rule.name}]", table=table, rule=rule)


class DltTable(pytest.Item):
    """Passes when the table could be computed and none of its rules stopped it."""

    def __init__(self, *, table: Dataset, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.table = table

    @property
    def place(self) -> Place | None:
        """Where it stands in the user's file."""
        return self.table.place

    def runtest(self) -> None:
        """Update the pipeline if that was not done, and judge.

        Raises:
            BrokenTestError: the table failed.
        """
        result = self._result()
        table_verdict(result)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The cause in the user's words; a traceback only for what is nobody's mistake but ours."""
        if isinstance(excinfo.value, GoldlaneError | BrokenTestError):
            return FailureText(self.name, self.place, excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[os.PathLike[str] | str, int | None, str]:
        """The place in the user's file."""
        return (self.place.file, self.place.line - 1, self.name) if self.place else (self.path, None, self.name)

    def _result(self) -> DatasetResult:
        selected = [item.table for item in self.session.items if isinstance(item, DltTable)]
        result = cast("DltFile", self.parent).suite.result(self.table, selected)
        if result.kind is Kind.VIEW:
            pytest.skip("a view is not computed by itself; make it a private table")
        if result.status == "SKIPPED" and result.error is not None:
            pytest.skip(result.error.message)
        return result


class DltRule(DltTable):
    """Passes when no row broke the rule; a rule that only warns or drops is told as a warning, as the platform goes on, too."""

    def __init__(self, *, rule: Expectation, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.rule = rule

    @property
    def place(self) -> Place | None:
        """The rule's own line."""
        return self.rule.place or self.table.place

    def runtest(self) -> None:
        """As for the table.

        Raises:
            BrokenTestError: rows broke the rule.
        """
        broken = rule_verdict(self.rule, self._result())
        if broken is not None and self.rule.action is Action.FAIL:
            raise BrokenTestError(broken)
        if broken is not None:
            self.warn(BrokenRuleWarning(f"{self.name}: {broken}"))


def file_item(parent: pytest.Collector, path: Path, suite: Suite) -> DltFile:
    """The collector of one file."""
    file: DltFile = DltFile.from_parent(parent, path=path)
    file.suite = suite
    return file
