"""How fast a card is being used right now: merged from tiles when it is read."""

from __future__ import annotations

from decimal import Decimal

from goldlane.features import Feature, FeatureTable, Rolling

_HOPS = {"5m": "1m", "1h": "5m", "24h": "1h"}


def _velocity(window: str, hop: str) -> tuple[Feature, Feature]:
    return (
        Feature(
            name=f"txn_count_{window}",
            type="BIGINT",
            unit="transactions",
            description=f"Transactions of the last {window}, in tiles of {hop}",
            rolling=Rolling(function="count", window=window, hop=hop),
        ),
        Feature(
            name=f"txn_amount_{window}",
            type="DECIMAL(28,2)",
            unit="currency of the transaction",
            description=f"Amount of the last {window}, in tiles of {hop}; currencies are not converted; 0 without transactions",
            rolling=Rolling(function="sum", column="amount", window=window, hop=hop, default=Decimal("0.00")),
        ),
    )


REAL_TIME_FEATURES = FeatureTable(
    name="real_time_features",
    description="Velocity of a card, merged at read time from the tiles of its transactions.",
    keys=("customer_id",),
    event_time="as_of",
    source="real_time_features_tiles",
    features=tuple(feature for window, hop in _HOPS.items() for feature in _velocity(window, hop)),
)
