"""``${...}``: what a bundle refers to must be there, and have a value in the target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from goldlane.bundles.databricks_models import fields_of, kinds
from goldlane.bundles.loading import Bundle
from goldlane.bundles.problems import Problem, nearest
from goldlane.bundles.trees import leaves
from goldlane.bundles.variables import REFERENCE, value_of

# What the service says of a resource once it is there.
_TOLD = frozenset(
    (
        *("id", "name", "full_name", "url", "modified_status", "storage_location", "volume_path", "resource_id"),
        *("service_principal_client_id", "service_principal_id", "service_principal_name", "serving_endpoint_id"),
        *("read_write_dns", "read_only_dns", "experiment_id", "dashboard_id", "cluster_id", "jdbc_url", "odbc_params"),
    )
)
_WORKSPACE = frozenset(
    (
        *("host", "root_path", "file_path", "resource_path", "artifact_path", "state_path", "profile"),
        *("current_user", "cluster_id", "client_id", "tenant_id", "azure_workspace_resource_id"),
        *("auth_type", "account_id", "workspace_id", "azure_tenant_id", "azure_client_id", "azure_environment"),
    )
)
_KINDS = ("var", "resources", "workspace", "bundle", "artifacts")
_BUNDLE = frozenset(("name", "target", "environment", "git", "mode", "uuid", "cluster_id", "compute_id", "databricks_cli_version"))


def reference_problems(bundle: Bundle) -> Iterator[Problem]:
    """Every reference that leads nowhere. Other targets' references are theirs."""
    for path, value in leaves(bundle.tree.value):
        if path[:1] == ("targets",) or not isinstance(value, str):
            continue
        for name in REFERENCE.findall(value):
            wrong = _wrong(bundle, name.strip())
            if wrong:
                yield bundle.problem(path, f"${{{name}}}: {wrong}")


def _wrong(bundle: Bundle, name: str) -> str | None:
    kind, dot, rest = name.partition(".")
    if not dot:
        # A shell's, in a script or a setting.
        return None
    if kind == "var":
        return _wrong_variable(bundle, re.split(r"[.\[]", rest)[0])
    if kind == "resources":
        return _wrong_resource(bundle, rest.split("."))
    if kind in ("workspace", "bundle"):
        known = _WORKSPACE if kind == "workspace" else _BUNDLE
        first = rest.split(".")[0]
        return None if first in known else f"{kind} has no {first!r}{nearest(first, known)}"
    if kind == "artifacts":
        return None if bundle.tree.get("artifacts", rest.split(".")[0]) is not None else "there is no such artifact"
    return f"it begins with {kind!r}{nearest(kind, _KINDS)}" if get_close_matches(kind, _KINDS) else None


def _wrong_variable(bundle: Bundle, name: str) -> str | None:
    declared = bundle.tree.map("variables")
    if name not in declared:
        return f"there is no variable {name!r}{nearest(name, declared)}"
    if value_of(bundle, name) is not None or (isinstance(declared[name], dict) and "lookup" in declared[name]):
        return None
    where = f"in target {bundle.target}" if bundle.target else "by default"
    return f"the variable has no value {where}; give it a default, a value under the target, or BUNDLE_VAR_{name} when deploying"


def _wrong_resource(bundle: Bundle, parts: list[str]) -> str | None:
    kind, key, field, *_ = [*parts, "", "", ""]
    there = bundle.tree.map("resources", kind)
    if kind not in kinds() and not there:
        return f"there is no kind of resource {kind!r}{nearest(kind, kinds())}"
    if key not in there:
        return None if _makes_resources(bundle) else f"{kind} has no {key!r}{nearest(key, there)}"
    field = field.split("[", maxsplit=1)[0]
    if not field:
        return "it names no field; say .id or .name"
    if kind not in kinds():
        return None
    known = fields_of(kind) | _TOLD
    return None if field in known else f"{kind} have no field {field!r}{nearest(field, known)}"


def _makes_resources(bundle: Bundle) -> bool:
    """Whether Python makes resources while the bundle is deployed."""
    return bool(bundle.tree.get("python", "resources") or bundle.tree.get("experimental", "python"))
