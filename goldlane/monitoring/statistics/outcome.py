"""What a test says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """How far apart, and how probable it is to be at least so far apart by chance."""

    __test__: ClassVar[bool] = False  # pytest takes every Test* for a class of tests

    statistic: float
    pvalue: float
