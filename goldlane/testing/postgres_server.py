"""A PostgreSQL server for the tests of one run: made from nothing, on a free port and a socket of its own, gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

PASSWORD = "a secret/of @ tests"  # noqa: S105  the server lives as long as the tests do
INSTALLED = Path("/usr/lib/postgresql")
_OWNER = "postgres"
_WAIT_S = 60.0


class NoPostgresError(Exception):
    """Why no server can be started here."""


@dataclass(slots=True, kw_only=True)
class PostgresServer:
    """A running server. The socket asks for no password, TCP for ``PASSWORD``."""

    programs: Path
    folder: Path
    port: int
    settings: tuple[str, ...] = ()
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def url(self, schema: str | None = None, *, host: str | None = None, password: str | None = None) -> str:
        """The server's URL, by its socket or by TCP to ``host``; a search path of ``schema`` keeps tests apart."""
        options = f"&options={quote(f'-csearch_path={schema}', safe='')}" if schema else ""
        if host is None:
            return f"postgresql://{_OWNER}@/postgres?host={quote(str(self.folder), safe='')}&port={self.port}{options}"
        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql://{_OWNER}{secret}@{host}:{self.port}/postgres?connect_timeout=5{options}"

    def new_schema(self, prefix: str = "t") -> str:
        """The URL of an empty schema of its own."""
        name = f"{prefix}_{secrets.token_hex(6)}"
        self.sql(f"CREATE SCHEMA {name}")
        return self.url(name)

    def sql(self, statement: str) -> None:
        """Run a statement as the server's owner."""
        command = [str(self.programs / "psql"), "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", self.url(), "-c", statement]
        subprocess.run(command, check=True, capture_output=True)  # noqa: S603  our own server

    def start(self) -> None:
        """Returns once it answers."""
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder), "-p", str(self.port)]
        # A test's rows need no disk: nothing waits for one.
        unsafe = ["fsync=off", "full_page_writes=off", "listen_addresses=127.0.0.1"]
        options = [word for setting in (*unsafe, *self.settings) for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen([*command, *options], stdout=log, stderr=log, **_as_owner())  # noqa: S603  our own server
        deadline = time.monotonic() + _WAIT_S
        ready = [str(self.programs / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]
        while subprocess.run(ready, check=False).returncode:  # noqa: S603  our own server
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise NoPostgresError(f"the server did not start: {(self.folder / 'log').read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends sessions and says good-bye to them, SIGQUIT is as good as a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(_WAIT_S)
            self._process = None

    def restart(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop and start; rows that were committed are there again."""
        self.stop(how)
        self.start()


@contextmanager
def postgres_server(*settings: str) -> Iterator[PostgresServer]:
    """A server with ``settings`` (``max_connections=20``) on top.

    Raises:
        NoPostgresError: there are no server programs, or nobody to run them as.
    """
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="goldlane-postgres-"))
    try:
        _initialise(programs, folder)
        server = PostgresServer(programs=programs, folder=folder, port=_free_port(), settings=settings)
        server.start()
        try:
            yield server
        finally:
            server.stop(signal.SIGQUIT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    """The folder of ``initdb`` and ``postgres``: on the path, or where Debian keeps the newest."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(INSTALLED.glob("*/bin"), key=lambda folder: float(folder.parent.name), reverse=True)
    for folder in folders:
        if all((folder / program).exists() for program in ("initdb", "postgres", "psql", "pg_isready")):
            return folder
    raise NoPostgresError("there are no PostgreSQL server programs (Debian: apt-get install postgresql)")


def _initialise(programs: Path, folder: Path) -> None:
    secret = folder / "secret"
    secret.write_text(PASSWORD)
    if os.geteuid() == 0:
        owner = pwd.getpwnam(_as_owner()["user"])
        for place in (folder, secret):
            os.chown(place, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o755)
    auth = ["--auth-local=trust", "--auth-host=scram-sha-256", f"--pwfile={secret}"]
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", _OWNER, *auth, "-E", "UTF8", "--locale=C", "--no-sync"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, **_as_owner())  # noqa: S603  our own server
    if done.returncode:
        raise NoPostgresError(f"initdb: {done.stderr.strip()[-500:]}")


def _as_owner() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: then it is the user ``postgres``."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam(_OWNER)
    except KeyError as missing:
        raise NoPostgresError(f"PostgreSQL does not run as root, and there is no user {_OWNER!r}") from missing
    return {"user": _OWNER, "group": _OWNER, "extra_groups": [], "cwd": "/"}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
