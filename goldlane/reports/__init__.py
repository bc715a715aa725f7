"""Reports: what an update did, as a document, on the terminal and as a page of its own; the graph as a picture."""

from __future__ import annotations

from goldlane.reports.assembly import report_of
from goldlane.reports.document import Report

__all__ = ["Report", "report_of"]
