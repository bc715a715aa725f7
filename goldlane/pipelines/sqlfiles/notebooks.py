"""Jupyter notebooks whose language is SQL, as the text of a Databricks SQL notebook."""

from __future__ import annotations

import json
from pathlib import Path

from goldlane.errors import UsageError

_SEPARATOR = "\n-- COMMAND ----------\n"


def is_sql(file: Path) -> bool:
    """Whether a source file is SQL: by its name, or by the language that a notebook says."""
    if file.suffix != ".ipynb":
        return file.suffix == ".sql"
    try:
        about = json.loads(file.read_text(encoding="utf-8-sig")).get("metadata", {})
    except (ValueError, AttributeError):
        return False
    said = (about.get("application/vnd.databricks.v1+notebook", {}).get("language"), about.get("language_info", {}).get("name"))
    return "sql" in said


def sql_text(file: Path) -> str:
    """The SQL of a file; a notebook's cells of another language become comments.

    Raises:
        UsageError: the file is not UTF-8 text.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"not UTF-8 text: {error}", file=str(file)) from error
    if file.suffix != ".ipynb":
        return text
    cells = ["".join(cell["source"]) for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    return _SEPARATOR.join(_commented(cell) if cell.lstrip().startswith("%") else cell for cell in cells)


def _commented(cell: str) -> str:
    return "\n".join(f"-- {line}" for line in cell.splitlines())
