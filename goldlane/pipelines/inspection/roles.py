"""What Spark's objects answer: which calls read a table, which stream, which write or look."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from goldlane.pipelines import effects
from goldlane.pipelines.effects import Effect, effect_of_sql
from goldlane.pipelines.guards import sql_call
from goldlane.pipelines.inspection.settings import Settings
from goldlane.pipelines.inspection.trace import Trace
from goldlane.pipelines.inspection.values import ANY, NONE, Arguments, Role, Value, concrete_or, known, mixed
from goldlane.pipelines.places import Place
from goldlane.pipelines.sqltext import statements, table_references
from goldlane.sqlcalls import table_calls

_FILE_FUNCTIONS = {"read_files": None, "cloud_files": None}
_TABLE_FUNCTIONS = {"table_changes": None}
_LOADS = {"load", "csv", "json", "orc", "parquet", "text", "xml", "avro", "delta", "jdbc"}
_COMBINES = {"join", "crossJoin", "union", "unionAll", "unionByName", "intersect", "intersectAll", "exceptAll", "subtract", "mergeInto"}
_GROUPS = {"groupBy", "groupby", "rollup", "cube", "groupingSets"}
_NO_FRAMES = {"columns", "schema", "dtypes", "storageLevel"}
_SESSIONS = {"getOrCreate", "getActiveSession", "active", "newSession"}
_ATTRIBUTES = {
    (Role.SESSION, "read"): Value(Role.READER),
    (Role.SESSION, "readStream"): Value(Role.READER, None, streams=True),
    (Role.SESSION, "conf"): Value(Role.CONF),
    (Role.SESSION, "catalog"): Value(Role.CATALOG),
    (Role.SESSION, "udf"): Value(Role.UDF),
}
# Where a class of effects.py has a role, its methods' effects; the name is how a guard calls it.
_EFFECTS: dict[Role, tuple[str, dict[str, Effect]]] = {
    Role.FRAME: ("", effects.FRAME),
    Role.RDD: ("RDD.", effects.RDD),
    Role.WRITER: ("DataFrameWriter.", effects.WRITER | effects.WRITER_V2),
    Role.STREAM_WRITER: ("DataStreamWriter.", effects.STREAM_WRITER),
    Role.DELTA_TABLE: ("DeltaTable.", effects.DELTA_TABLE),
    Role.DELTA_MERGE: ("DeltaMergeBuilder.", {"execute": Effect.WRITE}),
    Role.CONF: ("RuntimeConfig.", effects.CONF),
    Role.CATALOG: ("Catalog.", effects.CATALOG),
    Role.UDF: ("UDFRegistration.", effects.UDF),
}

Invoke = Callable[[Value, Arguments, Place], Value]


class Roles:
    """Methods and attributes of sessions, readers, frames and writers."""

    def __init__(self, trace: Trace, invoke: Invoke, settings: Settings | None) -> None:
        self._trace, self._invoke, self._settings = trace, invoke, settings

    def attribute(self, receiver: Value, name: str) -> Value:
        """An attribute of one of Spark's objects."""
        if (receiver.role, name) in _ATTRIBUTES:
            return _ATTRIBUTES[receiver.role, name]
        if receiver.role is Role.FRAME:
            return self._of_frame(receiver, name)
        return receiver if receiver.role in {Role.READER, Role.ANY} else ANY

    def method(self, receiver: Value, name: str, arguments: Arguments, place: Place) -> Value | None:
        """What a method of one of Spark's objects gives; None when the receiver is none of them."""
        prefix, found = _EFFECTS.get(receiver.role, ("", {}))
        if name in found:
            return self._with_effect(receiver, prefix, name, found[name], arguments, place)
        answer = getattr(self, f"_{receiver.role.name.lower()}", None)
        return answer(receiver, name, arguments, place) if answer is not None else None

    def _known(self, receiver: Value, name: str, arguments: Arguments, place: Place) -> Value | None:
        kind = receiver.known if isinstance(receiver.known, type) else type(receiver.known)
        if kind.__module__ == "pyspark.sql.session":
            return Value(Role.SESSION) if name in _SESSIONS else receiver if kind.__name__ == "Builder" else None
        if kind.__module__ != "delta.tables":
            return None
        if name != "forName":
            return Value(Role.DELTA_MERGE if name.startswith("create") else Role.DELTA_TABLE)
        return self._trace.read(arguments.get(1, "tableOrViewName"), place, streams=False).as_role(Role.DELTA_TABLE)

    def _session(self, _: Value, name: str, arguments: Arguments, place: Place) -> Value:
        if name == "table":
            return self._trace.read(arguments.get(0, "tableName"), place, streams=False)
        if name == "sql":
            return self.sql(arguments.get(0, "sqlQuery"), arguments, place)
        if name in {"newSession", "getActiveSession", "active"}:
            return Value(Role.SESSION)
        return Value(Role.FRAME) if name in {"createDataFrame", "range", "emptyDataFrame"} else ANY

    def sql(self, text: Value, arguments: Arguments, place: Place) -> Value:
        """What SQL text gives; ``{name}`` in it is a frame among the arguments."""
        query = concrete_or(text, None)
        if not isinstance(query, str):
            return self._trace.unsure("the text of its SQL", place).as_role(Role.FRAME)
        effect = effect_of_sql(query)
        if effect is not None:
            self._trace.effect(sql_call(query), effect, place)
            return ANY
        frames = {name: value for name, value in arguments.named.items() if value.role is Role.FRAME}
        plain = re.sub(r"\{(\w+)\}", lambda found: f"__{found.group(1)}" if found.group(1) in frames else found.group(), query)
        if statements(plain) is None:
            return self._trace.unsure("the tables of SQL text that does not parse", place).as_role(Role.FRAME)
        read = [self._reference(reference.name, frames, place, streams=reference.streams) for reference in table_references(plain)]
        files = [Value(Role.FRAME, None, call.streams or call.function == "cloud_files") for call in table_calls(plain, _FILE_FUNCTIONS)]
        feeds = [
            self._reference(call.arguments[0].value.strip("'\""), frames, place, streams=call.streams)
            for call in table_calls(plain, _TABLE_FUNCTIONS)
            if call.arguments
        ]
        return mixed([*read, *files, *feeds], Role.FRAME)

    def _reference(self, name: str, frames: dict[str, Value], place: Place, *, streams: bool) -> Value:
        given = frames.get(name.removeprefix("__"))
        return given if given is not None else self._trace.read(known(name), place, streams=streams)

    def _reader(self, receiver: Value, name: str, arguments: Arguments, place: Place) -> Value:
        if name == "table":
            return self._trace.read(arguments.get(0, "tableName"), place, streams=bool(receiver.streams))
        return receiver.as_role(Role.FRAME) if name in _LOADS else receiver

    def _frame(self, receiver: Value, name: str, arguments: Arguments, place: Place) -> Value:
        if name == "transform" and arguments.positional:
            found = self._invoke(arguments.positional[0], Arguments([receiver, *arguments.positional[1:]], arguments.named), place)
            return found if found.role is Role.FRAME else mixed([receiver, found], Role.FRAME)
        if name in _GROUPS:
            return receiver.as_role(Role.GROUPED)
        if name == "writeTo":
            return Value(Role.WRITER)
        others = [value for value in arguments.all() if name in _COMBINES and value.role is not Role.KNOWN]
        return mixed([receiver, *others[:1]], Role.FRAME)

    def _grouped(self, receiver: Value, name: str, arguments: Arguments, place: Place) -> Value:
        if name != "pivot":
            return receiver.as_role(Role.FRAME)
        if len(arguments.positional) < 2 and "values" not in arguments.named:  # noqa: PLR2004  the column and its values
            self._trace.effect("pivot() without values", Effect.ACTION, place)
        return receiver

    def _delta_table(self, receiver: Value, name: str, *_: Any) -> Value:
        if name == "merge":
            return Value(Role.DELTA_MERGE)
        return receiver.as_role(Role.FRAME) if name in {"toDF", "history", "detail"} else receiver

    def _rdd(self, receiver: Value, name: str, *_: Any) -> Value:
        return receiver.as_role(Role.FRAME) if name == "toDF" else receiver

    def _delta_merge(self, receiver: Value, *_: Any) -> Value:
        return receiver

    _writer = _stream_writer = _delta_merge

    def _conf(self, _: Value, name: str, arguments: Arguments, _place: Place) -> Value:
        key = concrete_or(arguments.get(0, "key"), None)
        if name != "get" or not isinstance(key, str) or self._settings is None:
            return ANY
        found = self._settings.known(key, None)
        return known(found) if found is not None else arguments.get(1, "default")

    def _with_effect(self, receiver: Value, prefix: str, name: str, effect: Effect, arguments: Arguments, place: Place) -> Value:  # noqa: PLR0913  a call and its place
        self._trace.effect(f"{prefix}{name}()", effect, place)
        if effect is Effect.TEMP_VIEW:
            view = concrete_or(arguments.get(0, "name"), None)
            if isinstance(view, str):
                self._trace.temp_views[view.lower()] = receiver
        return NONE if effect is Effect.TEMP_VIEW else ANY

    def _of_frame(self, receiver: Value, name: str) -> Value:
        if name == "write":
            return Value(Role.WRITER)
        if name == "rdd":
            return receiver.as_role(Role.RDD)
        if name == "writeStream":
            return Value(Role.STREAM_WRITER)
        if name == "isStreaming":
            return known(receiver.streams) if receiver.streams is not None else ANY
        if name in {"sparkSession", "sql_ctx"}:
            return Value(Role.SESSION)
        # A library's answer to a frame may hold it; a frame's own attributes that are no frames are columns and schemas.
        return ANY if name in _NO_FRAMES else receiver
