"""What SOURCE means: files, folders, globs; and the root that a pipeline's own imports are resolved from."""

from __future__ import annotations

import difflib
import glob
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from goldlane.errors import UsageError
from goldlane.pipelines.sqlfiles import declares_pipeline
from goldlane.pipelines.surroundings import folders_around
from goldlane.settings import read_settings

NOTEBOOKS = (".py", ".ipynb")
SUFFIXES = (*NOTEBOOKS, ".sql")
# They are about the project, not of the pipeline.
_NO_FILES = {"__init__.py", "conftest.py", "setup.py"}
_NO_FOLDERS = {"__pycache__", ".ipynb_checkpoints", ".venv", ".git"}


@dataclass(frozen=True, slots=True)
class Sources:
    """The files of a pipeline in the order they load, and its root."""

    files: tuple[Path, ...]
    root: Path

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where the pipeline's own imports are found: the root first."""
        return folders_around(self.files, self.root)

    @property
    def default_name(self) -> str:
        """The pipeline's name when nobody says one: the project's, else its folder's.

        It owns tables, so a project that says its name may be cloned into any folder.
        """
        project = read_settings(self.root).name if (self.root / "pyproject.toml").is_file() else None
        return project or self.root.name or "pipeline"


def find_sources(sources: Sequence[str | Path], root: Path | None = None) -> Sources:
    """The source files that ``sources`` name: files, folders (recursively) and globs.

    Raises:
        UsageError: a source does not exist or holds no source file; all of them at once.
    """
    found: list[Path] = []
    folder = next((Path(source).expanduser().resolve() for source in sources if Path(source).expanduser().is_dir()), None)
    mistakes: list[str] = []
    for source in sources:
        files = _files(str(source))
        found += [file for file in files if file not in found]
        if not files:
            mistakes.append(_nothing(str(source)))
    if not sources:
        mistakes.append("no SOURCE given")
    if mistakes:
        hint = "SOURCE is a .py or .sql file, a notebook, a folder or a glob; [tool.goldlane] pipelines names the default"
        raise UsageError("; ".join(mistakes), hint=hint)
    return Sources(files=tuple(found), root=root or find_root(found[0], folder))


def find_root(file: Path, folder: Path | None = None) -> Path:
    """The nearest parent of ``file`` with a ``pyproject.toml`` or ``databricks.yml``, else the source ``folder``, else the file's."""
    for parent in file.resolve().parents:
        if (parent / "pyproject.toml").is_file() or (parent / "databricks.yml").is_file():
            return parent
    return folder or file.resolve().parent


def _files(source: str) -> list[Path]:
    path = Path(source).expanduser()
    if path.is_file():
        return [path.resolve()] if path.suffix in SUFFIXES else []
    if path.is_dir():
        return sorted(file.resolve() for suffix in SUFFIXES for file in path.rglob(f"*{suffix}") if _is_source(file))
    hits = (Path(hit) for hit in glob.glob(source, recursive=True))  # noqa: PTH207  an absolute pattern is fine here
    return sorted(hit.resolve() for hit in hits if hit.is_file() and hit.suffix in SUFFIXES and _is_source(hit))


def _is_source(file: Path) -> bool:
    if file.name in _NO_FILES or _NO_FOLDERS & set(file.parts):
        return False
    return file.suffix != ".sql" or declares_pipeline(file)


def _nothing(source: str) -> str:
    path = Path(source)
    if path.is_dir():
        return f"{source} holds no .py file, notebook or SQL file of a pipeline"
    if path.is_file():
        return f"{source} is no .py file, .sql file or notebook"
    near = difflib.get_close_matches(path.name, [file.name for file in path.parent.glob("*")] if path.parent.is_dir() else [], n=1)
    return f"{source} does not exist" + (f"; did you mean {path.parent / near[0]}?" if near else "")
