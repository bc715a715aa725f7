"""The environment of this clone in ``.venv``, from nothing but Python and a JDK; instant when nothing has changed.

    python3 scripts/setup.py         what `make setup` runs, and every other target before its own work
    python3 scripts/setup.py lock    what `make lock` runs: requirements.lock anew from pyproject.toml

Standard library only, and no syntax newer than Python 3.6: a Python too old for Goldlane must get a sentence, not a traceback.
"""

# ruff: noqa: INP001, S603, T201  a script, which starts uv and prints what it does
import sys

if sys.version_info < (3, 10):  # noqa: UP036  this is the file that says so
    sys.exit(
        "Goldlane needs Python 3.10 or newer, and {} is {}.{}; with a newer one beside it: make PYTHON=python3.12 ...".format(
            sys.executable, *sys.version_info[:2]
        )
    )

import fcntl
import hashlib
import importlib.util
import os
import shutil
import ssl
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / ".goldlane-setup"
INPUTS = (ROOT / "requirements.lock", ROOT / "pyproject.toml", Path(__file__).resolve())
LOCK = (
    "pip compile pyproject.toml --all-extras --universal --python-version 3.10 --generate-hashes"
    " --no-header --no-emit-index-url -o requirements.lock"
)


def main() -> None:
    """Bring ``.venv`` up to date, one process at a time: two `make` at once must not build it twice."""
    if is_ready():
        return
    with INPUTS[0].open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        if not is_ready():
            build()


def is_ready() -> bool:
    """Built here (a moved folder breaks the scripts in it), and from the inputs as they are now?"""
    return PYTHON.exists() and STAMP.exists() and STAMP.read_text(encoding="utf-8") == fingerprint()


def fingerprint() -> str:
    """A text that changes with the folder and with every file the environment is made from."""
    digest = hashlib.sha256(str(ROOT).encode())
    for file in INPUTS:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def build() -> None:
    """Java before anything is downloaded, then uv, ``.venv``, the locked dependencies, this project, Delta's jars."""
    if subprocess.run(["/bin/sh", str(ROOT / "scripts" / "require_java")], check=False).returncode:
        sys.exit(1)
    started = time.monotonic()
    wanted = fingerprint()
    STAMP.unlink(missing_ok=True)
    uv = find_uv()
    if not venv_works():
        say(f"creating .venv with Python {sys.version.split()[0]}")
        shutil.rmtree(VENV, ignore_errors=True)
        run(uv, "venv", "--quiet", "--python", base_python(), str(VENV))
    say("installing the dependencies of requirements.lock into .venv (the first time some minutes, afterwards from uv's cache)")
    run(uv, "pip", "sync", *quiet(), "--compile-bytecode", "--python", str(PYTHON), "requirements.lock")
    run(uv, "pip", "install", *quiet(), "--no-deps", "--python", str(PYTHON), "--editable", ".")
    run(str(PYTHON), "-m", "goldlane.session")
    STAMP.write_text(wanted, encoding="utf-8")
    say(f"ready after {time.monotonic() - started:.0f} s")


def venv_works() -> bool:
    """A ``.venv`` that starts and is new enough is kept, whoever made it."""
    if not PYTHON.exists():
        return False
    check = "import sys; sys.exit(sys.version_info < (3, 10) or sys.prefix == sys.base_prefix)"
    return subprocess.run([str(PYTHON), "-c", check], check=False).returncode == 0


def base_python() -> str:
    """This Python; when it runs in a virtual environment (perhaps the very one to rebuild), the one beneath."""
    if sys.prefix == sys.base_prefix:
        return sys.executable
    return str(Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}")


def find_uv() -> str:
    """The uv on PATH, else the one in ``.uv``, which is installed from PyPI by pip when it is not there."""
    own = ROOT / ".uv" / "bin" / "uv"
    for candidate in (shutil.which("uv"), str(own)):
        if candidate and starts(candidate):
            return candidate
    if importlib.util.find_spec("ensurepip") is None:
        sys.exit(f"there is no uv, and {sys.executable} has no ensurepip to install it with (Debian: apt-get install python3-venv)")
    say("installing uv into .uv")
    shutil.rmtree(ROOT / ".uv", ignore_errors=True)
    run(base_python(), "-m", "venv", str(ROOT / ".uv"))
    run(str(ROOT / ".uv" / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv")
    return str(own)


def starts(uv: str) -> bool:
    """Whether it answers: a version manager's shim is on PATH also when no uv is behind it."""
    return Path(uv).exists() and subprocess.run([uv, "--version"], capture_output=True, check=False).returncode == 0


def quiet() -> "list[str]":
    """Nothing on a terminal, where uv shows its progress; in a log its list of every package is noise."""
    return [] if sys.stderr.isatty() else ["--quiet"]


def run(*command: str) -> None:
    """Run one step in the clone; its own message has been printed when it fails."""
    # uv must take the Python it is told: neither one of its own downloads, nor the active environment.
    ignored = {"UV_SYSTEM_PYTHON", "UV_PYTHON", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME"}
    kept = {name: value for name, value in os.environ.items() if name not in ignored}
    done = subprocess.run(command, cwd=ROOT, env={**trusted(), **kept, "UV_PYTHON_DOWNLOADS": "never"}, check=False)
    if done.returncode:
        sys.exit(f"setup stopped: `{' '.join(command)}` failed; its own message is above, and `make setup` goes on from here")


def trusted() -> "dict[str, str]":
    """The certificates that this Python trusts: uv brings its own, which a company's proxy is not among."""
    paths = ssl.get_default_verify_paths()
    if paths.cafile:
        return {"SSL_CERT_FILE": paths.cafile}
    return {"SSL_CERT_DIR": paths.capath} if paths.capath and any(Path(paths.capath).iterdir()) else {}


def say(text: str) -> None:
    """One line on stderr: stdout belongs to what the target itself prints."""
    print(f"setup: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    if sys.argv[1:] == ["lock"]:
        run(find_uv(), *LOCK.split())
    else:
        main()
