"""``goldlane bundle``: an asset bundle, checked without a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from goldlane.cli.options import JsonOption
from goldlane.cli.output import print_json, progress, results

if TYPE_CHECKING:
    from goldlane.bundles.problems import Problem

app = typer.Typer(help="Check an asset bundle without a workspace.", no_args_is_help=True)


@app.callback()
def bundle() -> None:
    """Check an asset bundle without a workspace."""


@app.command()
def validate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder of databricks.yml.")] = Path(),
    *,
    target: Annotated[str | None, typer.Option(help="Check it as this target sees it; as all of them do when none is named.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Check databricks.yml and all it includes: fields, references, files, jobs; every mistake at once; exit 2 when there is one."""
    from goldlane.bundles.validation import validate as problems_of

    problems = problems_of(folder.resolve(), target)
    ok = not any(problem.severity == "error" for problem in problems)
    if as_json:
        print_json({"ok": ok, "problems": [_document(problem) for problem in problems]})
        return 0 if ok else 2
    for problem in problems:
        results().print(str(problem), markup=False)
    progress().print(_summary(problems), markup=False)
    return 0 if ok else 2


def _summary(problems: tuple[Problem, ...]) -> str:
    warnings = sum(problem.severity == "warning" for problem in problems)
    errors = len(problems) - warnings
    counted = [(errors, "problem"), (warnings, "warning")]
    told = ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counted if count)
    return told if errors else f"the bundle is sound{f', with {told}' if told else ''}"


def _document(problem: Problem) -> dict[str, object]:
    place = {"severity": problem.severity, "file": problem.file, "line": problem.line}
    return {**place, "path": problem.path, "message": problem.message}
