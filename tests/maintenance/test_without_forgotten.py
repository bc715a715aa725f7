"""Rows without those of forgotten entities are what plain Python leaves over: several kinds of keys, NULLs and blanks included."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from goldlane.features import without_forgotten

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

CARDS, SHOPS = st.sampled_from(["a", " a", "b", "b=1:", None]), st.sampled_from([1, 2, 11, None])


def hashed(**key: object) -> str:
    """A key as the table of the forgotten has it; written down here once more, for the words in its module to be kept."""
    texts = {name: str(key[name]).strip(" ") for name in sorted(key)}
    return hashlib.sha256("".join(f"{name}={len(text)}:{text}" for name, text in texts.items()).encode()).hexdigest()


@pytest.mark.slow
@settings(max_examples=3, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    rows=st.lists(st.tuples(CARDS, SHOPS), max_size=60),
    cards=st.sets(st.sampled_from(["a", "b", "c"])),
    visits=st.sets(st.tuples(st.sampled_from(["a", "b=1:"]), st.sampled_from([1, 11]))),
)
def test_whoever_was_forgotten_is_left_out_and_nobody_else(
    spark: SparkSession, rows: list[tuple[str | None, int | None]], cards: set[str], visits: set[tuple[str, int]]
) -> None:
    frame = spark.createDataFrame([(i, *row) for i, row in enumerate(rows)], "id int, card string, shop int")
    entries = [("card", hashed(card=card)) for card in cards] + [("card,shop", hashed(card=card, shop=shop)) for card, shop in visits]
    forgotten = spark.createDataFrame(entries, "key_columns string, key_hash string")

    kept = without_forgotten(frame, forgotten, "card", ("shop", "card"))

    named = [(None if card is None else card.strip(), shop) for card, shop in rows]
    left = [i for i, (card, shop) in enumerate(named) if card not in cards and (card, shop) not in visits]
    assert sorted(row["id"] for row in kept.collect()) == left
