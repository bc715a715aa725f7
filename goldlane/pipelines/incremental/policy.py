"""What a materialized view's declaration says of its refreshes: ``refresh_policy``, as on the platform."""

from __future__ import annotations

from enum import Enum

from goldlane.pipelines.incremental.reasons import IssueType

# With these the view begins anew; it may be refreshed by its changes from then on.
BEGINNINGS = frozenset(
    {
        IssueType.CHANGE_SET_MISSING,
        IssueType.CONFIGURATION_CHANGED,
        IssueType.DATA_SCHEMA_CHANGED,
        IssueType.PARTITION_SCHEMA_CHANGED,
        IssueType.QUERY_FINGERPRINT_CHANGED,
    }
)


class RefreshPolicy(str, Enum):
    """When a view is refreshed by its changes."""

    AUTO = "auto"
    INCREMENTAL = "incremental"
    STRICT = "incremental strict"
    FULL = "full"

    def __str__(self) -> str:
        return self.value

    @property
    def weighs_costs(self) -> bool:
        """Whether a recompute that seems cheaper is taken."""
        return self is RefreshPolicy.AUTO

    @property
    def needs_a_key(self) -> bool:
        """Whether a view that could never be refreshed by its changes is a mistake."""
        return self in {RefreshPolicy.INCREMENTAL, RefreshPolicy.STRICT}


def refresh_policy_of(text: str) -> RefreshPolicy:
    """The policy that ``text`` names, in any case, with blanks or underscores.

    Raises:
        ValueError: there is no such policy.
    """
    return RefreshPolicy(" ".join(text.lower().replace("_", " ").split()))
