"""The words of a refresh, which are the platform's: how a materialized view was brought up to date, and why not more cheaply."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any


class Technique(str, Enum):
    """How a materialized view came to equal its query again; the values stand in the event log."""

    NO_OP = "MAINTENANCE_TYPE_NO_OP"
    COMPLETE_RECOMPUTE = "MAINTENANCE_TYPE_COMPLETE_RECOMPUTE"
    APPEND_ONLY = "MAINTENANCE_TYPE_APPEND_ONLY"
    ROW_BASED = "MAINTENANCE_TYPE_ROW_BASED"
    GENERIC_AGGREGATE = "MAINTENANCE_TYPE_GENERIC_AGGREGATE"
    WINDOW_FUNCTION = "MAINTENANCE_TYPE_WINDOW_FUNCTION"

    def __str__(self) -> str:
        return self.value


class IssueType(str, Enum):
    """What stands in the way of an incremental refresh."""

    CHANGE_SET_MISSING = "CHANGE_SET_MISSING"
    CONFIGURATION_CHANGED = "CONFIGURATION_CHANGED"
    DATA_FILE_MISSING = "DATA_FILE_MISSING"
    DATA_HAS_CHANGED = "DATA_HAS_CHANGED"
    DATA_SCHEMA_CHANGED = "DATA_SCHEMA_CHANGED"
    INPUT_NOT_IN_DELTA = "INPUT_NOT_IN_DELTA"
    PARTITION_SCHEMA_CHANGED = "PARTITION_SCHEMA_CHANGED"
    PLAN_NOT_DETERMINISTIC = "PLAN_NOT_DETERMINISTIC"
    PLAN_NOT_INCREMENTALIZABLE = "PLAN_NOT_INCREMENTALIZABLE"
    QUERY_FINGERPRINT_CHANGED = "QUERY_FINGERPRINT_CHANGED"
    REFRESH_POLICY_FULL = "REFRESH_POLICY_FULL"
    REJECTED_BY_COST_MODEL = "INCREMENTAL_PLAN_REJECTED_BY_COST_MODEL"
    TOO_MANY_FILE_ACTIONS = "TOO_MANY_FILE_ACTIONS"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """One reason for a complete recompute. ``why`` is for people; the rest are the platform's fields, empty where they say nothing."""

    type: IssueType
    why: str
    operator: str = ""
    expression: str = ""
    subtype: str = ""
    table: str = ""

    def to_json(self) -> dict[str, Any]:
        """An entry of ``incrementalization_issues``."""
        detail = f"{self.type.value.lower()}_sub_type"
        told = {
            "operator_name": self.operator,
            "expression_name": self.expression,
            detail: self.subtype,
            "table_information": {"table_name": self.table} if self.table else None,
        }
        said = {key: value for key, value in told.items() if value}
        return {"issue_type": self.type.value, "prevent_incrementalization": True, **said, "message": self.why}


class NotIncrementalError(Exception):
    """A view cannot be refreshed by its changes; it is recomputed, and the log says why."""

    def __init__(self, *issues: Issue) -> None:
        super().__init__("; ".join(dict.fromkeys(issue.why for issue in issues)))
        self.issues = issues


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """How a materialized view was refreshed: ``keys`` touched, by ``columns``; rows of its sources, and how many of them were read.

    ``rows_read`` counts the rows of the files that were opened, once per place of the query that reads them; None when it is not known.
    """

    technique: Technique
    issues: tuple[Issue, ...] = ()
    columns: tuple[str, ...] = ()
    keys: int | None = None
    source_rows: int | None = None
    rows_read: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The details of ``planning_information``: the technique that was chosen, and the one that always could be."""
        chosen = _technique(self.technique, self.issues, is_chosen=True)
        whole = [] if self.technique in {Technique.NO_OP, Technique.COMPLETE_RECOMPUTE} else [Technique.COMPLETE_RECOMPUTE]
        facts = {
            "key_columns": list(self.columns),
            "num_keys": self.keys,
            "num_source_rows": self.source_rows,
            "num_rows_read": self.rows_read,
        }
        known = {key: value for key, value in facts.items() if value not in (None, [])}
        return {"technique_information": [{**chosen, **known}, *(_technique(other, (), is_chosen=False) for other in whole)]}

    def message(self, dataset: str) -> str:
        """What a person reads in the log."""
        if self.technique is Technique.NO_OP:
            return f"'{dataset}' is unchanged: same query, same versions of everything it reads."
        if self.technique is Technique.COMPLETE_RECOMPUTE:
            why = "; ".join(dict.fromkeys(issue.why for issue in self.issues))
            return f"'{dataset}' was computed anew" + (f": {why}." if why else ".")
        if self.technique is Technique.APPEND_ONLY:
            return f"'{dataset}' was refreshed incrementally: only the new rows of its sources were read."
        keys = f"{self.keys} keys ({', '.join(self.columns)}) had changed"
        read = "" if self.rows_read is None else f", {self.rows_read} of {self.source_rows} source rows were read"
        return f"'{dataset}' was refreshed incrementally: {keys}{read}."


def _technique(technique: Technique, issues: tuple[Issue, ...], *, is_chosen: bool) -> dict[str, Any]:
    found = [issue.to_json() for issue in issues]
    return {"maintenance_type": technique.value, "is_chosen": is_chosen, "is_applicable": True, "incrementalization_issues": found}
