"""The project under test: its sources, as the tests or ``[tool.goldlane]`` name them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from goldlane.errors import UsageError
from goldlane.settings import read_settings


def sources_of(sources: str | Path | Sequence[str | Path] | None, root: Path) -> tuple[Path, ...]:
    """The given sources, else the project's; relative ones are meant from pytest's rootdir, wherever it was started.

    Raises:
        UsageError: there are none.
    """
    if sources is not None:
        return tuple(root / source for source in ([sources] if isinstance(sources, str | Path) else sources))
    settings = read_settings(root)
    if not settings.pipelines:
        raise UsageError("no sources given, and no [tool.goldlane] pipelines in the pyproject.toml of this project")
    return tuple(settings.path(source) for source in settings.pipelines)
