"""Table properties as open-source Delta takes them: what only Databricks' writers know is left out, the rest is stored."""

from __future__ import annotations

from collections.abc import Mapping

from goldlane.pipelines.definitions import Kind

# They make other formats or another catalog the table's owner; open-source Delta refuses the table then.
_REFUSED = (
    "delta.feature.catalog",
    "delta.feature.coordinatedcommits",
    "delta.feature.iceberg",
    "delta.universalformat.",
    "delta.enableicebergcompat",
    "delta.enableicebergwritercompat",
)
_SWITCHES = ("delta.autooptimize.autocompact", "delta.autooptimize.optimizewrite")


def storable_properties(properties: Mapping[str, str], kind: Kind) -> dict[str, str]:
    """The properties that the table can be made with."""
    kept = {key: value for key, value in properties.items() if not key.lower().startswith(_REFUSED)}
    # Databricks' switches have more positions than on and off.
    kept = {key: value for key, value in kept.items() if key.lower() not in _SWITCHES or value.lower() in {"true", "false"}}
    if kind is Kind.MATERIALIZED_VIEW:
        # It is replaced as a whole, on Databricks in a storage of its own.
        kept = {key: value for key, value in kept.items() if key.lower() != "delta.appendonly"}
    return kept
