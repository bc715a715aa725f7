"""Asks Feast's online store, which lives in an environment of its own, for its figures."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from peers.feast_process import install_feast

_PROGRAM = Path(__file__).with_name("feast_online.py")


def feast_online(python: Path, rows: pa.Table, reads: int) -> dict[str, Any] | None:
    """Feast's figures for publishing ``rows`` and reading them; None, and the reason printed, where there is no Feast."""
    reason = install_feast(python)
    if reason is None:
        with tempfile.TemporaryDirectory(prefix="feast-online-") as folder:
            pq.write_table(rows, f"{folder}/rows.parquet")
            command = [str(python), "-W", "ignore", str(_PROGRAM), folder, f"{folder}/rows.parquet", str(reads)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
        if not done.returncode:
            return dict(json.loads(done.stdout.strip().splitlines()[-1]))
        reason = (done.stderr.strip().splitlines() or ["it failed"])[-1]
    print(f"Feast is left out: {reason}")
    return None
