"""The lane's direct path: from landing files to the online store without a table in between. ``goldlane publish --mode continuous``."""

from pipelines.live.card_events import card_events

STREAMS = {"real_time_features": card_events}

__all__ = ["STREAMS", "card_events"]
