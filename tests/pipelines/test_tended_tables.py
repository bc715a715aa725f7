"""Statements that tend a table: OPTIMIZE, VACUUM, ALTER TABLE and their kin find it by its name."""

from __future__ import annotations

import pytest

from goldlane.pipelines.sqltargets import replace_targets


def to_path(name: str) -> str:
    return f"delta.`/s/{name}`"


@pytest.mark.parametrize(
    "text,told",
    [
        ("OPTIMIZE main.shop.t ZORDER BY (a)", "OPTIMIZE delta.`/s/main.shop.t` ZORDER BY (a)"),
        ("optimize t", "optimize delta.`/s/t`"),
        ("VACUUM shop.t RETAIN 0 HOURS DRY RUN", "VACUUM delta.`/s/shop.t` RETAIN 0 HOURS DRY RUN"),
        ("-- when\nDESCRIBE HISTORY `my shop`.t LIMIT 1", "-- when\nDESCRIBE HISTORY delta.`/s/`my shop`.t` LIMIT 1"),
        ("DESC DETAIL t", "DESC DETAIL delta.`/s/t`"),
        ("ALTER TABLE t SET TBLPROPERTIES ('a' = 'b')", "ALTER TABLE delta.`/s/t` SET TBLPROPERTIES ('a' = 'b')"),
        ("RESTORE TABLE t TO VERSION AS OF 3", "RESTORE TABLE delta.`/s/t` TO VERSION AS OF 3"),
        ("RESTORE t TO VERSION AS OF 3", "RESTORE delta.`/s/t` TO VERSION AS OF 3"),
        ("REORG TABLE t APPLY (PURGE)", "REORG TABLE delta.`/s/t` APPLY (PURGE)"),
    ],
)
def test_a_name_is_replaced_where_it_stands(text: str, told: str) -> None:
    assert replace_targets(text, to_path) == told


@pytest.mark.parametrize(
    "text", ["OPTIMIZE delta.`/data/t`", "VACUUM '/data/t'", "DESCRIBE TABLE t", "SELECT 'OPTIMIZE t'", "ALTER VIEW v AS SELECT 1"]
)
def test_paths_and_other_statements_stay(text: str) -> None:
    assert replace_targets(text, to_path) == text


def test_a_name_of_the_sessions_own_stays() -> None:
    assert replace_targets("OPTIMIZE t", lambda _: None) == "OPTIMIZE t"
