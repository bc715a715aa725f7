"""Features as the ``features`` resources of an asset bundle: what ``databricks.bundles`` deploys, and YAML can hold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from goldlane.errors import MissingExtraError
from goldlane.features.databricks_names import Unity, check_tables
from goldlane.features.declarations import Feature, FeatureTable

if TYPE_CHECKING:
    from databricks.bundles.core import Resources

    from goldlane.features.rolling import Rolling

# Not count_distinct: theirs is approximate.
_FUNCTIONS = {"count": "count_function", "sum": "sum", "mean": "avg", "min": "min", "max": "max", "stddev": "stddev_samp", "last": "last"}
_SECOND = 1_000_000


def bundle_features(
    tables: Iterable[FeatureTable], unity: Unity, *, events: Mapping[str, str] = MappingProxyType({})
) -> dict[str, dict[str, Any]]:
    """The resources by their keys, ``<table>__<feature>``, which are also the features' names in the schema of ``unity``.

    A feature of a gold table is the newest value of its column. A feature with tiles is its window over the table of events that ``events``
    names (``{table: "catalog.schema.name"}``): Databricks counts the rows in ``[t - delay - window, t - delay)``, so ours, open below and
    closed above, is moved by a microsecond.

    Raises:
        DeclarationError: a window means something that theirs cannot, or Databricks would refuse; all mistakes at once.
    """
    known = tuple(tables)
    tiled = [table for table in known if table.has_tiles]
    homeless = [f"{table.name}: nothing says which table has its events; name it in events" for table in tiled if table.name not in events]
    check_tables(known, unity, [*homeless, *(mistake for table in tiled for mistake in _inexpressible(table))])
    sources = {table: events[table.name] if table.has_tiles else unity.table(table) for table in known}
    return {
        f"{table.name}__{feature.name}": _feature(table, feature, source, unity)
        for table, source in sources.items()
        for feature in table.features
    }


def add_features(
    resources: Resources, tables: Iterable[FeatureTable], unity: Unity, *, events: Mapping[str, str] = MappingProxyType({})
) -> None:
    """Adds them to a bundle's resources, from the function that ``python.resources`` in ``databricks.yml`` names.

    Raises:
        DeclarationError: see ``bundle_features``.
        MissingExtraError: databricks-bundles is not installed.
    """
    try:
        from databricks.bundles.features import Feature as BundleFeature
    except ImportError as missing:
        raise MissingExtraError("databricks", needed_for="adding features to a bundle") from missing
    for key, resource in bundle_features(tables, unity, events=events).items():
        resources.add_feature(key, BundleFeature.from_dict(resource))  # type: ignore[arg-type]  # its dictionaries are typed dictionaries


def _feature(table: FeatureTable, feature: Feature, rows: str, unity: Unity) -> dict[str, Any]:
    source: dict[str, Any] = {"full_name": rows}
    function: dict[str, Any] = {"column_selection": {"column": feature.name}}
    if table.has_tiles and feature.rolling is not None:
        function = {"aggregation_function": _aggregation(feature.rolling, table)}
        source |= {"filter_condition": feature.rolling.where} if feature.rolling.where else {}
    return {
        "full_name": f"{unity.catalog}.{unity.schema}.{table.name}__{feature.name}",
        "description": feature.description,
        "source": {"delta_table_source": source},
        "function": function,
        "entities": [{"name": key} for key in table.keys],
        "timeseries_column": {"name": table.event_time},
    }


def _aggregation(rolling: Rolling, table: FeatureTable) -> dict[str, Any]:
    # Every row has an event time, so counting its values counts the rows.
    counted = {"input": rolling.column or table.event_time}
    rest = {"delay": _seconds(rolling.delay_us - 1)} if rolling.delay_us else {}
    window = _seconds(rolling.window_us if rolling.delay_us else rolling.window_us - 1)
    return {_FUNCTIONS[rolling.function]: counted, "time_window": {"rolling": {"window_duration": window, **rest}}}


def _inexpressible(table: FeatureTable) -> Iterator[str]:
    for feature in table.features:
        rolling, name = feature.rolling, f"{table.name}.{feature.name}"
        if rolling is None or rolling.hop is None:
            yield f"{name} has no window over events, as the others have"
            continue
        if rolling.current_row and not rolling.delay_us:
            yield f"{name} counts the rows of its own instant, and windows on Databricks end before it; say current_row=False, or a delay"
        if rolling.function not in _FUNCTIONS:
            yield f"{name}: {rolling.function} is exact here and approximate on Databricks"
        if rolling.default is not None:
            yield f"{name} has a default, which features on Databricks have not"


def _seconds(microseconds: int) -> str:
    whole, rest = divmod(microseconds, _SECOND)
    return f"{whole}.{rest:06d}s" if rest else f"{whole}s"
