"""Calls that a dataset function must not make, for it is evaluated more than once: named once, for guards and for ``check``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sqlglot import exp

from goldlane.pipelines.sqltext import statements


class Effect(str, Enum):
    """What a call does beside defining a query. A WRITE is always an error; the others warn, and are errors in strict mode."""

    WRITE = "write_in_dataset"
    ACTION = "action_in_dataset"
    SETTING = "setting_in_dataset"
    CATALOG = "catalog_switch_in_dataset"
    TEMP_VIEW = "temp_view_in_dataset"
    UDF = "udf_registration_in_dataset"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A class of Spark's or Delta's, and the effects of its methods."""

    module: str
    name: str
    methods: dict[str, Effect]


def _all(effect: Effect, names: str) -> dict[str, Effect]:
    return dict.fromkeys(names.split(), effect)


FRAME = {
    **_all(Effect.ACTION, "collect count toPandas toArrow toLocalIterator first head take tail show isEmpty foreach foreachPartition"),
    **_all(Effect.TEMP_VIEW, "createTempView createOrReplaceTempView createGlobalTempView createOrReplaceGlobalTempView registerTempTable"),
}
RDD = {
    **_all(Effect.ACTION, "collect count first take top takeOrdered takeSample reduce fold sum max min isEmpty toLocalIterator"),
    **_all(Effect.ACTION, "foreach foreachPartition"),
    **_all(Effect.WRITE, "saveAsTextFile saveAsPickleFile"),
}
WRITER = _all(Effect.WRITE, "save saveAsTable insertInto parquet json csv orc text xml jdbc")
WRITER_V2 = _all(Effect.WRITE, "create replace createOrReplace append overwrite overwritePartitions")
STREAM_WRITER = _all(Effect.WRITE, "start toTable")
DELTA_TABLE = _all(Effect.WRITE, "delete update vacuum restoreToVersion restoreToTimestamp upgradeTableProtocol")
CATALOG = {
    **_all(Effect.CATALOG, "setCurrentCatalog setCurrentDatabase"),
    **_all(Effect.WRITE, "createTable createExternalTable"),
    **_all(Effect.TEMP_VIEW, "dropTempView dropGlobalTempView"),
}
CONF = _all(Effect.SETTING, "set unset")
UDF = _all(Effect.UDF, "register registerJavaFunction registerJavaUDAF")

RECEIVERS = (
    Receiver(module="pyspark.sql.classic.dataframe", name="DataFrame", methods=FRAME),
    Receiver(module="pyspark.core.rdd", name="RDD", methods=RDD),
    Receiver(module="pyspark.sql.group", name="GroupedData", methods={"pivot": Effect.ACTION}),
    Receiver(module="pyspark.sql.readwriter", name="DataFrameWriter", methods=WRITER),
    Receiver(module="pyspark.sql.readwriter", name="DataFrameWriterV2", methods=WRITER_V2),
    Receiver(module="pyspark.sql.merge", name="MergeIntoWriter", methods={"merge": Effect.WRITE}),
    Receiver(module="pyspark.sql.streaming.readwriter", name="DataStreamWriter", methods=STREAM_WRITER),
    Receiver(module="delta.tables", name="DeltaTable", methods=DELTA_TABLE),
    Receiver(module="delta.tables", name="DeltaMergeBuilder", methods={"execute": Effect.WRITE}),
    Receiver(module="delta.tables", name="DeltaTableBuilder", methods={"execute": Effect.WRITE}),
    Receiver(module="delta.tables", name="DeltaOptimizeBuilder", methods=_all(Effect.WRITE, "executeCompaction executeZOrderBy")),
    Receiver(module="pyspark.sql.conf", name="RuntimeConfig", methods=CONF),
    Receiver(module="pyspark.sql.catalog", name="Catalog", methods=CATALOG),
    Receiver(module="pyspark.sql.udf", name="UDFRegistration", methods=UDF),
)

_STATEMENTS: tuple[tuple[tuple[type, ...], Effect], ...] = (
    ((exp.Set,), Effect.SETTING),
    ((exp.Use,), Effect.CATALOG),
    ((exp.DDL, exp.DML, exp.Merge, exp.Drop, exp.Alter, exp.TruncateTable, exp.Comment, exp.Grant), Effect.WRITE),
)
# Words of statements that sqlglot hands on unread, and that only look.
_LOOKS = {"SHOW", "EXPLAIN", "DESCRIBE", "DESC", "LIST", "REFRESH", "CACHE", "UNCACHE", "CLEAR"}


def effect_of_sql(text: str) -> Effect | None:
    """What a SQL statement does beside answering a query; None for queries and for text that does not parse."""
    found = statements(text)
    statement = found[0] if found else None
    # A SELECT is a DDL to sqlglot, too, for it may create a table.
    if statement is None or isinstance(statement, exp.Query):
        return None
    if isinstance(statement, exp.Command):
        return None if str(statement.this).upper() in _LOOKS else Effect.SETTING if str(statement.this).upper() == "RESET" else Effect.WRITE
    if isinstance(statement, exp.Create) and statement.find(exp.TemporaryProperty):
        return Effect.TEMP_VIEW
    return next((effect for kinds, effect in _STATEMENTS if isinstance(statement, kinds)), None)


def advice(call: str, effect: Effect) -> tuple[str, str]:
    """What is wrong with ``call`` inside a dataset function, and what to do instead."""
    return {
        Effect.WRITE: (
            f"{call} writes, and a dataset function only defines a query: it runs more than once",
            "return the DataFrame and let the pipeline write it; to write elsewhere use a sink",
        ),
        Effect.ACTION: (
            f"{call} runs a query while the dataset is only being defined; when planning it sees no rows",
            "stay with transformations, or move it to module level, where code runs once",
        ),
        Effect.SETTING: (
            f"{call} changes a setting for everything that runs beside this dataset",
            "say spark_conf= in the decorator, or set it at module level",
        ),
        Effect.CATALOG: (f"{call} changes what names mean to everything that runs beside this dataset", "name the table in full"),
        Effect.TEMP_VIEW: (
            f"{call} changes a temporary view that other datasets may see",
            "declare a view of the pipeline (@dlt.view), or pass the DataFrame on",
        ),
        Effect.UDF: (f"{call} registers a function each time the dataset is defined", "register it at module level"),
    }[effect]
