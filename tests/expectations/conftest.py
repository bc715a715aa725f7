from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@pytest.fixture(scope="session")
def validated() -> Callable[[DataFrame, Any], Any]:
    """What Great Expectations says of a frame and a suite, in a context that ends with the tests."""
    import great_expectations as gx

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False, "metric_calculations": False}
    batches = (
        context.data_sources.add_spark("frames", persist=False).add_dataframe_asset("frame").add_batch_definition_whole_dataframe("all")
    )
    return lambda frame, suite: batches.get_batch({"dataframe": frame}).validate(suite)
