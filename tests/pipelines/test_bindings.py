"""What ``--input`` and ``--map`` bind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from goldlane.pipelines.bindings import Bindings

if TYPE_CHECKING:
    import pytest


def test_tables_brokers_and_paths_are_told_apart_by_their_names() -> None:
    bound = Bindings.of({"main.raw.orders": "/in/o", "kafka:a.b.c.d": "/in/k", "s3://bucket/x": "/in/x"}, {"/mnt": "/in/m"})

    assert dict(bound.inputs) == {"main.raw.orders": "/in/o", "kafka:a.b.c.d": "/in/k"}
    assert bound.tables == ("main.raw.orders",)
    assert dict(bound.paths) == {"/mnt": "/in/m", "s3://bucket/x": "/in/x"}


def test_places_are_meant_from_where_the_command_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    bound = Bindings.of({"orders": "in/orders"}, {"/mnt": "in"})

    assert (bound.inputs["orders"], bound.paths["/mnt"]) == (str(tmp_path / "in/orders"), str(tmp_path / "in"))
