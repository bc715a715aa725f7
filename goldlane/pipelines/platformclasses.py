"""Spark's and Delta's own classes as the platform has them: ``DeltaTable.forName`` knows the pipeline, a DataFrame can ``display``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from goldlane.pipelines.reads import Reads, reads_or_none


@contextmanager
def platform_classes(reads: Reads) -> Iterator[None]:
    """Let ``DeltaTable`` find tables where the pipeline's code reads them; ``reads`` answers where no flow is in progress."""
    from delta.tables import DeltaTable
    from pyspark.sql import DataFrame

    from goldlane.pipelines.injected import PipelineSession

    by_name, by_path = DeltaTable.__dict__["forName"], DeltaTable.__dict__["forPath"]

    def for_name(cls: type[DeltaTable], sparkSession: Any, tableOrViewName: str) -> Any:  # noqa: N803  Delta's names
        place = (reads_or_none() or reads).location(tableOrViewName)
        if place is None:
            return by_name.__func__(cls, sparkSession, tableOrViewName)
        return by_path.__func__(cls, sparkSession, str(place))

    def for_path(cls: type[DeltaTable], sparkSession: Any, path: str, hadoopConf: Any = None) -> Any:  # noqa: N803  Delta's names
        # Goldlane itself finds its tables through this method, in a plain session.
        local = (reads_or_none() or reads).path(path) if isinstance(sparkSession, PipelineSession) else path
        return by_path.__func__(cls, sparkSession, local, *([hadoopConf] if hadoopConf else []))

    ours, theirs = {"forName": classmethod(for_name), "forPath": classmethod(for_path)}, {"forName": by_name, "forPath": by_path}
    try:
        _set(DeltaTable, ours)
        _set(DataFrame, {"display": _show_nothing})
        yield
    finally:
        _set(DeltaTable, theirs)
        del DataFrame.display  # type: ignore[attr-defined]  # set above


def _show_nothing(*_: object, **__: object) -> None:
    """A notebook's display: there is nobody to look."""


def _set(owner: type, methods: Mapping[str, Any]) -> None:
    for name, method in methods.items():
        setattr(owner, name, method)
