"""Feature tables: declared once, computed exactly in Spark, published to a store, read by their keys.

Importing this package imports neither Spark nor pyarrow; each name below loads its own module on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from goldlane.errors import naming_extras

if TYPE_CHECKING:
    from goldlane.features.declarations import Feature, FeatureTable, Rolling
    from goldlane.features.faults import window_rules
    from goldlane.features.feature_sets import FeatureSet
    from goldlane.features.online import open_store
    from goldlane.features.point_in_time import point_in_time_join
    from goldlane.features.publishing import Published, publish
    from goldlane.features.records import TrainingRecord
    from goldlane.features.scoring import score
    from goldlane.features.tile_windows import merged_tiles, with_tiled_features
    from goldlane.features.tiling import to_tiles
    from goldlane.features.tracking import log_model, log_training_set, start_run
    from goldlane.features.training import TrainingSet, rebuild_training_set, training_set
    from goldlane.features.windows import with_rolling_features
    from goldlane.forgotten import without_forgotten

_MODULES = {
    "Feature": "goldlane.features.declarations",
    "FeatureSet": "goldlane.features.feature_sets",
    "FeatureTable": "goldlane.features.declarations",
    "Published": "goldlane.features.publishing",
    "Rolling": "goldlane.features.declarations",
    "log_model": "goldlane.features.tracking",
    "log_training_set": "goldlane.features.tracking",
    "merged_tiles": "goldlane.features.tile_windows",
    "open_store": "goldlane.features.online",
    "point_in_time_join": "goldlane.features.point_in_time",
    "publish": "goldlane.features.publishing",
    "rebuild_training_set": "goldlane.features.training",
    "score": "goldlane.features.scoring",
    "start_run": "goldlane.features.tracking",
    "to_tiles": "goldlane.features.tiling",
    "training_set": "goldlane.features.training",
    "TrainingRecord": "goldlane.features.records",
    "TrainingSet": "goldlane.features.training",
    "window_rules": "goldlane.features.faults",
    "with_rolling_features": "goldlane.features.windows",
    "with_tiled_features": "goldlane.features.tile_windows",
    "without_forgotten": "goldlane.forgotten",
}

__all__ = [
    "Feature",
    "FeatureSet",
    "FeatureTable",
    "Published",
    "Rolling",
    "TrainingRecord",
    "TrainingSet",
    "log_model",
    "log_training_set",
    "merged_tiles",
    "open_store",
    "point_in_time_join",
    "publish",
    "rebuild_training_set",
    "score",
    "start_run",
    "to_tiles",
    "training_set",
    "window_rules",
    "with_rolling_features",
    "with_tiled_features",
    "without_forgotten",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; it has {', '.join(sorted(_MODULES))}")
    with naming_extras(f"goldlane.features.{name}"):
        return getattr(importlib.import_module(_MODULES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
