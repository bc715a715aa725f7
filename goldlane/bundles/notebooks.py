"""Notebooks that tasks run: the parameters their source reads, as far as it tells."""

from __future__ import annotations

import json
import re
from pathlib import Path as File

from goldlane.bundles.files import NOTEBOOKS, located
from goldlane.bundles.loading import Bundle
from goldlane.bundles.tasks import Task

_READ = re.compile(r"""widgets\s*\.\s*(?:get|text|dropdown|combobox|multiselect)\s*\(\s*(?:name\s*=\s*)?["']([^"']+)["']""")
# Where a source may read any parameter: all of them, another notebook's, SQL's, or one by a name that is made while it runs.
_ANY = re.compile(
    r"""getAll|getCurrentBindings|getArgument|%run|%sql|spark\s*\.\s*sql|(?i:create\s+widget)"""
    r"""|(?:dbutils|widgets)\b(?!\s*\.)|widgets\s*\.\s*get\s*\((?!\s*(?:name\s*=\s*)?["'])"""
)
_OTHER_LANGUAGES = (".sql", ".scala", ".r")


def parameters_read(bundle: Bundle, task: Task) -> set[str] | None:
    """The parameters that a task's notebook reads or makes; None when its source does not tell, or is not in the bundle."""
    source = _source(bundle, task)
    return None if source is None or _ANY.search(source) else set(_READ.findall(source))


def _source(bundle: Bundle, task: Task) -> str | None:
    notebook = task.fields.get("notebook_task")
    named = notebook.get("notebook_path") if isinstance(notebook, dict) else None
    start = located(bundle, (*task.path, "notebook_task", "notebook_path"), named) if isinstance(named, str) else None
    files = [] if start is None else [File(f"{start}{ending}") for ending in NOTEBOOKS]
    found = next((file for file in files if file.is_file()), None)
    if found is None or found.suffix.lower() in _OTHER_LANGUAGES:
        return None
    text = found.read_text(encoding="utf-8", errors="replace")
    return _cells(text) if found.suffix == ".ipynb" else text


def _cells(document: str) -> str | None:
    try:
        cells = json.loads(document)["cells"]
        return "\n".join("".join(cell["source"]) for cell in cells)
    except (ValueError, KeyError, TypeError):
        return None
