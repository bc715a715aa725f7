"""What the stub workspace answers about online feature stores, and what it refuses: the API behind ``FeatureEngineeringClient``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from goldlane.testing.databricks_routes import RefusedError, existing, held_to

if TYPE_CHECKING:
    from goldlane.testing.databricks_workspace import Workspace

_SPEC = {"online_store": str, "online_table_name": str, "publish_mode": str}
_MODES = ("CONTINUOUS", "SNAPSHOT", "TRIGGERED")
_PARTS = 3


def _online_store(space: Workspace, name: str, *, query: Mapping[str, str]) -> dict[str, Any]:
    del query
    return {"name": name, "state": "AVAILABLE", **existing(space.online_stores, name, f"Online store '{name}' not found.")}


def _create_online_store(space: Workspace, *, body: Any) -> dict[str, Any]:
    held_to(body, {"name": str, "capacity": str}, "online_store")
    if body["name"] in space.online_stores:
        raise RefusedError(409, "ALREADY_EXISTS", f"Online store '{body['name']}' exists")
    space.online_stores[body["name"]] = {"capacity": body["capacity"]}
    return {"name": body["name"], "state": "AVAILABLE", "capacity": body["capacity"]}


def _publish(space: Workspace, source: str, *, body: Any) -> dict[str, Any]:
    held_to(body, {"publish_spec": dict}, "publish")
    spec = body["publish_spec"]
    held_to(spec, _SPEC, "publish_spec")
    table = existing(space.tables, source, f"Table '{source}' does not exist.")
    existing(space.online_stores, spec["online_store"], f"Online store '{spec['online_store']}' not found.")
    _require(len(spec["online_table_name"].split(".")) == _PARTS, f"{spec['online_table_name']} is no name of three parts")
    _require(spec["publish_mode"] in _MODES, f"no publish mode {spec['publish_mode']}")
    _require(any("primary_key_constraint" in each for each in table.get("table_constraints", ())), f"{source} has no primary key")
    feed = table.get("properties", {}).get("delta.enableChangeDataFeed") == "true"
    _require(feed or spec["publish_mode"] == "SNAPSHOT", f"{source} has no change data feed")
    return {"online_table_name": spec["online_table_name"], "pipeline_id": f"pipeline-of-{source.rpartition('.')[2]}"}


def _require(holds: bool, otherwise: str) -> None:  # noqa: FBT001  what must hold
    if not holds:
        raise RefusedError(400, "INVALID_PARAMETER_VALUE", otherwise)


FEATURE_ROUTES: dict[tuple[str, str], Callable[..., dict[str, Any]]] = {
    ("GET", "/api/2.0/feature-store/online-stores/([^/]+)"): _online_store,
    ("POST", "/api/2.0/feature-store/online-stores"): _create_online_store,
    ("POST", "/api/2.0/feature-store/tables/([^/]+)/publish"): _publish,
}
