"""What can be wrong with a feature: its declaration, the frame its windows are computed over, or the labels it is joined to."""

from __future__ import annotations

from goldlane.errors import GoldlaneError, Mistakes


class FeatureError(GoldlaneError):
    """Features could not be computed, published or read."""


class DeclarationError(FeatureError, Mistakes):
    """A feature table, a feature or a window is declared wrongly; all its mistakes at once."""


class WindowError(FeatureError, Mistakes):
    """The events do not fit the windows asked of them; all mistakes at once, before Spark does any work."""


class JoinError(FeatureError, Mistakes):
    """Labels and feature tables do not fit each other; all mistakes at once, before Spark does any work."""


class TrainingError(FeatureError, Mistakes):
    """A training set cannot be made, rebuilt or used for scoring as it is asked; all mistakes at once."""
