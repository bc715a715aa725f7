"""Consistency replay: what a store answered, beside what the offline join answers to the same questions."""

from goldlane.features.replay.replaying import replay
from goldlane.features.replay.report import Replayed

__all__ = ["Replayed", "replay"]
