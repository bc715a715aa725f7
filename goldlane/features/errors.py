"""What can be wrong with a feature: its declaration, or the frame its windows are computed over."""

from __future__ import annotations

from goldlane.errors import GoldlaneError, Mistakes


class FeatureError(GoldlaneError):
    """Features could not be computed, published or read."""


class DeclarationError(FeatureError, Mistakes):
    """A feature table, a feature or a window is declared wrongly; all its mistakes at once."""


class WindowError(FeatureError, Mistakes):
    """The events do not fit the windows asked of them; all mistakes at once, before Spark does any work."""
