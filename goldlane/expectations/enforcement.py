"""Checks of any origin, enforced and counted on the write that carries the rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.errors import Mistakes
from goldlane.expectations.literal import quoted_name
from goldlane.expectations.mask import Masks, with_masks
from goldlane.expectations.resolve import analysis_error, require_observable
from goldlane.expectations.rule import Action

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, Observation

ERROR_CLASS = "[EXPECTATION_VIOLATION.VERBOSITY_ALL]"
# Streaming errors print the plan too, where no quoted name follows the colon.
_VIOLATION = re.compile(re.escape(ERROR_CLASS) + r" Flow [^\n]*? Violated expectations: '[^\n]*")
_SQL_STATE = re.compile(r" SQLSTATE: \w{5}.*$")


@dataclass(frozen=True, slots=True, eq=False)
class Check:
    """What the runtime enforces: a name, an action, and a boolean column; a row breaks it unless ``passes`` is true."""

    name: str
    action: Action
    passes: Column

    def __post_init__(self) -> None:
        object.__setattr__(self, "action", Action(self.action))


def enforce(df: DataFrame, checks: Sequence[Check], observation: Observation | str, *, flow: str) -> DataFrame:
    """The rows of ``df`` that may be written, with its columns; the write itself counts all rows that reach the checks.

    ``observation`` gets ``rows``, ``dropped`` (rows that break at least one DROP check) and ``failed_<position>`` per check; read
    them with ``quality``. A row that breaks a FAIL check stops the write, whatever else it breaks; ``violation`` finds the
    message in the error that Spark raises. Streams take a text, one per flow; batches an ``Observation``.

    Raises:
        Mistakes: two checks have one name, or a check cannot be evaluated on ``df``; all of them at once.
    """
    require_observable(df, observation)
    marked, masks = marked_frame(df, checks, flow=flow)
    observed = marked.observe(observation, *metric_columns(checks, masks), *_stop(df.columns, checks, masks, flow))
    return observed.filter(~masks.any_broken(_acting(checks, Action.DROP))).drop(*masks.names)


def violation(error: BaseException) -> str | None:
    """The one-line message of a broken FAIL check inside an error of Spark's, however deeply wrapped; None for other errors."""
    # A stream's error names only its outermost cause in its text; the rest is in the trace.
    found = _VIOLATION.search(f"{error}\n{getattr(error, '_stackTrace', '')}")
    if found:
        return _SQL_STATE.sub("", found.group())
    return violation(error.__cause__) if error.__cause__ else None


def marked_frame(df: DataFrame, checks: Sequence[Check], *, flow: str) -> tuple[DataFrame, Masks]:
    """``df`` with its mask columns, analyzed; see ``enforce`` for the errors."""
    twice = [name for name, times in Counter(check.name for check in checks).items() if times > 1]
    if twice:
        raise Mistakes(f"flow {flow!r}", [f"{name!r} names more than one expectation" for name in twice])
    passes = [check.passes for check in checks]
    if analysis_error(df, passes) is not None:
        raise Mistakes(f"flow {flow!r}", _unusable(df, checks))
    return with_masks(df, passes)


def metric_columns(checks: Sequence[Check], masks: Masks) -> list[Column]:
    """The aggregates that ``quality`` reads, over a frame with ``masks``."""
    from pyspark.sql import functions as F

    failed = [masks.count_broken([position]).alias(f"failed_{position}") for position in range(len(checks))]
    return [F.count(F.lit(1)).alias("rows"), masks.count_broken(_acting(checks, Action.DROP)).alias("dropped"), *failed]


def _stop(source: Sequence[str], checks: Sequence[Check], masks: Masks, flow: str) -> list[Column]:
    """A metric that is never more than zero: computing it of a row that breaks a FAIL check raises.

    Among the metrics every row is asked, before one is dropped. In the filter's code the message, a row as JSON, would stand in the
    loop over all rows, and of a wide table make it longer than what the JVM is willing to compile.
    """
    from pyspark.sql import functions as F

    failing = _acting(checks, Action.FAIL)
    stop = F.raise_error(_message(source, checks, masks, flow)).cast("boolean")
    return [F.count(F.when(masks.any_broken(failing), stop)).alias("stopped")] if failing else []


def _message(source: Sequence[str], checks: Sequence[Check], masks: Masks, flow: str) -> Column:
    from pyspark.sql import functions as F

    names = [F.when(masks.broken(position), F.lit(f"'{checks[position].name}'")) for position in _acting(checks, Action.FAIL)]
    # NULL is often the very reason, so it is shown.
    record = F.to_json(F.struct(*(F.col(quoted_name(name)) for name in source)), {"ignoreNullFields": "false"})
    text = f"{ERROR_CLASS} Flow '{flow}' failed to meet the expectation. Violated expectations: ".replace("%", "%%")
    return F.format_string(f"{text}%1$s. Input data: '%2$s'. Output record: '%2$s'.", F.concat_ws(",", *names), record)


def _acting(checks: Sequence[Check], action: Action) -> list[int]:
    return [position for position, check in enumerate(checks) if check.action is action]


def _unusable(df: DataFrame, checks: Sequence[Check]) -> list[str]:
    errors = ((check, analysis_error(df, [check.passes])) for check in checks)
    return [f"expectation {check.name!r}: {error}" for check, error in errors if error is not None]
