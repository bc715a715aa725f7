"""What Auto Loader says when it cannot go on: the caller's mistakes, and the stop on columns the schema does not know."""

from __future__ import annotations

from dataclasses import dataclass

from goldlane.errors import GoldlaneError, UsageError


class AutoLoaderError(GoldlaneError):
    """A ``cloudFiles`` source cannot go on with the files that it found."""


class AutoLoaderUsageError(AutoLoaderError, UsageError):
    """The caller's mistake in a ``cloudFiles`` source: an option, a path, a format."""


class MissingPathError(AutoLoaderUsageError):
    """The folder or file of a source is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """A new version of a stored schema: the ``columns`` that it gained, and the ``file`` in which the first of them was met."""

    columns: tuple[str, ...]
    file: str
    version: int

    def __str__(self) -> str:
        what = f"new columns {', '.join(self.columns)}" if self.columns else "files that must be read in another way"
        return f"{what}, first met in {self.file}"
