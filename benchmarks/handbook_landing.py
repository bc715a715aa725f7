"""The handbook's card transactions as the landing files of the payments lane: the same rows, as sources would deliver them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

REPORTED_AFTER_DAYS = 7
_PARTS = 12
_OPENED = "2018-01-01T00:00:00Z"


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """Rows written per feed, and the entities that a store must know afterwards."""

    rows: Mapping[str, int]
    customers: tuple[str, ...]
    merchants: tuple[str, ...]


def write_landing(raw: Path, folder: Path) -> Landing:
    """Writes the four feeds of ``raw`` (the handbook's parquet file) under ``folder``.

    A fraud is reported 7 days after its sale, unless the data end before. Customers and merchants are made from their numbers.
    """
    import pyarrow as pa
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    table = pq.read_table(raw)
    ids = {
        "transaction_id": pc.cast(table["TRANSACTION_ID"], pa.string()),
        "customer_id": _numbered("C", table["CUSTOMER_ID"], 6),
        "merchant_id": _numbered("M", table["TERMINAL_ID"], 5),
    }
    customers, merchants = (tuple(sorted(pc.unique(ids[name]).to_pylist())) for name in ("customer_id", "merchant_id"))
    rows = {
        "transactions": _write(folder / "transactions", {**ids, "amount": _amount(table["TX_AMOUNT"]), **_circumstances(table)}, _PARTS),
        "chargebacks": _write(folder / "chargebacks", _reports(table, ids["transaction_id"]), 1),
        "customers": _write(folder / "customers", _customers(customers), 1),
        "merchants": _write(folder / "merchants", _merchants(merchants), 1),
    }
    return Landing(rows=rows, customers=customers, merchants=merchants)


def _circumstances(table: pa.Table) -> dict[str, object]:
    """What the handbook has no word for is the same everywhere: euros, a German card, a German shop."""
    return {
        "currency": "EUR",
        "event_time": _iso(table["TX_DATETIME"]),
        "channel": "pos",
        "entry_mode": "chip",
        "mcc": "5411",
        "card_country": "DE",
        "merchant_country": "DE",
    }


def _reports(table: pa.Table, transaction_ids: pa.ChunkedArray) -> dict[str, object]:
    import pyarrow as pa
    import pyarrow.compute as pc

    times = table["TX_DATETIME"]
    reported = pc.add(times, pa.scalar(REPORTED_AFTER_DAYS * 86_400_000_000, pa.duration("us")))
    known = pc.and_(pc.equal(table["TX_FRAUD"], 1), pc.less_equal(reported, pc.max(times)))
    return {"transaction_id": transaction_ids.filter(known), "reported_at": _iso(reported.filter(known)), "reason": "fraud"}


def _customers(ids: tuple[str, ...]) -> dict[str, object]:
    import pyarrow as pa

    names = pa.array([f"Customer {name}" for name in ids])
    mails = pa.array([f"{name.lower()}@example.org" for name in ids])
    home = {"email_verified": "true", "home_country": "DE", "created_at": _OPENED}
    return {**_insert(), "customer_id": pa.array(ids), "full_name": names, "email": mails, **home}


def _merchants(ids: tuple[str, ...]) -> dict[str, object]:
    import pyarrow as pa

    names = pa.array([f"Merchant {name}" for name in ids])
    return {**_insert(), "merchant_id": pa.array(ids), "name": names, "mcc": "5411", "country": "DE", "onboarded_at": _OPENED}


def _insert() -> dict[str, object]:
    return {"operation": "INSERT", "sequence": "1", "changed_at": _OPENED}


def _numbered(letter: str, numbers: pa.ChunkedArray, digits: int) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.binary_join_element_wise(letter, pc.utf8_lpad(pc.cast(numbers, pa.string()), digits, "0"), "")


def _amount(amounts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Two decimals, as text; the handbook's doubles are cents."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.cast(pc.cast(pc.round(amounts, 2), pa.decimal128(18, 2)), pa.string())


def _iso(times: pa.ChunkedArray) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.strftime(pc.cast(times, pa.timestamp("s", "UTC")), format="%Y-%m-%dT%H:%M:%SZ")


def _write(folder: Path, columns: Mapping[str, object], parts: int) -> int:
    """One JSON object per line; a text stands for all rows. Returns the rows."""
    import pyarrow as pa
    import pyarrow.compute as pc

    pieces: list[object] = []
    for position, (name, values) in enumerate(columns.items()):
        pieces += [f'{"," if position else "{"}"{name}":"', values, '"']
    lines = pc.binary_join_element_wise(*pieces, "}\n", "")
    folder.mkdir(parents=True)
    step = -(-len(lines) // parts)
    for part, start in enumerate(range(0, len(lines), step), 1):
        text = pa.concat_arrays(lines.slice(start, step).chunks if isinstance(lines, pa.ChunkedArray) else [lines.slice(start, step)])
        (folder / f"batch-01-part-{part:02d}.json").write_text("".join(text.to_pylist()), encoding="utf-8")
    return len(lines)
