"""The ``goldlane`` command: its sub-commands, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Annotated, Any

import typer

from goldlane import __version__
from goldlane.cli import (
    bundle,
    check,
    demo,
    events,
    forget,
    graph,
    init,
    job,
    lookup,
    maintain,
    mcp,
    monitor,
    publish,
    replay,
    report,
    run,
    sample,
    serve,
    token,
)
from goldlane.cli.output import print_json
from goldlane.errors import GoldlaneError, first_line, naming_extras


def _version(asked: bool) -> None:  # noqa: FBT001  typer's callback
    if asked:
        sys.stdout.write(f"goldlane {__version__}\n")
        raise typer.Exit


app = typer.Typer(
    name="goldlane",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def goldlane(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Say which Goldlane this is, and exit.", is_eager=True, callback=_version)
    ] = False,
) -> None:
    """Run DLT pipelines on your laptop, and publish their features to agents."""
    del version


app.command("init")(init.init)
app.command("demo")(demo.demo)
app.command("sample")(sample.sample)
app.command("run")(run.run)
app.command("check")(check.check)
app.command("graph")(graph.graph)
app.command("events")(events.events)
app.command("report")(report.report)
app.command("publish")(publish.publish)
app.command("lookup")(lookup.lookup)
app.command("serve")(serve.serve)
app.command("mcp")(mcp.mcp)
app.add_typer(bundle.app, name="bundle")
app.command("job")(job.job)
app.add_typer(token.app, name="token")
app.command("replay")(replay.replay)
app.command("monitor")(monitor.monitor)
app.command("forget")(forget.forget)
app.command("maintain")(maintain.maintain)


# What Typer raises for wrong arguments. Recent releases carry a Click of their own, so it is named by what BadParameter descends from.
_WrongArguments: type[Any] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")
STOPPED = 130


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; exit 0 when done, 1 when the work failed, 2 for the caller's mistake."""
    arguments = sys.argv[1:] if arguments is None else arguments
    code = exit_code(app, "goldlane", arguments or ["--help"])
    sys.exit(code if arguments else 2)


def quiet_libraries() -> None:
    """Let no library of ours report to its makers."""
    os.environ.setdefault("GX_ANALYTICS_ENABLED", "false")
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


def exit_code(program: typer.Typer, name: str, arguments: list[str]) -> int:
    """What ``program`` ends with; its errors are printed."""
    quiet_libraries()
    as_json = "--json" in arguments
    try:
        with naming_extras(_typed(name, arguments)):
            code = int(program(arguments, prog_name=name, standalone_mode=False) or 0)
    except _WrongArguments as mistake:
        if type(mistake).__name__ == "NoArgsIsHelpError":
            sys.stdout.write(f"{mistake.format_message()}\n")
            return 2
        return _report(_misuse(mistake), 2, as_json=as_json)
    except GoldlaneError as error:
        _trace()
        return _report(_describe(error), error.exit_code, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        code = STOPPED
    except Exception as error:  # noqa: BLE001  the process's edge: a defect of ours still ends in one line
        _trace()
        return _report(_defect(error), 1, as_json=as_json)
    if code == STOPPED:
        return _report({"class": "KeyboardInterrupt", "message": "stopped"}, STOPPED, as_json=as_json)
    return code


def _typed(name: str, arguments: list[str]) -> str:
    """The command without its options: only ``goldlane`` itself has sub-commands."""
    return f"{name} {arguments[0]}" if name == "goldlane" and arguments else name


def _misuse(mistake: Any) -> dict[str, Any]:
    context = mistake.ctx if hasattr(mistake, "ctx") else None
    hint = f"{context.command_path} --help" if context is not None else None
    return {"class": type(mistake).__name__, "message": mistake.format_message(), "hint": hint}


def _defect(error: Exception) -> dict[str, Any]:
    message = f"{type(error).__name__}: {first_line(error)}"
    return {"class": type(error).__name__, "message": message, "hint": "GOLDLANE_TRACE=1 shows the traceback"}


def _describe(error: GoldlaneError) -> dict[str, Any]:
    return {"class": type(error).__name__, "message": error.message, "hint": error.hint, "file": error.file, "line": error.line}


def _report(error: dict[str, Any], exit_code: int, *, as_json: bool) -> int:
    document = {"class": "", "message": "", "hint": None, "file": None, "line": None, **error}
    if as_json:
        print_json({"error": document})
    place = f"{document['file']}:{document['line']}: " if document["line"] else f"{document['file']}: " if document["file"] else ""
    hint = f"\n  next: {document['hint']}" if document["hint"] else ""
    sys.stderr.write(f"goldlane: {place}{document['message']}{hint}\n")
    return exit_code


def _trace() -> None:
    if os.environ.get("GOLDLANE_TRACE"):
        traceback.print_exc()
