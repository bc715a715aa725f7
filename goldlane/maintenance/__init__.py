"""Upkeep of a storage and its store: entities forgotten everywhere, files compacted and purged."""

from goldlane.maintenance.forgetting import Forgetting, forget
from goldlane.maintenance.upkeep import Maintained, Retention, Tended, maintain

__all__ = ["Forgetting", "Maintained", "Retention", "Tended", "forget", "maintain"]
