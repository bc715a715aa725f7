"""What can be wrong with a change flow: how it is declared, or the rows that arrive."""

from __future__ import annotations

from collections.abc import Mapping

from goldlane.errors import GoldlaneError, UsageError


class CdcError(UsageError):
    """A change flow was declared wrongly, or does not fit its source, its target or what it remembers; nothing was written."""


class SnapshotError(GoldlaneError):
    """A snapshot that is missing, has no version, or comes out of order; nothing was written of it."""


class RefusedChangesError(GoldlaneError):
    """Change rows that no table can take; ``rows`` counts them per reason. Nothing was written."""

    def __init__(self, target: str, rows: Mapping[str, int]) -> None:
        found = "; ".join(f"{count} {'row' if count == 1 else 'rows'} with {reason}" for reason, count in rows.items())
        super().__init__(
            f"the changes for {target} are refused: {found}", hint="filter such rows out, or mend them, before the change flow"
        )
        self.target, self.rows = target, dict(rows)
