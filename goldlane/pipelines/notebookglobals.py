"""What a Databricks notebook finds in its globals, on this machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from goldlane.pipelines.dbutils import DBUtils
    from goldlane.pipelines.injected import PipelineSession


class Late:
    """Stands for an object that is only made when somebody uses it: most files never touch the SparkContext."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self._make = make

    @property
    def made(self) -> Any:
        """The object."""
        return self._make()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._make(), name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the object."""
        return self._make()(*args, **kwargs)


def notebook_globals(session: PipelineSession, dbutils: DBUtils) -> dict[str, Any]:
    """The names that Databricks injects into every notebook."""
    return {
        "spark": session,
        "sql": Late(lambda: session.sql),
        "table": Late(lambda: session.table),
        "sqlContext": session,
        "sc": Late(lambda: session.sparkContext),
        "udf": _udf,
        "dbutils": dbutils,
        "getArgument": dbutils.widgets.getArgument,
        "display": _show_nothing,
        "displayHTML": _show_nothing,
    }


def _udf(*args: Any, **kwargs: Any) -> Any:
    from pyspark.sql.functions import udf

    return udf(*args, **kwargs)


def _show_nothing(*_: object, **__: object) -> None:
    """A notebook's display: there is nobody to look."""
