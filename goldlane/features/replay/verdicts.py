"""One answer beside what the offline join says: equal, or how it differs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from goldlane.features.online.answer_lines import digest
from goldlane.features.types import decimal_scale

if TYPE_CHECKING:
    from goldlane.features.declarations import Feature, FeatureTable
    from goldlane.features.replay.logs import Logged
    from goldlane.features.replay.offline import Told

Verdict: TypeAlias = Literal["matched", "mismatched", "missing", "extra"]
Apart: TypeAlias = Literal["ahead", "gone", "replaced", "no_gold", "forgotten"]
Differing: TypeAlias = "dict[str, tuple[Any, Any]]"

# Sums of doubles over tiles depend on the order in which they are added.
TOLERANCE = 1e-12


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of one answer: a verdict, or the reason why there is none.

    ``version`` is that of gold it was compared to; ``differing`` are (online, offline) values by feature, the event time among them.
    ``stale`` says that gold had moved on when it was read, ``revised`` which features gold tells otherwise today, of the same row.
    """

    logged: Logged
    verdict: Verdict | None = None
    apart: Apart | None = None
    version: int | None = None
    differing: Differing = field(default_factory=dict)
    stale: bool = False
    revised: Differing = field(default_factory=dict)
    lag_s: float | None = None


def verdict(logged: Logged, told: Told, table: FeatureTable) -> tuple[Verdict, Differing]:
    """``missing`` is what only the join knows, ``extra`` what only the store knew."""
    if logged.features is None:
        if told.as_of is None:
            return "matched", {}
        return "missing", {name: (None, value) for name, value in told.features.items() if value is not None}
    if told.as_of is None:
        return "extra", {name: (value, None) for name, value in logged.features.items() if value is not None}
    differing = differences(logged.features, told.features, table, logged.served.salt)
    if logged.as_of != told.as_of:
        differing[table.event_time] = (logged.as_of, told.as_of)
    return ("mismatched" if differing else "matched"), differing


def differences(online: Mapping[str, Any], offline: Mapping[str, Any], table: FeatureTable, salt: str) -> Differing:
    """The features of ``table`` that both have and tell otherwise."""
    return {
        feature.name: (online[feature.name], offline[feature.name])
        for feature in table.features
        if feature.name in online and feature.name in offline
        if not _same(online[feature.name], offline[feature.name], feature, salt)
    }


def _same(online: Any, offline: Any, feature: Feature, salt: str) -> bool:
    if online is None or offline is None:
        return online is None and offline is None
    if feature.sensitive:
        return bool(online == digest(offline, salt))
    if isinstance(online, float) and isinstance(offline, float):
        if math.isnan(online) or math.isnan(offline):
            return math.isnan(online) and math.isnan(offline)
        merged = feature.rolling is not None and feature.rolling.hop is not None
        return math.isclose(online, offline, rel_tol=TOLERANCE, abs_tol=0) if merged else online == offline
    if decimal_scale(feature.type) is not None:
        return bool(online == offline)
    return type(online) is type(offline) and bool(online == offline)
