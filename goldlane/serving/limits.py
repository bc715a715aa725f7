"""How much the server takes on."""

from __future__ import annotations

from dataclasses import dataclass, fields

from goldlane.errors import Mistakes


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds of one worker process. What is beyond them is refused: 413, 400, 408, 431 or 429, never queued without end.

    Raises:
        Mistakes: a bound below 1; all at once.
    """

    body_bytes: int = 1_048_576
    records: int = 1_000
    requests_in_flight: int = 256
    connections: int = 2_048
    head_bytes: int = 16_384
    read_s: float = 10.0
    write_s: float = 30.0
    idle_s: float = 75.0
    stop_s: float = 20.0

    def __post_init__(self) -> None:
        wrong = [each.name for each in fields(self) if not getattr(self, each.name) > 0]
        if wrong:
            raise Mistakes("limits", [f"{name} must be above 0" for name in wrong])
