"""The parameters of a job run: the job's defaults, what the caller says, and the two that this machine fills in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from goldlane.bundles.problems import nearest
from goldlane.bundles.running.facts import Facts, ReferenceFault
from goldlane.bundles.running.filling import deployed, filled_in, unknown_references
from goldlane.bundles.running.plans import Plan
from goldlane.bundles.running.request import Request

_PLATFORMS_STORE = "databricks://"


def parameter_mistakes(plan: Plan, given: Mapping[str, str]) -> list[str]:
    """Parameters that the job does not have, and those that nobody gives a value."""
    unknown = [f"the job has no parameter {name!r}{nearest(name, plan.parameters)}" for name in given if name not in plan.parameters]
    missing = [name for name, value in plan.parameters.items() if name not in given and value is None]
    named = [f"the parameter {name!r} has no value; say --param {name}=VALUE" for name in missing]
    only_deployed = [
        f"the parameter {name!r} is {', '.join(wrong)}, which only a deployment knows; say --param {name}=VALUE"
        for name, value in plan.parameters.items()
        if name not in given and (wrong := unknown_references(deployed(plan.bundle, value)))
    ]
    return [*unknown, *named, *only_deployed]


def parameters_of(plan: Plan, request: Request, given: Mapping[str, str], facts: Facts) -> dict[str, str]:
    """Every parameter's value, references filled in; one may refer to another that refers to none.

    Raises:
        ReferenceFault: a reference leads nowhere.
    """
    defaults = {name: str(deployed(plan.bundle, value)) for name, value in plan.parameters.items() if value is not None}
    values = {**defaults, **_of_this_machine(defaults, request), **given}
    plain = {name: value for name, value in values.items() if "{{" not in value}
    known = replace(facts, parameters=plain)
    try:
        return {name: value if name in plain else str(filled_in(value, known)) for name, value in values.items()}
    except ReferenceFault as fault:
        raise ReferenceFault(f"parameters of {plan.key}: {fault.message}") from fault


def _of_this_machine(defaults: Mapping[str, str], request: Request) -> dict[str, str]:
    """``storage``, which is empty on the platform, and ``store``, where the default is a workspace's."""
    found = {}
    if defaults.get("storage") == "":
        found["storage"] = str(request.storage)
    if defaults.get("store", "").startswith(_PLATFORMS_STORE):
        found["store"] = _local_store(request)
    return found


def _local_store(request: Request) -> str:
    """The project's own store; a file is named from the project's folder, wherever the task runs."""
    kind, slashes, place = request.settings.store.partition(":///")
    return f"{kind}{slashes}{request.settings.path(place)}" if slashes and kind == "sqlite" else request.settings.store
