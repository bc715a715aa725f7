"""What a call of ``read_files`` and of other table functions in SQL text stands for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.readfiles.arguments import Arguments, arguments_of, as_text
from goldlane.pipelines.readfiles.formats import format_of
from goldlane.pipelines.readfiles.options import keeps_rescued, options_of
from goldlane.pipelines.reads import current_reads
from goldlane.pipelines.schematext import schema_of
from goldlane.pipelines.tablefunctions import named
from goldlane.sqlcalls import TableCall

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

    from goldlane.pipelines.injected import PipelineSession

_ELSEWHERE = ("read_kinesis", "read_pubsub", "read_pulsar", "read_statestore")
_TWO, _THREE = 2, 3


def file_functions(session: PipelineSession) -> Mapping[str, Callable[[TableCall], str]]:
    """The functions by name, for SQL text of ``session``."""

    def evaluate(expression: str) -> Any:
        row = _plain(session).sql(f"SELECT {expression}").first()
        return row[0] if row is not None else None

    def function(frame: Callable[[TableCall, Arguments], DataFrame]) -> Callable[[TableCall], str]:
        return lambda call: named(frame(call, arguments_of(call, evaluate)), session)

    return {
        "read_files": function(lambda call, given: _read_files(_plain(session), given, streams=call.streams)),
        "cloud_files": function(lambda _, given: _cloud_files(given)),
        "table_changes": function(lambda call, given: _table_changes(given, streams=call.streams)),
        "read_kafka": function(lambda call, given: _read_kafka(session, given, streams=call.streams)),
        **dict.fromkeys(_ELSEWHERE, _refused),
    }


def _plain(session: PipelineSession) -> SparkSession:
    """The session in which the flow runs, without the pipeline's reads: its paths are this machine's."""
    from pyspark.sql import SparkSession

    return SparkSession(session.sparkContext, session._jsparkSession)  # noqa: SLF001  the same session, another face


def _read_files(plain: SparkSession, given: Arguments, *, streams: bool) -> DataFrame:
    """Files as they arrive, or all there are now; types are inferred, and what does not fit is rescued."""
    from goldlane.pipelines.autoloader import all_files

    named_values = dict(given.named)
    paths = [*given.positional, *([named_values.pop("path")] if "path" in named_values else [])]
    if len(paths) != 1:
        raise PipelineError(f"read_files takes one path, not {len(paths)}", hint="read_files('/path', format => 'json', ...)")
    path = current_reads().path(str(paths[0]))
    options = options_of(named_values, streams=streams)
    if "cloudFiles.format" not in options:
        options["cloudFiles.format"] = format_of(_listed(plain, path, options), str(paths[0]))
    if "cloudFiles.schemaLocation" in options:
        options["cloudFiles.schemaLocation"] = current_reads().path(options["cloudFiles.schemaLocation"])
    schema = schema_of(str(named_values["schema"])) if "schema" in named_values else None
    frame = current_reads().cloud_files([path], options, schema) if streams else all_files(plain, [path], options, schema)
    return frame if keeps_rescued(named_values) else frame.drop("_rescued_data")


def _listed(plain: SparkSession, path: str, options: Mapping[str, str]) -> list[str]:
    chosen = {key: value for key, value in options.items() if key == "pathGlobFilter"}
    reader = plain.read.format("binaryFile").option("recursiveFileLookup", "true").options(**chosen)
    return [row["path"] for row in reader.load(path).select("path").collect()]


def _cloud_files(given: Arguments) -> DataFrame:
    """Auto Loader by its older name: ``cloud_files(path, format [, map(option, value, ...)])``, always a stream."""
    if not _TWO <= len(given.positional) <= _THREE or given.named:
        raise PipelineError(
            "cloud_files takes a path, a format and a map of options", hint="cloud_files('/path', 'csv', map('header', 'true'))"
        )
    path, kind, *rest = given.positional
    options = {"cloudFiles.format": str(kind)} | {str(key): as_text(value) for key, value in (rest[0] if rest else {}).items()}
    schema = next((schema_of(value) for key, value in options.items() if key.lower() == "schema"), None)
    return current_reads().cloud_files([current_reads().path(str(path))], options, schema)


def _table_changes(given: Arguments, *, streams: bool) -> DataFrame:
    """The change feed of a table: ``table_changes('table', from [, to])``, by versions or by times."""
    if not _TWO <= len(given.positional) <= _THREE or given.named:
        raise PipelineError("table_changes takes a table and where its changes begin", hint="table_changes('schema.table', 1)")
    name, *bounds = map(str, given.positional)
    options = {f"{edge}{'Version' if at.isdigit() else 'Timestamp'}": at for edge, at in zip(("starting", "ending"), bounds, strict=False)}
    reads = current_reads()
    return (reads.stream if streams else reads.batch)(name, {"readChangeFeed": "true", **options})


def _read_kafka(session: PipelineSession, given: Arguments, *, streams: bool) -> DataFrame:
    """Spark's own Kafka source, which needs its package; its options are the function's arguments."""
    renamed = {"bootstrapservers": "kafka.bootstrap.servers"}
    options = {renamed.get(name, name): as_text(value) for name, value in given.named.items()}
    reader = session.readStream if streams else session.read
    return reader.format("kafka").options(**options).load()


def _refused(call: TableCall) -> str:
    raise PipelineError(
        f"{call.function} reads a service that has no open-source reader", hint="bind its table with --input, or read files instead"
    )
