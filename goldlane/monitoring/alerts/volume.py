"""How many rows came in a window, beside the usual."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from itertools import pairwise

from goldlane.monitoring.alerts.metricrows import MetricRows, Row, Subject, Window, gaps, window_of
from goldlane.monitoring.alerts.noise import count_floor
from goldlane.monitoring.alerts.observations import Observation, is_asked
from goldlane.monitoring.alerts.rules import AlertRule

_FEWEST, _MOST = 4, 168
_WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Count:
    """The rows of a window, and the ``share`` of the window that they can be of."""

    window: Window
    rows: float
    share: float = 1.0


@dataclass(slots=True)
class _Usual:
    """The counts of the last good windows. A new level is bad until it has lasted as long as these: then it is the usual."""

    length: int
    good: deque[float] = field(default_factory=deque)
    bad: list[float] = field(default_factory=list)

    @property
    def is_known(self) -> bool:
        """Whether there are enough windows to know."""
        return len(self.good) == self.length

    def take(self, count: float, *, is_bad: bool) -> None:
        """Take a window in."""
        if not is_bad:
            self.good.append(count)
            self.bad = []
        else:
            self.bad.append(count)
            if len(self.bad) == self.length:
                self.good, self.bad = deque(self.bad), []
        if len(self.good) > self.length:
            self.good.popleft()


def volume_observations(rule: AlertRule, rows: MetricRows, now: datetime) -> Iterator[Observation]:
    """Rows per window against the least and the most of a week's windows before (4 to 168): weekends and nights are usual.

    A window without any row counts as one of no rows, and so does for a slice one in which only other values have some.
    Of a window that is not over, or whose rows end early, only its share is expected.
    """
    for subject, own in rows.series.items():
        if not is_asked(rule, subject, rows):
            continue
        series = own if subject.slice_key is None else _with_absences(subject, own, rows)
        usual = _Usual(usual_windows(window_of(series[0])))
        for count in _counts(series, subject, rows, now):
            found = _observed(rule, subject, usual, count) if usual.is_known else None
            if found is not None:
                yield found
            usual.take(count.rows / count.share, is_bad=found is not None and found.is_bad)


def usual_windows(window: Window) -> int:
    """How many windows tell what is usual: those of a week, at least four."""
    return min(max(int(_WEEK / window.width), _FEWEST), _MOST) if window.width else _FEWEST


def _observed(rule: AlertRule, subject: Subject, usual: _Usual, count: _Count) -> Observation | None:
    least, most = min(usual.good) * count.share, max(usual.good) * count.share
    if most < rule.min_rows:
        # As few as usual: what is gone for so long that this is the new level is no longer missed.
        few = count.rows < rule.min_rows
        return Observation(subject=subject, window=count.window, value=1.0, limit=rule.limit or 0.0, is_bad=False) if few else None
    rose = count.rows > most
    expected = most if rose else least
    value = count.rows / expected if expected else 1.0
    limit = (rule.limit if rose else rule.lower_limit) or 0.0
    is_large = abs(count.rows - expected) > count_floor(expected, rule.chance)
    is_bad = is_large and (value > limit if rose else value < limit)
    told = f"{count.rows:,.0f} rows where {expected:,.0f} are usual"
    return Observation(subject=subject, window=count.window, value=value, limit=limit, is_bad=is_bad, detail=told)


def _counts(series: Sequence[Row], subject: Subject, rows: MetricRows, now: datetime) -> Iterator[_Count]:
    for row, empty in gaps(series):
        window = window_of(row)
        if empty is not None:
            yield from (_Count(window=each, rows=0.0) for each in _parts(empty, window.width))
        share = _covered(window, subject, rows, now) if row is series[-1] else 1.0
        if share > 0:
            yield _Count(window=window, rows=float(row.get("count") or 0), share=share)


def _with_absences(subject: Subject, own: Sequence[Row], rows: MetricRows) -> list[Row]:
    """Also the windows after the slice's first that it has no row in, unless its expression has none at all there: it was left out."""
    first = window_of(own[0]).start
    found = {window_of(row).start: row for row in own}
    for row in rows.series.get(replace(subject, slice_key=None, slice_value=None), ()):
        start = window_of(row).start
        if start > first and start not in found and start in rows.sliced[replace(subject, slice_value=None)]:
            found[start] = {**row, "count": 0}
    return [found[start] for start in sorted(found)]


def _parts(empty: Window, width: timedelta) -> Iterator[Window]:
    """A time without rows as windows; of a very long one, as many as can ever be usual."""
    number = min(max(round(empty.width / width), 1), _MOST)
    ends = [empty.start + empty.width * part / number for part in range(number + 1)]
    yield from (Window(start=start, end=end) for start, end in pairwise(ends))


def _covered(window: Window, subject: Subject, rows: MetricRows, now: datetime) -> float:
    """How much of the newest window is over, and has been delivered: a load at noon brings half a day."""
    if not window.width:
        return 1.0
    until = min(now, window.end)
    newest = _timestamps(subject, window, rows)
    if newest is not None and newest.get("max") is not None:
        until = min(until, datetime.fromtimestamp(newest["max"], tz=timezone.utc))
    return max((until - window.start) / window.width, 0.0)


def _timestamps(subject: Subject, window: Window, rows: MetricRows) -> Row | None:
    """The profile of the timestamps in a window; of all rows, where a slice has none."""
    if rows.timestamp is None:
        return None
    own = replace(subject, column=rows.timestamp)
    return rows.profile_of(own, window.start) or rows.profile_of(replace(own, slice_key=None, slice_value=None), window.start)
