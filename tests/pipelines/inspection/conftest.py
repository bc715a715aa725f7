"""Source files in a folder of their own, and what a check says of them."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from goldlane.pipelines.inspection.check import check

if TYPE_CHECKING:
    from goldlane.pipelines.inspection.report import Report

Checked = Callable[..., Any]


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    """Checks ``lane.py`` with this text, beside other files: ``checked(text, **{"helpers.py": text})``."""

    def look(text: str, *, conf: dict[str, str] | None = None, **files: str) -> Report:
        (tmp_path / "pyproject.toml").touch()
        for name, content in {"lane.py": text, **files}.items():
            (tmp_path / name).write_text(textwrap.dedent(content), encoding="utf-8")
        return check([tmp_path / name for name in ("lane.py", *(name for name in files if name.endswith(".sql")))], configuration=conf)

    return look
