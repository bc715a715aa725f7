"""Why lines of a source file would not run somewhere, found in its text."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from goldlane.pipelines.api import NAMES
from goldlane.pipelines.places import Place
from goldlane.pipelines.portability.calls import ApiUse, api_uses
from goldlane.pipelines.portability.platforms import DATABRICKS, OPEN_SOURCE, Platform

_OPEN, _ALL = frozenset({Platform.OPEN_SOURCE}), frozenset(Platform)
_NOT_HERE = frozenset({Platform.OPEN_SOURCE, Platform.GOLDLANE})
_ELSEWHERE = frozenset({Platform.DATABRICKS, Platform.OPEN_SOURCE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A line that keeps a pipeline from running on some platforms. ``code`` is one of a short list, ``what`` says it in words."""

    code: str
    what: str
    place: Place
    platforms: frozenset[Platform]

    def __str__(self) -> str:
        where = " and ".join(str(platform) for platform in Platform if platform in self.platforms)
        return f"{self.what}: not on {where}"


# Databricks' names that open-source Spark lacks, by what they are part of.
_GROUPS = (
    (re.compile(r"^expect"), "expectations"),
    (re.compile(r"^read"), "read_functions"),
    (re.compile(r"^view$"), "view"),
    (re.compile(r"snapshot"), "auto_cdc_from_snapshot"),
    (re.compile(r"^apply_changes$"), "apply_changes"),
    (re.compile(r"^(create_table|create_view|create_target_table|create_streaming_live_table|enable_local_execution)$"), "legacy_names"),
    (re.compile(r"^foreach_batch_sink$"), "foreach_batch_sink"),
    (re.compile(r"^on_event_hook$"), "event_hooks"),
    (re.compile(r"_flow$"), "flow_types"),
)
_GLOBALS = {"dbutils": "dbutils", "display": "notebook_globals", "displayHTML": "notebook_globals", "sqlContext": "notebook_globals"}
_GLOBALS |= {"sc": "spark_context", "getArgument": "dbutils"}
_SESSION_CHANGES = {"setCurrentCatalog", "setCurrentDatabase", "dropTempView", "dropGlobalTempView"}
_SESSION_CHANGES |= {"createTempView", "createOrReplaceTempView", "createGlobalTempView", "createOrReplaceGlobalTempView"}
_CONTEXT = {"sparkContext", "_jvm", "_jsparkSession", "rdd"}
# Ours to run pipelines with; goldlane.expectations and goldlane.features are ordinary libraries anywhere.
_RUNTIME = re.compile(r"^goldlane(\.(pipelines|session|testing|cli)\b.*)?$")
# Spellings inside of texts: options of readers, and SQL.
TEXTS = (
    (re.compile(r"^cloudFiles$", re.IGNORECASE), "auto_loader", "Auto Loader", _OPEN),
    (re.compile(r"(?i:\b(?:FROM|JOIN|INTO|TABLE|STREAM)\b[\s(]*LIVE\s*\.\s*\w)|^LIVE\.\w+$"), "live_schema", "the schema LIVE", _OPEN),
    (re.compile(r"\b(read_files|cloud_files)\s*\(", re.IGNORECASE), "read_files", "read_files", _OPEN),
    (re.compile(r"\bevent_log\s*\(", re.IGNORECASE), "event_log", "event_log", _OPEN),
    (
        re.compile(r"\b(ai_\w+|vector_search|read_kafka|read_kinesis|read_pubsub|read_pulsar|http_request)\s*\(", re.IGNORECASE),
        "databricks_functions",
        "an SQL function of Databricks",
        _NOT_HERE,
    ),
)
_CONNECTORS = {"kafka", "kinesis", "pubsub", "pulsar", "eventhubs", "snowflake", "bigquery", "redshift", "synapse", "sqlserver", "mongodb"}
_CONSTRAINTS = re.compile(r"\b(CONSTRAINT\s+\w+\s+(PRIMARY|FOREIGN)|PRIMARY\s+KEY|GENERATED\s+(ALWAYS|BY)|\bMASK\s+\w)", re.IGNORECASE)


def reasons_in(tree: ast.Module, file: str) -> list[Reason]:
    """Every reason that a file's own text gives, in the order of its lines."""
    found = [*_of_calls(tree, file), *_of_nodes(tree, file)]
    # One line may say a thing twice: an import and its alias, an option and its value.
    return sorted({(reason.place.line, reason.code): reason for reason in reversed(found)}.values(), key=lambda reason: reason.place.line)


def _of_calls(tree: ast.Module, file: str) -> Iterator[Reason]:
    uses = api_uses(tree)
    for line, module in uses.modules:
        yield Reason(code="module_name", what=f"import {module}", place=Place(file, line), platforms=_OPEN)
    for use in uses.calls:
        yield from _of_name(use, Place(file, use.line))


def _of_name(use: ApiUse, place: Place) -> Iterator[Reason]:
    if use.name not in DATABRICKS:
        if use.name not in OPEN_SOURCE:
            yield Reason(code="unknown_name", what=f"{use.name}, which no version has", place=place, platforms=_ALL)
        return
    if use.name not in NAMES:
        yield Reason(code="not_served", what=use.name, place=place, platforms=frozenset({Platform.GOLDLANE}))
    unknown = use.keywords - DATABRICKS[use.name]
    for keyword in sorted(unknown):
        yield Reason(code="unknown_keyword", what=f"{use.name}({keyword}=), which never existed", place=place, platforms=_ALL)
    if use.name not in OPEN_SOURCE:
        code = next((code for pattern, code in _GROUPS if pattern.search(use.name)), "unknown_name")
        yield Reason(code=code, what=use.name, place=place, platforms=_OPEN)
        return
    missing = sorted((use.keywords & DATABRICKS[use.name]) - OPEN_SOURCE[use.name])
    if missing:
        code = "auto_cdc_options" if use.name == "create_auto_cdc_flow" else "keywords"
        yield Reason(code=code, what=f"{use.name}({', '.join(f'{name}=' for name in missing)})", place=place, platforms=_OPEN)
    if use.name == "create_auto_cdc_flow" and use.constants.get("stored_as_scd_type") not in {None, 1, "1"}:
        yield Reason(code="scd_type_2", what="SCD type 2", place=place, platforms=_OPEN)
    schema = use.constants.get("schema")
    if isinstance(schema, str) and _CONSTRAINTS.search(schema):
        yield Reason(code="schema_constraints", what="constraints and computed columns in schema=", place=place, platforms=_OPEN)


def _of_nodes(tree: ast.Module, file: str) -> Iterator[Reason]:
    documented = _docstrings(tree)
    own = set(_bound(tree))
    for node in ast.walk(tree):
        place = Place(file, getattr(node, "lineno", 0))
        if isinstance(node, ast.Name) and node.id in _GLOBALS and isinstance(node.ctx, ast.Load) and node.id not in own:
            yield Reason(code=_GLOBALS[node.id], what=node.id, place=place, platforms=_OPEN)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented:
            yield from _of_text(node.value, place)
        elif isinstance(node, ast.Attribute) and node.attr in _CONTEXT:
            yield Reason(code="spark_context", what=f"{node.attr}, which Spark Connect lacks", place=place, platforms=_OPEN)
        elif isinstance(node, ast.Call):
            yield from _of_method(node, place)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            for module in filter(_RUNTIME.match, modules):
                yield Reason(code="goldlane_only", what=f"import {module}", place=place, platforms=_ELSEWHERE)


def _of_text(text: str, place: Place) -> Iterator[Reason]:
    for pattern, code, what, platforms in TEXTS:
        found = pattern.search(text)
        if found:
            line = place.line + text.count("\n", 0, found.start())
            yield Reason(code=code, what=what, place=Place(place.file, line), platforms=platforms)


def _of_method(node: ast.Call, place: Place) -> Iterator[Reason]:
    if not isinstance(node.func, ast.Attribute):
        return
    name, holder = node.func.attr, node.func.value
    place = Place(place.file, node.func.end_lineno or place.line)
    of = holder.attr if isinstance(holder, ast.Attribute) else None
    if name in _SESSION_CHANGES or (of, name) in {("conf", "set"), ("udf", "register"), ("udf", "registerJavaFunction")}:
        yield Reason(code="session_changes", what=f"{of + '.' if of else ''}{name}()", place=place, platforms=_OPEN)
    text = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
    if name == "format" and isinstance(text, str) and text.lower() in _CONNECTORS:
        yield Reason(code="connector", what=f"the connector {text}", place=place, platforms=frozenset({Platform.GOLDLANE}))


def _bound(tree: ast.Module) -> Iterator[str]:
    """Names that the file itself gives a meaning; what it imports from Databricks is Databricks' own."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg
        elif isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("databricks")):
            yield from (alias.asname or alias.name for alias in node.names)


def _docstrings(tree: ast.Module) -> set[int]:
    """Texts that only explain: those that stand alone as a statement."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
