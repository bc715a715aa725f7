"""Continuous publishing: a stream, or a gold table's new versions, into an online store within a second, exactly once."""

from __future__ import annotations

from goldlane.features.live.course import Applied, Live
from goldlane.features.live.publishing import publish_continuously

__all__ = ["Applied", "Live", "publish_continuously"]
