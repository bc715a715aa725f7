"""``create_sink`` and ``foreach_batch_sink``: places outside the pipeline that flows write into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from goldlane.pipelines.api.signatures import strict
from goldlane.pipelines.definitions import Dataset, Kind, Outlet
from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import Place, place_of_caller, place_of_function
from goldlane.pipelines.registry import current_registry, text_mapping


@strict
def create_sink(name: str, format: str, options: Mapping[str, Any] | None = None) -> None:  # noqa: A002  Databricks' signature
    """Declare a sink: a Delta table outside the pipeline, Kafka, or a Python data source of your own."""
    if options is not None and not isinstance(options, Mapping):
        raise DefinitionError(f"create_sink({name!r}): options are a mapping, not {type(options).__name__}")
    given = text_mapping(options)
    if format.lower() == "delta" and len({"path", "tableName"} & set(given)) != 1:
        raise DefinitionError(f"create_sink({name!r}): a delta sink needs the option path or tableName, and not both")
    _add(name, Outlet(format=format, options=given), place_of_caller())


@strict
def foreach_batch_sink(name: Any = None) -> Any:
    """Declare a sink whose micro-batches are handed to the decorated ``fn(df, batch_id)``."""

    def register(handler: Callable[..., Any]) -> Callable[..., Any]:
        written = name if isinstance(name, str) else handler.__name__
        _add(written, Outlet(format="foreachBatch", handler=handler), place_of_function(handler))
        return handler

    return register(name) if callable(name) else register


def _add(written: str, outlet: Outlet, place: Place | None) -> None:
    registry = current_registry()
    registry.add_dataset(Dataset(name=registry.namespace.qualify(written), written=written, kind=Kind.SINK, outlet=outlet, place=place))
