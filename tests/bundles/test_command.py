"""``goldlane bundle validate``, as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldlane.cli.app import main


def test_the_command_prints_one_document_and_exits_with_2_for_problems(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    job = bundle / "resources" / "refresh.job.yml"
    job.write_text(job.read_text(encoding="utf-8").replace("ALL_DONE", "SOMETIMES"), encoding="utf-8")

    with pytest.raises(SystemExit) as ended:
        main(["bundle", "validate", str(bundle), "--json"])

    document = json.loads(capsys.readouterr().out)
    assert ended.value.code == 2
    assert document["ok"] is False
    assert [set(problem) for problem in document["problems"]] == [{"severity", "file", "line", "path", "message"}]


def test_the_command_says_that_a_bundle_is_sound(bundle: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bundle", "validate", str(bundle), "--target", "prod"])

    assert ended.value.code == 0
    assert "the bundle is sound" in capsys.readouterr().err
