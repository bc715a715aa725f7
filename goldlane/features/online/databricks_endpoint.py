"""Reading features through a Feature Serving endpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from goldlane.errors import UsageError
from goldlane.features.online.answer_lines import exact, plain
from goldlane.features.online.databricks_errors import clear_errors
from goldlane.features.online.store import StoreError

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

    from goldlane.features.declarations import FeatureTable


class EndpointReader:
    """Rows as an endpoint tells them. Where it does not tell the event time, an answer has no age and never expires."""

    def __init__(self, client: WorkspaceClient, endpoint: str) -> None:
        self._client, self._endpoint = client, endpoint

    def rows(self, table: FeatureTable, keys: Sequence[tuple[Any, ...]]) -> list[dict[str, Any] | None]:
        """The event time and the features of each key, from one request; None for a key whose features are all NULL.

        An endpoint does not tell an unknown key from one without any value.
        """
        from databricks.sdk.errors import NotFound

        if not keys:
            return []
        name = self._endpoint.replace("{table}", table.name)
        records = [dict(zip(table.keys, map(plain, key), strict=True)) for key in keys]
        with clear_errors(f"asking the endpoint {name}"):
            try:
                outputs = self._client.serving_endpoints.query(name, dataframe_records=records).outputs
            except NotFound as missing:
                raise UsageError(f"there is no endpoint {name!r}", hint="databricks serving-endpoints list") from missing
        if outputs is None or len(outputs) != len(keys):
            raise StoreError(f"the endpoint {name} told {len(outputs or ())} rows of {len(keys)}", hint="is it a Feature Serving endpoint?")
        return [_row(output, table) for output in outputs]

    def close(self) -> None:
        """Nothing is held."""


def _row(output: Mapping[str, Any], table: FeatureTable) -> dict[str, Any] | None:
    values = {feature.name: _value(output.get(feature.name), feature.type) for feature in table.features}
    told = output.get(table.event_time)
    if told is None and all(value is None for value in values.values()):
        return None
    return {table.event_time: None if told is None else _moment(told), **values}


def _value(told: Any, type_name: str) -> Any:
    """JSON has neither decimals nor times: numbers come as text or floats, times as text."""
    if told is None:
        return None
    if type_name.startswith("decimal"):
        return exact(type_name)(str(told))
    if type_name in ("timestamp", "timestamp_ntz"):
        moment = _moment(told)
        return moment if type_name == "timestamp" else moment.replace(tzinfo=None)
    return exact(type_name)(told)


def _moment(told: str) -> datetime:
    moment = datetime.fromisoformat(told.removesuffix("Z") + "+00:00" * told.endswith("Z"))
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)
