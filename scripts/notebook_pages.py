"""The project's notebooks as pages: `python scripts/notebook_pages.py FOLDER` writes one HTML file each, without running them."""

# ruff: noqa: INP001  a script, not a package

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter

from goldlane.pipelines.jupyter import jupyter_notebook

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"


def page(notebook: Path) -> str:
    """The notebook as an HTML document."""
    html, _ = HTMLExporter(template_name="basic").from_notebook_node(nbformat.from_dict(jupyter_notebook(notebook)))
    return f"<!doctype html>\n<meta charset='utf-8'>\n<title>{notebook.stem}</title>\n{html}"


def main(folder: Path) -> None:
    """Write the page of every notebook."""
    folder.mkdir(parents=True, exist_ok=True)
    for notebook in sorted(NOTEBOOKS.glob("*.py")):
        target = folder / f"{notebook.stem}.html"
        target.write_text(page(notebook), encoding="utf-8")
        sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".goldlane/notebooks"))
