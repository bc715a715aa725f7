"""What planning finds out: each dataset with its kind, schema, key and inputs, in an order that runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from goldlane.pipelines.definitions import Dataset, Deprecation, Flow, Hook, Kind, Problem
from goldlane.pipelines.generated import Generation

if TYPE_CHECKING:
    from pyspark.sql.types import StructType


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedFlow:
    """A flow whose function was run once against stand-ins. ``inputs`` are keys of datasets, ``externals`` names outside."""

    flow: Flow
    schema: StructType
    streams: bool
    inputs: tuple[str, ...]
    externals: tuple[str, ...]
    explain: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedDataset:
    """A dataset whose kind and schema are known. ``waits`` are keys of datasets that it must come after without reading them.

    ``generated`` are the columns that Delta computes, by names in lower case.
    """

    dataset: Dataset
    kind: Kind
    schema: StructType
    primary_key: tuple[str, ...]
    flows: tuple[PlannedFlow, ...]
    waits: tuple[str, ...] = ()
    generated: Mapping[str, Generation] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """The dataset's qualified name in lower case."""
        return self.dataset.name.key

    @property
    def inputs(self) -> tuple[str, ...]:
        """Keys of the pipeline's datasets it reads."""
        return tuple(dict.fromkeys(key for flow in self.flows for key in flow.inputs))

    @property
    def predecessors(self) -> tuple[str, ...]:
        """Keys of the datasets that must be complete before it starts."""
        return tuple(dict.fromkeys((*self.inputs, *self.waits)))

    @property
    def externals(self) -> tuple[str, ...]:
        """Names outside the pipeline that it reads."""
        return tuple(dict.fromkeys(name for flow in self.flows for name in flow.externals))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A pipeline that can run, unless there are problems."""

    datasets: Mapping[str, PlannedDataset]
    problems: tuple[Problem, ...] = field(default=())
    hooks: tuple[Hook, ...] = ()
    deprecations: tuple[Deprecation, ...] = ()

    def sorter(self) -> TopologicalSorter[str]:
        """The graph as dependencies: a dataset after everything it reads or waits for."""
        return TopologicalSorter({key: planned.predecessors for key, planned in self.datasets.items()})

    def edges(self) -> Iterator[tuple[str, str]]:
        """(from, to) by written names, what is outside the pipeline included."""
        for planned in self.datasets.values():
            for key in planned.inputs:
                yield self.datasets[key].dataset.written, planned.dataset.written
            for name in planned.externals:
                yield name, planned.dataset.written
