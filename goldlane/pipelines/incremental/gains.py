"""What a view gains when its sources only gained rows, where each of its rows is made of one row of each source."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.incremental.keys import Keys
from goldlane.pipelines.incremental.plans import Path, each, frame_of, in_place_of, kind, sequence_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_ROW_BY_ROW = frozenset({"CollectMetrics", "Filter", "Generate", "Project", "SubqueryAlias", "View"})
# Which side of a join may gain rows, so that the result gains rows and loses none.
_SIDES = {"Inner": (0, 1), "Cross": (0, 1), "LeftOuter": (0,), "LeftSemi": (0,), "LeftAnti": (0,), "RightOuter": (1,)}


class _MixedError(Exception):
    """Some operator makes more of a new row than new rows."""


def new_rows(keys: Keys, inserted: Mapping[str, DataFrame]) -> DataFrame | None:
    """The rows that the view gains by the ``inserted`` rows of its sources; None where it changes otherwise, too."""
    gains = _Gains(keys, inserted)
    try:
        plan = gains.of(keys.plan, ())
    except _MixedError:
        return None
    return None if plan is None else frame_of(keys.session, plan)


class _Gains:
    def __init__(self, keys: Keys, inserted: Mapping[str, DataFrame]) -> None:
        self._session, self._keys, self._inserted = keys.session, keys, inserted

    def of(self, node: Any, path: Path) -> Any | None:
        """The plan of what ``node`` gains; None when that is nothing."""
        if path in self._keys.nodes:
            rows = self._inserted.get(self._keys.sources.get(path, ""))
            return None if rows is None else in_place_of(node, rows)
        below = each(node.children())
        found = [self.of(child, (*path, position)) for position, child in enumerate(below)]
        if all(one is None for one in found):
            return None
        return node.withNewChildren(sequence_of(self._session, self._children(node, below, found)))

    def _children(self, node: Any, below: list[Any], found: list[Any | None]) -> list[Any]:
        name = kind(node)
        if name in _ROW_BY_ROW:
            return found
        if name == "Union":
            return [self._nothing_of(child) if gain is None else gain for child, gain in zip(below, found, strict=True)]
        gaining = [side for side, gain in enumerate(found) if gain is not None]
        if name == "Join" and len(gaining) == 1 and gaining[0] in _SIDES.get(str(node.joinType().toString()), ()):
            return [child if gain is None else gain for child, gain in zip(below, found, strict=True)]
        raise _MixedError

    def _nothing_of(self, node: Any) -> Any:
        jvm: Any = self._session._jvm  # noqa: SLF001  plans have no public Python face
        never = jvm.org.apache.spark.sql.catalyst.expressions.Literal.FalseLiteral()
        return jvm.org.apache.spark.sql.catalyst.plans.logical.Filter(never, node)
