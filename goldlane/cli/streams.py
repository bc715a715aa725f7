"""The streams that the project publishes continuously."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeAlias

from goldlane.cli.application import application
from goldlane.errors import Mistakes, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pyspark.sql import DataFrame, SparkSession

    from goldlane.features.declarations import FeatureTable
    from goldlane.settings import Settings

Stream: TypeAlias = "Callable[[SparkSession], DataFrame]"


def declared_streams(settings: Settings, tables: Sequence[FeatureTable]) -> dict[str, Stream]:
    """By feature table, what makes its stream of a session: its own ``source``, or ``STREAMS`` of ``[tool.goldlane] streams``.

    Raises:
        UsageError: the module does not import or has no ``STREAMS``; or it names tables or makers that are none, all of them at once.
    """
    own = {table.name: table.source for table in tables if callable(table.source)}
    if settings.streams is None:
        return own
    found = application(settings.streams, settings, setting="streams")
    streams = getattr(found, "STREAMS", found)
    if not isinstance(streams, Mapping):
        hint = "a mapping from a feature table's name to a function that makes a streaming DataFrame of a session"
        raise UsageError(f"[tool.goldlane] streams = {settings.streams!r} has no STREAMS", hint=hint)
    names = {table.name for table in tables}
    wrong = [f"there is no feature table {name!r}" for name in streams if name not in names]
    wrong += [f"{name!r} has {maker!r}, which cannot be called" for name, maker in streams.items() if not callable(maker)]
    if wrong:
        raise Mistakes(f"[tool.goldlane] streams = {settings.streams!r}", wrong)
    return {**streams, **own}
