from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("folder", [".", "pipelines", "pipelines/dlt"])
def test_the_folder_of_the_declarations_never_answers_for_the_platforms_module(folder: str, tmp_path: Path) -> None:
    (tmp_path / "dlt.py").write_text("answer = 'the platform'", encoding="utf-8")
    script = f"import sys; sys.path[:] = [{str(ROOT / folder)!r}, {str(tmp_path)!r}, *sys.path]; import dlt; print(dlt.answer)"

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert ran.stdout.strip() == "the platform"


def test_a_module_that_is_served_wins_over_the_folder(tmp_path: Path) -> None:
    script = (
        "import sys, types; served = types.ModuleType('dlt'); sys.modules['dlt'] = served; "
        f"sys.path.insert(0, {str(ROOT / 'pipelines')!r}); import dlt; print(dlt is served)"
    )

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=tmp_path)

    assert ran.stdout.strip() == "True"
