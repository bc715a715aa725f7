"""What a store tells people of a table that a stream keeps up to date."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from goldlane.features.cataloguing import catalogue_before, rows_after
from goldlane.features.online.catalogue import HISTORY, Catalogue, PastPublish
from goldlane.features.online.store import Publication

if TYPE_CHECKING:
    from goldlane.features.live.increments import Change

_MODE = "continuous"


def recorded(publication: Publication, previous: Publication | None, done: Change) -> Publication:
    """``publication`` with the catalogue that the store had, kept true: a stream's batches in a row are one entry of its history."""
    had = catalogue_before(previous)
    rows = rows_after(had, done.written, whole=done.whole)
    newest = max((time for time in (had.newest, done.newest) if time is not None), default=None)
    return replace(publication, catalogue=replace(had, rows=rows, newest=newest, history=_history(had, publication, done)))


def _history(had: Catalogue, publication: Publication, done: Change) -> tuple[PastPublish, ...]:
    before, last = had.history[:-1], had.history[-1] if had.history else None
    if last is None or last.mode != _MODE:
        before, last = had.history, PastPublish(at=datetime.now(timezone.utc), mode=_MODE, rows_written=0)
    added = replace(
        last,
        at=datetime.now(timezone.utc),
        rows_written=last.rows_written + done.written.rows_written,
        rows_deleted=last.rows_deleted + done.written.rows_deleted,
        version=publication.version,
    )
    return (*before, added)[-HISTORY:]
