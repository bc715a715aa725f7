"""What can be wrong with a monitor: its declaration, the table it watches, or a refresh of it."""

from __future__ import annotations

from goldlane.errors import GoldlaneError, Mistakes


class MonitoringError(GoldlaneError):
    """A monitor could not be refreshed, or what it wrote could not be read."""


class MonitorDeclarationError(MonitoringError, Mistakes):
    """A monitor, its profile or one of its metrics is declared wrongly; all its mistakes at once."""


class WatchedTableError(MonitoringError, Mistakes):
    """The watched table and the monitor do not fit each other; all mistakes at once, before Spark does any work."""
