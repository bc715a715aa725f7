from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from goldlane.errors import Mistakes, UsageError
from goldlane.features.arrow_batches import arrow_type
from goldlane.features.declarations import Feature, FeatureTable
from goldlane.features.online import FeatureNotFoundError, OnlineStore
from goldlane.features.publishing import publish

Frame = Callable[..., Any]
ADDED = Feature(name="risk", type="double", description="added later")


def velocity(store: OnlineStore, key: str) -> Any:
    return store.lookup("merchants", {"merchant_id": key}, unknown="empty").features["velocity"]


def test_an_older_row_never_overwrites_a_newer_one_and_is_counted_late(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1), ("M2", 10, "low", 1)]), store)

    published = publish(merchants, frame([("M1", 9, "low", 2), ("M2", 11, "low", 2)]), store)

    assert (velocity(store, "M1"), velocity(store, "M2")) == (1, 2)
    assert (published.rows_written, published.rows_late, published.rows_deleted, published.version) == (1, 1, 0, None)


def test_a_row_of_an_equal_time_overwrites(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 9)]), store)

    published = publish(merchants, frame([("M1", 10, "low", 2)]), store)

    assert velocity(store, "M1") == 2
    assert (published.rows_written, published.rows_late) == (1, 0)


def test_keys_that_are_not_in_the_frame_stay(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)

    publish(merchants, frame([("M2", 10, "low", 2)]), store)

    assert velocity(store, "M1") == 1


def test_a_snapshot_of_a_frame_replaces_all(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1), ("M2", 10, "low", 1)]), store)

    published = publish(merchants, frame([("M2", 9, "low", 2)]), store, mode="snapshot")

    assert (velocity(store, "M1"), velocity(store, "M2")) == (None, 2)
    assert (published.rows_written, published.rows_deleted) == (1, 1)


def test_of_several_rows_of_a_key_the_newest_counts_and_every_row_is_accounted_for(
    store: OnlineStore, merchants: FeatureTable, frame: Frame
) -> None:
    rows = frame([("M1", 10, "low", 1), ("M1", 12, "low", 3), ("M1", 11, "low", 2), (None, 11, "low", 2), ("M2", None, "low", 2)])

    published = publish(merchants, rows, store)

    assert velocity(store, "M1") == 3
    assert (published.rows_written, published.rows_late, published.rows_rejected) == (1, 2, 2)


@pytest.mark.parametrize("turn", [1, -1])
def test_of_twins_the_greater_counts_whatever_their_order(store: OnlineStore, merchants: FeatureTable, frame: Frame, turn: int) -> None:
    twins = [("M1", 10, "low", 1), ("M1", 10, "low", None), ("M1", 10, None, 99)]

    publish(merchants, frame(twins[::turn]), store)

    assert store.lookup("merchants", {"merchant_id": "M1"}).features == {"tier": "low", "velocity": 1}


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize("less,greater", [("9.00", "10.00"), ("-9.00", "-1.00"), ("-10.00", "-5.00"), ("-1.00", "0.50")])
def test_of_twins_with_decimals_the_greater_number_counts(  # noqa: PLR0913  the pair, in both orders
    store: OnlineStore, merchants: FeatureTable, frame: Frame, turn: int, less: str, greater: str
) -> None:
    table = replace(merchants, features=(Feature(name="amount", type="decimal(9,2)", description="an amount"),))
    rows = frame([("M1", 10, None, None)] * 3).select(["merchant_id", "as_of"])
    amounts = [None if text is None else Decimal(text) for text in [less, None, greater][::turn]]

    publish(table, rows.append_column("amount", pa.array(amounts, pa.decimal128(9, 2))), store)

    assert store.lookup("merchants", {"merchant_id": "M1"}).features == {"amount": Decimal(greater)}


@pytest.mark.parametrize("old,kind,value", [("bigint", "string", "007"), ("double", "double", 0.5)])
def test_a_feature_that_comes_back_has_its_new_type_and_no_old_value(  # noqa: PLR0913  the type before and after
    store: OnlineStore, merchants: FeatureTable, frame: Frame, old: str, kind: str, value: Any
) -> None:
    first = replace(merchants, features=(*merchants.features, Feature(name="risk", type=old, description="a risk")))
    publish(first, frame([("M1", 10, "low", 1), ("M2", 10, "low", 1)]).append_column("risk", pa.array([7, 8], arrow_type(old))), store)
    publish(merchants, frame([("M3", 10, "low", 1)]), store)
    again = replace(merchants, features=(*merchants.features, Feature(name="risk", type=kind, description="a risk")))

    publish(again, frame([("M1", 11, "low", 2)]).append_column("risk", [[value]]), store)

    risks = [store.lookup("merchants", {"merchant_id": key}).features["risk"] for key in ("M1", "M2", "M3")]
    assert risks == [value, None, None]


def test_a_feature_that_is_added_is_null_until_it_is_published(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1), ("M2", 10, "low", 1)]), store)
    wider = replace(merchants, features=(*merchants.features, ADDED))
    store.lookup("merchants", {"merchant_id": "M1"})

    publish(wider, frame([("M1", 11, "low", 2)]).append_column("risk", [[0.5]]), store)

    assert store.lookup("merchants", {"merchant_id": "M1"}).features == {"tier": "low", "velocity": 2, "risk": 0.5}
    assert store.lookup("merchants", {"merchant_id": "M2"}).missing == ("risk",)


def test_a_column_of_a_feature_that_is_no_longer_declared_stays_without_its_old_values(
    store: OnlineStore, merchants: FeatureTable, frame: Frame, path: Any
) -> None:
    import sqlite3

    publish(merchants, frame([("M1", 10, "low", 1), ("M2", 10, "high", 1)]), store)
    narrower = replace(merchants, features=merchants.features[1:])

    publish(narrower, frame([("M1", 11, "low", 2)]), store)

    connection = sqlite3.connect(path)
    assert store.lookup("merchants", {"merchant_id": "M1"}).features == {"velocity": 2}
    assert connection.execute("SELECT merchant_id, tier, velocity FROM merchants").fetchall() == [("M1", None, 2), ("M2", "high", 1)]
    publish(narrower, frame([("M1", 11, "low", 2)]), store, mode="snapshot")
    assert connection.execute("SELECT merchant_id, tier, velocity FROM merchants").fetchall() == [("M1", None, 2)]
    connection.close()


def test_a_changed_type_or_key_needs_a_snapshot(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    changed = replace(merchants, features=(merchants.features[0], replace(merchants.features[1], type="double")))

    with pytest.raises(Mistakes, match="publish it with mode='snapshot': velocity was bigint and is double"):
        publish(changed, frame([("M1", 10, "low", 1)]), store)

    publish(changed, frame([("M1", 10, "low", 1)]), store, mode="snapshot")
    assert isinstance(velocity(store, "M1"), float)


def test_a_frame_that_breaks_half_way_leaves_the_store_as_it_was(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    import pyarrow as pa

    publish(merchants, frame([("M1", 10, "low", 1)]), store)
    good = frame([("M1", 11, "low", 2)])

    def broken() -> Any:
        yield from good.to_batches()
        raise RuntimeError("the source went away")

    with pytest.raises(RuntimeError, match="went away"):
        publish(merchants, pa.RecordBatchReader.from_batches(good.schema, broken()), store, mode="snapshot")

    assert velocity(store, "M1") == 1


def test_what_is_no_frame_is_refused(store: OnlineStore, merchants: FeatureTable) -> None:
    with pytest.raises(UsageError, match="can be published from a storage's path, a Spark DataFrame or an Arrow table"):
        publish(merchants, [("M1", 1)], store)  # type: ignore[arg-type]


def test_an_unknown_mode_is_refused_with_the_known_ones(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    with pytest.raises(UsageError, match="no publish mode 'full'; known are triggered, snapshot"):
        publish(merchants, frame([]), store, mode="full")  # type: ignore[arg-type]


def test_composite_keys_are_found_by_both_columns(store: OnlineStore, merchants: FeatureTable, frame: Frame) -> None:
    table = replace(merchants, keys=("merchant_id", "tier"), key_types={}, features=merchants.features[1:])
    publish(table, frame([("M1", 10, "a", 1), ("M1", 10, "b", 2)]), store)

    assert store.lookup("merchants", {"tier": "b", "merchant_id": "M1"}).features == {"velocity": 2}
    with pytest.raises(FeatureNotFoundError):
        store.lookup("merchants", {"tier": "c", "merchant_id": "M1"})
    with pytest.raises(UsageError, match="is read by merchant_id, tier, not by merchant_id"):
        store.lookup("merchants", {"merchant_id": "M1"})
