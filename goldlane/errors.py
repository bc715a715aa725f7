"""The base of every error Goldlane raises on purpose: one clear line, the place, and the next step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar


class GoldlaneError(Exception):
    """Something failed. ``hint`` says what to do next; ``file`` and ``line`` name the place, where there is one."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None, file: str | None = None, line: int | None = None) -> None:
        super().__init__(message)
        self.message, self.hint, self.file, self.line = message, hint, file, line

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.message}" + (f" ({self.hint})" if self.hint else "")


class UsageError(GoldlaneError, ValueError):
    """The caller's mistake: a bad argument, a missing file, an unknown table. The command line exits with 2."""

    exit_code: ClassVar[int] = 2


class MissingExtraError(UsageError, ImportError):
    """An optional dependency is not installed; the message names the extra that brings it."""

    def __init__(self, extra: str, *, needed_for: str) -> None:
        super().__init__(f"{needed_for} needs the extra {extra!r}", hint=f"pip install 'goldlane[{extra}]'")
        self.extra = extra


@contextmanager
def naming_extras(needed_for: str) -> Iterator[None]:
    """Let an import that fails in the body say which extra brings its module.

    Raises:
        MissingExtraError: an extra does; any other import fails as it is.
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        extra = _EXTRAS.get((missing.name or "").partition(".")[0])
        if extra is None:
            raise
        raise MissingExtraError(extra, needed_for=needed_for) from missing


# What our own modules import from the extras, by the first part of its name.
_EXTRAS = {
    **dict.fromkeys(("pyspark", "py4j", "delta", "deltalake", "pyarrow", "pandas", "numpy"), "spark"),
    **dict.fromkeys(("psycopg", "psycopg_pool", "adbc_driver_postgresql"), "postgres"),
    **dict.fromkeys(("starlette", "uvicorn", "uvloop", "httptools", "orjson", "jinja2", "structlog", "prometheus_client"), "serve"),
    **dict.fromkeys(("mcp", "mcp_types"), "mcp"),
    **dict.fromkeys(("databricks",), "databricks"),
    "great_expectations": "gx",
    "mlflow": "mlflow",
    "scipy": "monitoring",
}


class Mistakes(UsageError):  # noqa: N818  it is what it holds
    """Several mistakes of the caller, reported in one go."""

    def __init__(self, subject: str, mistakes: Sequence[str], *, hint: str | None = None) -> None:
        super().__init__(f"{subject}: " + "; ".join(mistakes), hint=hint)
        self.mistakes = tuple(mistakes)


def first_line(error: BaseException) -> str:
    """What an exception of somebody else's says, on one line."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else "no message"
