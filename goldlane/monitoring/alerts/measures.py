"""What a rule can measure, from which metric table, and from which size on it is worth a person's time."""

from __future__ import annotations

from enum import Enum


class Measure(str, Enum):
    """What a rule looks at in each window. Shares are in percent, as in the metric tables."""

    PSI = "psi"
    KS = "ks"
    WASSERSTEIN = "wasserstein"
    JS = "js"
    TV = "tv"
    L_INFINITY = "l_infinity"
    NULL_RISE = "null_rise"
    ZERO_RISE = "zero_rise"
    MISSING_COLUMNS = "missing_columns"
    NULL_SHARE = "null_share"
    VOLUME = "volume"
    FRESHNESS = "freshness"
    CUSTOM = "custom"

    def __str__(self) -> str:
        return self.value

    @property
    def is_drift(self) -> bool:
        """Whether it compares two windows, and is read from the drift table."""
        return self in _DRIFT

    @property
    def is_categorical(self) -> bool:
        """Whether it compares shares of values, which says nothing of a column in which hardly any value comes twice."""
        return self in {Measure.JS, Measure.TV, Measure.L_INFINITY}


_DRIFT = {
    Measure.PSI,
    Measure.KS,
    Measure.WASSERSTEIN,
    Measure.JS,
    Measure.TV,
    Measure.L_INFINITY,
    Measure.NULL_RISE,
    Measure.ZERO_RISE,
    Measure.MISSING_COLUMNS,
}

# Volume: times the usual rows. Freshness has none: two windows, however wide they are. Custom: a predicate holds or does not.
LIMITS: dict[Measure, float] = {
    Measure.PSI: 0.2,
    Measure.KS: 0.1,
    Measure.WASSERSTEIN: 0.25,
    Measure.JS: 0.1,
    Measure.TV: 0.1,
    Measure.L_INFINITY: 0.1,
    Measure.NULL_RISE: 3.0,
    Measure.ZERO_RISE: 10.0,
    Measure.MISSING_COLUMNS: 0.0,
    Measure.NULL_SHARE: 20.0,
    Measure.VOLUME: 2.0,
}
VOLUME_BELOW = 0.5

MEANINGS: dict[Measure, str] = {
    Measure.PSI: "the population stability index",
    Measure.KS: "the largest distance between the two distributions (Kolmogorov-Smirnov)",
    Measure.WASSERSTEIN: "how far values moved, in standard deviations of the wider window",
    Measure.JS: "the distance between the shares of values (Jensen-Shannon)",
    Measure.TV: "the share of rows whose value would have to change",
    Measure.L_INFINITY: "the largest change of one value's share",
    Measure.NULL_RISE: "the rise of NULLs, in points of percent",
    Measure.ZERO_RISE: "the rise of zeros, in points of percent",
    Measure.MISSING_COLUMNS: "columns that have no value any more",
    Measure.NULL_SHARE: "NULLs, in percent",
    Measure.VOLUME: "rows, in multiples of the usual",
    Measure.FRESHNESS: "seconds since the newest window ended",
    Measure.CUSTOM: "a predicate of the project's own",
}
