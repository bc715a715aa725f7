"""Model quality of an inference log: how right its predictions were, by class, and by group."""

from __future__ import annotations

from goldlane.monitoring.quality.measuring import Measured, model_classes, model_quality

__all__ = ["Measured", "model_classes", "model_quality"]
