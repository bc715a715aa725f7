"""``goldlane demo`` as it is typed, and the three commands that it ends with."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipelines.demo import MARKER

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def typed(command: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(["sh", "-c", command], cwd=ROOT, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)  # noqa: S607


@dataclass(frozen=True, kw_only=True)
class Demo:
    """What it printed, and the commands in its last three lines."""

    folder: Path
    code: int
    out: str
    err: str

    @property
    def next(self) -> list[str]:
        return [line.strip() for line in self.out.splitlines()[-3:]]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """The demo in a folder that an earlier one left behind, with a blank in its name."""
    folder = tmp_path_factory.mktemp("a demo")
    (folder / MARKER).touch()
    (folder / "landing" / "transactions").mkdir(parents=True)
    (folder / "landing" / "transactions" / "leftover.json").write_text("{}\n")
    (folder / "online.db").write_text("leftover")
    done = typed(f"goldlane demo --dir '{folder}'")
    return Demo(folder=folder, code=done.returncode, out=done.stdout, err=done.stderr)


def test_it_succeeds_and_accounts_for_every_line(demo: Demo) -> None:
    assert (demo.code, "Traceback" in demo.err) == (0, False), demo.err
    assert "every line is explained, and each count is the one planted" in demo.out


def test_it_leaves_what_it_made_and_nothing_of_an_earlier_one(demo: Demo) -> None:
    assert {"landing", "storage", "online.db"} <= {path.name for path in demo.folder.iterdir()}
    assert not (demo.folder / "landing" / "transactions" / "leftover.json").exists()


def test_the_monitor_is_silent_on_a_clean_day_and_tells_of_the_planted_one(demo: Demo) -> None:
    told = [line for line in demo.out.splitlines() if line.startswith("monitor: ")]

    assert [line.endswith("is like the days before it: no alert") for line in told] == [True, False]
    assert "numbers_shifted: column amount" in demo.out
    assert "nulls_rose: column channel" in demo.out


def test_the_lookup_that_it_names_answers_as_the_panel_did(demo: Demo) -> None:
    done = typed(demo.next[0])

    document = json.loads(done.stdout)
    assert (done.returncode, document["expired"], document["missing"]) == (0, False, [])
    assert f'"merchant_id": "{document["merchant_id"]}"' in demo.out
    assert document["features"]["risk_tier"] in {"low", "medium", "high"}


def test_the_events_that_it_names_are_those_of_the_last_update(demo: Demo) -> None:
    done = typed(demo.next[1])

    assert done.returncode == 0
    assert done.stdout.splitlines()[-1].endswith("is COMPLETED.")


def test_the_graph_that_it_names_has_every_layer(demo: Demo) -> None:
    done = typed(demo.next[2])

    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "graph LR")
    assert "bronze_transactions --> clean_transactions" in done.stdout
    assert "silver_transactions --> merchant_features" in done.stdout


def shape(text: str) -> list[str]:
    """The lines of ``text`` without what differs from run to run: numbers, ids, the widths they make."""
    masked = re.sub(r"\d[\d,.:TZ-]*", "0", text)
    return [" ".join(re.sub("─+", "─", line).split()) for line in masked.splitlines()]


def test_the_readme_shows_what_the_demo_prints(demo: Demo) -> None:
    (shown,) = re.findall(r"<!-- demo: begin -->\n```text\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)

    printed = shape(demo.out)

    start = printed.index(shape(shown)[0])
    assert printed[start : start + len(shape(shown))] == shape(shown)
