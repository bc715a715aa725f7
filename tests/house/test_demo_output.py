from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def shape(text: str) -> list[str]:
    """The lines of ``text`` without what differs from run to run: numbers, ids, the widths they make."""
    masked = re.sub(r"\d[\d,.:TZ-]*", "0", text)
    return [" ".join(re.sub("─+", "─", line).split()) for line in masked.splitlines()]


@pytest.mark.slow
def test_the_readme_shows_what_the_demo_prints(tmp_path: Path) -> None:
    (shown,) = re.findall(r"<!-- demo: begin -->\n```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    program = str(Path(sys.executable).with_name("goldlane"))

    done = subprocess.run([program, "demo", "--dir", str(tmp_path / "demo")], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    printed = shape(done.stdout)
    start = printed.index(shape(shown)[0])
    assert printed[start : start + len(shape(shown))] == shape(shown)
