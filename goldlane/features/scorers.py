"""Scorers by name: a pure function of the application, ``module:function``, or a model of the registry; each with its version."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from goldlane.errors import Mistakes, UsageError, first_line

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame

_FUNCTION = re.compile(r"(?P<module>[A-Za-z_][\w.]*):(?P<name>[A-Za-z_]\w*)")
_MODEL = re.compile(r"(?:models:/)?(?P<name>[\w.\- ]+?)(?:/(?P<version>\d+)|@(?P<alias>[\w-]+))?")
_DIGITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class FunctionScorer:
    """``function`` takes rows with their features and gives the column of their scores; it can neither lose nor double a row.

    ``version`` is a hash of the source file, so that scores of two texts of a rule are told apart.
    """

    name: str
    version: str
    function: Callable[[DataFrame], Column]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelScorer:
    """A version of a registered model that ``log_model`` logged: it looks its features up by itself."""

    name: str
    version: str

    @property
    def uri(self) -> str:
        """As MLflow names it."""
        return f"models:/{self.name}/{self.version}"


Scorer = FunctionScorer | ModelScorer


def named_scorers(references: Sequence[str]) -> tuple[Scorer, ...]:
    """What each reference names: ``module:function``, ``model``, ``model/3``, ``model@champion``, each with or without ``models:/``.

    A model without a version is taken in its newest.

    Raises:
        UsageError: there is no such module, function, model, version or alias, or a name stands twice; all of it at once.
    """
    found: list[Scorer] = []
    mistakes = [f"{reference} is named twice" for reference in dict.fromkeys(references) if references.count(reference) > 1]
    for reference in dict.fromkeys(references):
        try:
            found.append(_scorer(reference))
        except UsageError as wrong:
            mistakes.append(wrong.message)
    if not references:
        mistakes.append("there is none; name one as module:function, or a registered model")
    if mistakes:
        raise Mistakes("scorers", mistakes)
    return tuple(found)


def _scorer(reference: str) -> Scorer:
    function, model = _FUNCTION.fullmatch(reference), _MODEL.fullmatch(reference)
    if function is not None and not reference.startswith("models:"):
        return _function(reference, function["module"], function["name"])
    if model is None:
        raise UsageError(f"{reference!r} is neither module:function nor a model's name")
    return ModelScorer(name=model["name"], version=_version(reference, model["name"], model["version"], model["alias"]))


def _function(reference: str, module_name: str, name: str) -> FunctionScorer:
    try:
        module = importlib.import_module(module_name)
    except Exception as error:
        raise UsageError(f"{reference}: importing {module_name} failed: {type(error).__name__}: {first_line(error)}") from error
    function = getattr(module, name, None)
    if not callable(function):
        public = [known for known, value in vars(module).items() if inspect.isfunction(value) and not known.startswith("_")]
        raise UsageError(f"{reference}: {module_name} has no function {name!r}; it has {', '.join(public) or 'none'}")
    source = inspect.getsource(inspect.getmodule(function) or module)
    return FunctionScorer(name=reference, version=hashlib.sha256(source.encode()).hexdigest()[:_DIGITS], function=function)


def _version(reference: str, name: str, version: str | None, alias: str | None) -> str:
    from goldlane.features.tracking import require_mlflow

    require_mlflow(f"scoring with the model {name!r}")
    import mlflow
    from mlflow.exceptions import MlflowException

    from goldlane.features.tracking_place import place_tracking

    place_tracking()
    client = mlflow.MlflowClient()
    try:
        if alias is not None:
            return str(client.get_model_version_by_alias(name, alias).version)
        known = _known_versions(client.search_model_versions(f"name = '{name}'"))
    except MlflowException as missing:
        raise UsageError(f"{reference}: {first_line(missing)}") from missing
    if not known:
        raise UsageError(f"{reference}: {mlflow.get_registry_uri()} has no model {name!r}")
    if version is not None and int(version) not in known:
        raise UsageError(f"{reference}: {name} has no version {version}; its newest is {max(known)}")
    return str(max(known) if version is None else version)


def _known_versions(found: Iterable[Any]) -> set[int]:
    return {int(each.version) for each in found}
