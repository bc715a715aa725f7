"""What the platform does around a monitor: when it refreshes, and whom it writes to."""

from __future__ import annotations

from dataclasses import dataclass

from goldlane.monitoring.errors import MonitorDeclarationError

_FIELDS = (6, 7)


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """A Quartz cron expression: seconds, minutes, hours, day of month, month, day of week, and perhaps the year.

    Raises:
        MonitorDeclarationError: it has another number of fields.
    """

    cron: str
    timezone: str = "UTC"

    def __post_init__(self) -> None:
        if not isinstance(self.cron, str) or len(self.cron.split()) not in _FIELDS:
            mistake = f"cron {self.cron!r} is no Quartz expression of six or seven fields, such as '0 0 6 * * ?'"
            raise MonitorDeclarationError("schedule", [mistake])


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """Who gets an e-mail when a refresh fails.

    Raises:
        MonitorDeclarationError: an address has no @; all of them at once.
    """

    on_failure: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        given = (self.on_failure,) if isinstance(self.on_failure, str) else tuple(self.on_failure)
        object.__setattr__(self, "on_failure", given)
        wrong = [f"{address!r} is no e-mail address" for address in given if not isinstance(address, str) or "@" not in address]
        if wrong:
            raise MonitorDeclarationError("notifications", wrong)
