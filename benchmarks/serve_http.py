"""`goldlane serve` beside Feast's feature server and a bare ASGI application: `python benchmarks/serve_http.py [--rounds 5]`.

One worker each, loopback, wrk. Ten features by one key in SQLite; Goldlane checks a token, Feast has none. Requests per second of the
server's own CPU time (from /proc) are what a busy machine leaves comparable. `--publish 60` only loads the server for so many seconds
while the table is published again and again, and looks at every answer.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

import pyarrow as pa

from goldlane.features import Feature, FeatureTable, open_store, publish

HERE = Path(__file__).parent
FEAST = Path(tempfile.gettempdir()) / "goldlane-feast" / "bin" / "python"
MERCHANTS = FeatureTable(
    name="merchants",
    keys=("merchant_id",),
    event_time="as_of",
    features=(
        Feature(name="tier", type="string", description="tier"),
        Feature(name="n", type="bigint", description="number"),
        *(Feature(name=f"f{number}", type="double", description="a number") for number in range(8)),
    ),
)
NAMES = [feature.name for feature in MERCHANTS.features]
TICKS = os.sysconf("SC_CLK_TCK")
ANSWER_BYTES = 260
STARTS_WITHIN_S = 120


@dataclass
class Candidate:
    """A server under test, and what was measured of it."""

    name: str
    port: int
    pid: int
    path: str
    headers: dict[str, str]
    one: str
    many: str
    start_s: float
    figures: dict[str, list[float]] = field(default_factory=dict)

    def note(self, what: str, figure: float) -> None:
        """Remember a figure of this round."""
        self.figures.setdefault(what, []).append(figure)

    def median(self, what: str) -> float:
        """The median of all rounds."""
        return statistics.median(self.figures[what])


def rows_of(count: int, generation: int = 0) -> pa.Table:
    """Merchants whose features all tell the generation they were published in, except the number."""
    ids = [f"M{number:06d}" for number in range(count)]
    as_of = pa.array([datetime(2026, 1, 31, 10, tzinfo=timezone.utc)] * count, pa.timestamp("us", "UTC"))
    numbers = {f"f{number}": [float(generation)] * count for number in range(8)}
    return pa.table({"merchant_id": ids, "as_of": as_of, "tier": [str(generation)] * count, "n": [generation] * count, **numbers})


def cpu_s(pid: int) -> float:
    """CPU seconds of a process and of its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / TICKS + sum(cpu_s(child) for child in children(pid))


def rss_mb(pid: int) -> float:
    """Resident memory of a process and of its children."""
    kilobytes = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return (int(kilobytes[1]) / 1024 if kilobytes else 0) + sum(rss_mb(child) for child in children(pid))


def children(pid: int) -> list[int]:
    """The processes that a process started."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@contextmanager
def started(command: Sequence[str], port: int, path: str) -> Iterator[tuple[int, float]]:
    """A server's process, and the seconds until it answered."""
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            while not _answers(port, path):
                if process.poll() is not None or time.perf_counter() - began > STARTS_WITHIN_S:
                    raise SystemExit(f"{' '.join(command)} did not start")
                time.sleep(0.01)
            yield process.pid, time.perf_counter() - began
        finally:
            process.terminate()


def _answers(port: int, path: str) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=2):
            return True
    except (OSError, ValueError):
        return False


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


def wrk(candidate: Candidate, folder: Path, body: str, connections: int, seconds: float) -> dict[str, float]:
    """One run of wrk: requests, seconds, p50 and p99 in milliseconds, and the server's CPU seconds."""
    script = folder / "post.lua"
    headers = "".join(f'wrk.headers["{name}"]="{value}"\n' for name, value in candidate.headers.items())
    script.write_text(f"""wrk.method="POST"
{headers}local n=0
request=function() n=(n+7919)%1000
  local key=function(k) return string.format("M%06d", (n+tonumber(k))%1000) end
  return wrk.format(nil, "{candidate.path}", nil, ([==[{body}]==]):gsub("@(%d+)@", key))
end
done=function(s, l, r)
  io.write(string.format("\\nfigures %d %f %f %f %d\\n", s.requests, s.duration/1e6, l:percentile(50)/1e3, l:percentile(99)/1e3,
  s.errors.status+s.errors.read+s.errors.connect+s.errors.write+s.errors.timeout)) end
""")
    before = cpu_s(candidate.pid)
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s", "-s", str(script), f"http://127.0.0.1:{candidate.port}"]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    used = cpu_s(candidate.pid) - before
    numbers = [float(number) for number in out.rpartition("figures ")[2].split()]
    if numbers[4]:
        raise SystemExit(f"{candidate.name}: {numbers[4]:.0f} requests failed")
    return dict(zip(("requests", "seconds", "p50", "p99"), numbers, strict=False)) | {"cpu": used}


def records(count: int) -> str:
    """The body of an invocation; @k@ becomes a key."""
    return '{"dataframe_records":[' + ",".join(f'{{"merchant_id":"@{number}@"}}' for number in range(count)) + "]}"


def feast_body(count: int) -> str:
    """The same question to Feast."""
    keys = ",".join(f'"@{number}@"' for number in range(count))
    names = ",".join(f'"merchants:{name}"' for name in NAMES)
    return f'{{"features":[{names}],"entities":{{"merchant_id":[{keys}]}}}}'


def measure(candidates: Sequence[Candidate], folder: Path, rounds: int) -> None:
    """Every candidate in turn, round after round."""
    for number in range(rounds + 1):
        for each in candidates:
            loaded = wrk(each, folder, each.one, 16, 4)
            single = wrk(each, folder, each.one, 1, 3)
            batch = wrk(each, folder, each.many, 1, 3)
            if number == 0:
                continue  # everybody is warm now
            each.note("requests per CPU second", loaded["requests"] / loaded["cpu"])
            each.note("requests per second", loaded["requests"] / loaded["seconds"])
            each.note("CPU ms per request", 1000 * single["cpu"] / single["requests"])
            each.note("p50 ms", single["p50"])
            each.note("p99 ms", single["p99"])
            each.note("100 entities p50 ms", batch["p50"])
            each.note("memory MB", rss_mb(each.pid))


def report(candidates: Sequence[Candidate]) -> None:
    """The table, with everybody's ratio to the first."""
    print(f"{'':26}" + "".join(f"{each.name:>28}" for each in candidates))
    for what in candidates[0].figures:
        first = candidates[0].median(what)
        cells = [f"{each.median(what):,.3f} ({each.median(what) / first:.2f} x)" for each in candidates]
        print(f"{what:26}" + "".join(f"{cell:>28}" for cell in cells))
    print(f"{'start s':26}" + "".join(f"{each.start_s:>28.2f}" for each in candidates))


def main() -> None:
    """Make the stores, start everybody, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--publish", type=float, default=0.0)
    arguments = parser.parse_args()
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed")
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        store = f"sqlite:///{folder}/online.db"
        publish(MERCHANTS, rows_of(arguments.rows), open_store(store), mode="snapshot")
        ours = _goldlane(running, folder, store)
        if arguments.publish:
            _publishing(ours, folder, store, arguments)
            return
        candidates = [ours, _bare(running), *_feast(running, folder, arguments.rows)]
        measure(candidates, folder, arguments.rounds)
        report(candidates)


def _goldlane(running: ExitStack, folder: Path, store: str) -> Candidate:
    goldlane = [sys.executable, "-m", "goldlane.cli"]
    made = [*goldlane, "token", "create", "--tokens", str(folder / "tokens.json")]
    token = subprocess.run(made, capture_output=True, text=True, check=True).stdout.strip()
    port = free_port()
    command = [*goldlane, "serve", "--store", store, "--port", str(port), "--tokens", str(folder / "tokens.json")]
    pid, start = running.enter_context(started(command, port, "/health"))
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    return Candidate("goldlane", port, pid, "/serving-endpoints/merchants/invocations", headers, records(1), records(100), start)


def _bare(running: ExitStack) -> Candidate:
    port = free_port()
    command = [sys.executable, str(HERE / "peers" / "bare_server.py"), str(port), str(ANSWER_BYTES)]
    pid, start = running.enter_context(started(command, port, "/"))
    return Candidate("bare ASGI, constant answer", port, pid, "/", {"Content-Type": "application/json"}, records(1), records(100), start)


def _feast(running: ExitStack, folder: Path, rows: int) -> list[Candidate]:
    if subprocess.run([FEAST, "-c", "import feast"], capture_output=True, check=False).returncode if FEAST.exists() else True:
        print(f"Feast is left out: there is none at {FEAST}; benchmarks/as_of_join.py installs it")
        return []
    port, place = free_port(), folder / "feast"
    place.mkdir()
    command = [str(FEAST), "-W", "ignore", str(HERE / "peers" / "feast_server.py"), str(place), str(rows), str(port)]
    pid, _ = running.enter_context(started(command, port, "/health"))
    headers = {"Content-Type": "application/json"}
    return [Candidate("Feast 0.67", port, pid, "/get-online-features", headers, feast_body(1), feast_body(100), float("nan"))]


def _publishing(ours: Candidate, folder: Path, store: str, arguments: argparse.Namespace) -> None:
    """Load, and publish as often as it goes; a torn row would hold features of two generations."""
    script = folder / "check.lua"
    headers = "".join(f'wrk.headers["{name}"]="{value}"\n' for name, value in ours.headers.items())
    script.write_text(f"""wrk.method="POST"
{headers}wrk.body='{records(3).replace("@0@", "M000000").replace("@1@", "M000001").replace("@2@", "M000002")}'
local threads={{}}
setup=function(t) table.insert(threads, t) end
torn=0
response=function(status, headers, body)
  local first=string.match(body, '"n":(%d+)')
  for v in string.gmatch(body, '"f%d":(%d+)%.0') do if v ~= first then torn=torn+1 end end
  for v in string.gmatch(body, '"n":(%d+)') do if v ~= first then torn=torn+1 end end
  if status ~= 200 or first == nil then torn=torn+1 end
end
done=function(s, l, r)
  io.write(string.format("\\nfigures %d %d %d\\n", s.requests, threads[1]:get("torn"),
    s.errors.status+s.errors.read+s.errors.connect+s.errors.write+s.errors.timeout))
end
""")
    command = ["wrk", "-t1", "-c8", f"-d{arguments.publish:g}s", "-s", str(script), f"http://127.0.0.1:{ours.port}{ours.path}"]
    generation, target = 0, open_store(store)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as load:
        while load.poll() is None:
            generation += 1
            publish(MERCHANTS, rows_of(arguments.rows, generation), target, mode="snapshot" if generation % 2 else "triggered")
        out = load.stdout.read() if load.stdout else ""
    requests, torn, errors = (int(number) for number in out.rpartition("figures ")[2].split())
    print(json.dumps({"seconds": arguments.publish, "publishes": generation, "requests": requests, "torn": torn, "errors": errors}))


if __name__ == "__main__":
    main()
