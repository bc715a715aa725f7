"""Feast in a process and an environment of its own: joins folders on request, in turn with others."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

Way: TypeAlias = "Callable[[], tuple[float, float]]"

FEAST = "feast==0.67.*"
HOME = Path(tempfile.gettempdir()) / "goldlane-feast"
PEER = Path(__file__).with_name("feast_as_of.py")


@contextmanager
def feast_process(python: Path, memory: str) -> Iterator[Callable[[Path], Way] | None]:
    """Hands folders to a process of Feast's own, or says why there is none."""
    reason = install_feast(python)
    if reason is not None:
        print(f"Feast is left out: {reason}")
        yield None
        return
    command = [str(python), "-W", "ignore", str(PEER), memory]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        yield lambda folder: lambda: _asked(process, folder)
        process.communicate()


def _asked(process: subprocess.Popen[str], folder: Path) -> tuple[float, float]:
    if process.stdin is None or process.stdout is None:
        raise SystemExit("Feast's process has no pipes")
    process.stdin.write(f"{folder.resolve()}\n")
    process.stdin.flush()
    for line in process.stdout:
        if line.startswith("took "):
            _, wall, cpu = line.split()
            return float(wall), float(cpu)
    raise SystemExit(f"Feast ended with {process.wait()}; run {PEER} by hand to see why")


def install_feast(python: Path) -> str | None:
    """Nothing when Feast is there; otherwise why it is not."""
    if python.exists():
        return None
    uv = shutil.which("uv") or next((str(path) for path in [PEER.parents[2] / ".uv" / "bin" / "uv"] if path.exists()), None)
    if uv is None or python != HOME / "bin" / "python":
        return f"there is no {python}" if uv else "there is no uv to install it with"
    for command in (["venv", str(HOME)], ["pip", "install", "--python", str(python), FEAST, "pyspark>=3.5,<4", "pandas<3"]):
        done = subprocess.run([uv, *command], capture_output=True, text=True, check=False)
        if done.returncode:
            shutil.rmtree(HOME, ignore_errors=True)
            return (done.stderr.strip().splitlines() or ["uv failed"])[-1]
    return None
