"""A part of a pipeline: the datasets that a unit test is about; the rest is as if the sources did not define it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.plan import Plan
from goldlane.pipelines.registry import Registry


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The datasets named in ``only``, and what they read.

    Where ``only`` is empty, and one of the ``given`` inputs stands for a dataset of the pipeline, those that read any of the given
    inputs, directly or not; else everything.
    """

    only: tuple[str, ...] = ()
    given: tuple[str, ...] = ()

    def candidates(self, registry: Registry) -> Collection[str]:
        """Keys of the datasets to plan.

        Raises:
            PipelineError: names that are none of the pipeline's; all of them at once.
        """
        if not self.only:
            return tuple(registry.datasets)
        keys = {name: registry.namespace.qualify(name).key for name in self.only}
        unknown = [name for name, key in keys.items() if key not in registry.datasets]
        if unknown:
            known = ", ".join(dataset.written for dataset in registry.datasets.values())
            raise PipelineError(f"the pipeline has no dataset {', '.join(map(repr, unknown))}", hint=f"it has {known or 'none'}")
        return tuple(dict.fromkeys(keys.values()))

    def of(self, plan: Plan, reads: Mapping[str, Collection[str]], registry: Registry) -> Plan:
        """``plan`` without the datasets that do not belong to this part, and without their problems.

        ``reads`` holds the keys that each dataset was seen to read, also where its planning failed.

        Raises:
            PipelineError: nothing reads them.
        """
        given = {registry.namespace.qualify(name).key for name in self.given}
        if self.only or given.isdisjoint(registry.replaced):
            return plan
        readers = _readers(given, reads)
        if not readers and not plan.problems:
            raise PipelineError(f"no dataset reads {', '.join(map(repr, self.given))}, so there is nothing to run")
        if not readers:
            return plan
        needed = _with_sources(readers, reads)
        return replace(
            plan,
            datasets={key: planned for key, planned in plan.datasets.items() if key in needed},
            problems=tuple(problem for problem in plan.problems if problem.dataset is None or problem.dataset in needed),
        )


def _readers(given: Collection[str], reads: Mapping[str, Collection[str]]) -> set[str]:
    found: set[str] = set()
    while new := {key for key, names in reads.items() if key not in found and not found.union(given).isdisjoint(names)}:
        found |= new
    return found


def _with_sources(keys: Collection[str], reads: Mapping[str, Collection[str]]) -> set[str]:
    found, waiting = set(), list(keys)
    while waiting:
        key = waiting.pop()
        if key not in found:
            found.add(key)
            waiting += reads.get(key, ())
    return found
