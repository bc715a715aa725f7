"""The entry points that wheel tasks of a job name: programs of their own, with the exit codes of ``goldlane``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import typer

from goldlane.cli import gate, monitor_task, score
from goldlane.cli.app import exit_code, quiet_libraries
from goldlane.features.lakehouse import on_databricks


def run_score(arguments: list[str] | None = None) -> None:
    """``goldlane-score``."""
    _run("goldlane-score", score.score, arguments)


def run_gate(arguments: list[str] | None = None) -> None:
    """``goldlane-gate``."""
    _run("goldlane-gate", gate.gate, arguments)


def run_monitor(arguments: list[str] | None = None) -> None:
    """``goldlane-monitor``."""
    _run("goldlane-monitor", monitor_task.monitor_task, arguments)


def _run(name: str, command: Callable[..., Any], arguments: list[str] | None) -> None:
    """Returns when the work is done: a workspace takes every exit of a task's process for its failure."""
    program = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    program.command(name)(command)
    given = sys.argv[1:] if arguments is None else arguments
    if on_databricks():
        # The page of the run shows the exception, and nothing of stderr.
        quiet_libraries()
        code = int(program(given, prog_name=name, standalone_mode=False) or 0)
    else:
        code = exit_code(program, name, given)
    if code:
        sys.exit(code)
