"""The command, typed in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from goldlane.cli.app import main


@dataclass(frozen=True, kw_only=True)
class Ran:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """The one document on stdout; anything beside it does not parse."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """What stands on stderr when nothing but the mistake does."""
        assert self.err.startswith("goldlane: "), self.err
        assert "Traceback" not in self.err
        return self.err


Goldlane = Callable[..., Ran]


@pytest.fixture
def goldlane(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Goldlane:
    """The command, typed in an empty folder that belongs to no project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])  # a project's root is put there

    def typed(*arguments: str | Path) -> Ran:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ran(code=int(ended.value.code or 0), out=out, err=err)

    return typed
