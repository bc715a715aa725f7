"""A frame that SQL text reads as a function without arguments."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_numbers = itertools.count()


def named(frame: DataFrame, session: SparkSession) -> str:
    """Text that stands for ``frame`` after FROM in SQL of ``session``, hidden columns included: a view would lose ``_metadata``."""
    name = f"__goldlane_files_{next(_numbers)}"
    jvm: Any = session._jvm  # noqa: SLF001  plans and their registry have no public Python face
    plan = frame._jdf.queryExecution().analyzed()  # noqa: SLF001  as above
    # The registry wants a function of the arguments, which is what a map is; an empty one with a default gives the plan for all.
    builder = jvm.org.apache.spark.api.python.PythonUtils.toScalaMap({}).withDefaultValue(plan)
    state = session._jsparkSession.sessionState()  # noqa: SLF001  as above
    state.tableFunctionRegistry().createOrReplaceTempFunction(name, builder, "scala_udf")
    return f"{name}()"
