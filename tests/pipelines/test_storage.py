from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from goldlane.pipelines.errors import PipelineError
from goldlane.pipelines.names import Namespace, TableName
from goldlane.pipelines.storage import LAYOUT_VERSION, Storage

ORDERS = TableName(None, "default", "orders")


def test_tables_lie_where_any_delta_reader_looks(tmp_path: Path) -> None:
    storage, namespace = Storage(tmp_path), Namespace()

    assert storage.table(namespace.qualify("orders")) == tmp_path / "tables/default/orders"
    assert storage.table(namespace.qualify("main.sales.orders")) == tmp_path / "tables/main.sales/orders"
    assert storage.events == tmp_path / "system/events"


def test_generations_flows_and_reads_have_places_of_their_own(tmp_path: Path) -> None:
    storage = Storage(tmp_path)
    odd = "a/b .."

    places = [storage.checkpoint(ORDERS, flow, generation) for flow in ("f", "g", odd) for generation in (0, 1)]
    places += [storage.change_state(ORDERS, generation) for generation in (0, 1)]
    places += [storage.file_schema(ORDERS, "f", 0, number) for number in (0, 1)]

    assert len(set(places)) == len(places)
    assert all(place.resolve().is_relative_to(tmp_path / "system") for place in places)


def test_opening_a_storage_marks_it_and_opening_it_again_changes_nothing(tmp_path: Path) -> None:
    storage = Storage(tmp_path / "new" / "storage")

    storage.open()
    storage.open()

    assert json.loads((storage.root / "system/layout.json").read_text(encoding="utf-8")) == {"layout": LAYOUT_VERSION}


def test_a_storage_of_a_newer_goldlane_is_refused(tmp_path: Path) -> None:
    (tmp_path / "system").mkdir()
    (tmp_path / "system/layout.json").write_text(json.dumps({"layout": LAYOUT_VERSION + 1}), encoding="utf-8")

    with pytest.raises(PipelineError, match="upgrade goldlane"):
        Storage(tmp_path).open()


def test_a_file_is_no_storage(tmp_path: Path) -> None:
    (tmp_path / "storage").write_text("", encoding="utf-8")

    with pytest.raises(PipelineError, match=r"storage .* cannot be used"):
        Storage(tmp_path / "storage").open()


def test_a_folder_that_no_update_wrote_to_is_no_storage_to_read(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="is no Goldlane storage"):
        Storage(tmp_path).require_written()


def test_a_tables_record_keeps_what_a_change_does_not_name(tmp_path: Path) -> None:
    storage = Storage(tmp_path)

    storage.remember(ORDERS, owner="lane", generation=1)
    storage.remember(ORDERS, generation=2)

    assert storage.remembered(ORDERS) == {"owner": "lane", "generation": 2}
    assert storage.remembered(TableName(None, "default", "other")) == {}


def test_spellings_of_one_name_share_a_record(tmp_path: Path) -> None:
    storage = Storage(tmp_path)

    storage.remember(TableName(None, "Default", "ORDERS"), owner="lane")

    assert storage.remembered(ORDERS) == {"owner": "lane"}


def test_a_pipeline_is_updated_once_at_a_time_and_others_beside_it(tmp_path: Path) -> None:
    storage = Storage(tmp_path)

    with storage.update_of("lane"), storage.update_of("another"), pytest.raises(PipelineError, match="'lane' is already being updated"):
        storage.update_of("lane").__enter__()

    with storage.update_of("lane"):
        pass


def test_the_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from goldlane.pipelines.storage import Storage; "
        "lock = Storage(Path(sys.argv[1])).update_of('lane'); lock.__enter__(); print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(PipelineError):
            Storage(tmp_path).update_of("lane").__enter__()

        holder.kill()

    with Storage(tmp_path).update_of("lane"):
        pass
