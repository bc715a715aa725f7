"""The sample as its callers see it: the same bytes for the same arguments, in one go or in steps, and clear refusals."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from goldlane.errors import Mistakes, UsageError
from pipelines.sample import plan, read_ledger, write

SMALL = {"transactions": 600, "faults": 0.05}


def contents(folder: Path) -> dict[str, bytes]:
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def modified(folder: Path) -> dict[str, float]:
    return {str(file.relative_to(folder)): file.stat().st_mtime for file in sorted(folder.rglob("batch-*"))}


def test_the_same_arguments_give_the_same_bytes_and_file_times(tmp_path: Path) -> None:
    write(tmp_path / "one", **SMALL)
    write(tmp_path / "two", **SMALL)

    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert modified(tmp_path / "one") == modified(tmp_path / "two")


def test_the_bytes_are_those_of_every_other_machine(tmp_path: Path) -> None:
    write(tmp_path, **SMALL)

    digest = hashlib.sha256()
    for name, content in contents(tmp_path).items():
        digest.update(name.encode() + b"\0" + content)
    assert digest.hexdigest() == "300298970f4b10b4bd29e677fab2e9f382c513920cc5a724b7c0ac358e880e2f"


def test_another_seed_gives_other_transactions(tmp_path: Path) -> None:
    write(tmp_path / "one", seed=1, **SMALL)
    write(tmp_path / "two", seed=2, **SMALL)

    first = "transactions/batch-01-part-01.json"
    assert contents(tmp_path / "one")[first] != contents(tmp_path / "two")[first]


def test_delivering_in_steps_gives_what_writing_gives(tmp_path: Path) -> None:
    write(tmp_path / "at once", **SMALL)

    sample = plan(**SMALL)
    for batch in (1, 2, 3, 4):
        sample.deliver(tmp_path / "in steps", batch)

    assert contents(tmp_path / "in steps") == contents(tmp_path / "at once")


def test_delivering_a_batch_again_changes_nothing(tmp_path: Path) -> None:
    sample = plan(**SMALL)
    sample.deliver(tmp_path, 1)
    sample.deliver(tmp_path, 2)
    before = contents(tmp_path)

    sample.deliver(tmp_path, 1)

    assert contents(tmp_path) == before


def test_the_ledger_sums_what_was_delivered_so_far(tmp_path: Path) -> None:
    sample = plan(**SMALL)

    first = sample.deliver(tmp_path, 1)
    second = sample.deliver(tmp_path, 2)

    assert read_ledger(tmp_path) == second
    assert second.batches[0] == first.batches[0]
    assert second.total["rows"] == first.total["rows"] + second.batches[1].counts["rows"]
    assert json.loads((tmp_path / "_faults.json").read_text())["total"] == second.total


def test_every_batch_has_several_parts_dated_one_second_apart(tmp_path: Path) -> None:
    write(tmp_path, **SMALL)

    times = modified(tmp_path / "transactions")

    assert times["batch-01-part-02.json"] == times["batch-01-part-01.json"] + 1
    assert times["batch-02-part-01.json"] == times["batch-01-part-01.json"] + 22.5 * 86_400
    assert list(times.values()) == sorted(times.values())


def test_nothing_but_finished_files_is_left_behind(tmp_path: Path) -> None:
    write(tmp_path, **SMALL)

    assert {name.split("/")[0] for name in contents(tmp_path)} == {"_faults.json", "transactions", "customers", "merchants", "chargebacks"}
    assert not list(tmp_path.rglob(".*"))


@pytest.mark.parametrize("batches", [1, 90])
def test_a_single_transaction_is_a_sample_too(tmp_path: Path, batches: int) -> None:
    ledger = write(tmp_path, transactions=1, faults=0.5, batches=batches)

    assert ledger.total["rows"] == 1
    assert len(ledger.batches) == batches


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(Mistakes) as raised:
        write(tmp_path, transactions=0, seed=-1, faults=0.6, batches=0)

    assert [mistake.split()[0] for mistake in raised.value.mistakes] == ["transactions", "seed", "faults", "batches"]


@pytest.mark.parametrize("faults", [-0.1, 0.51, float("nan")])
def test_a_share_of_faults_that_makes_no_sense_is_refused(faults: float) -> None:
    with pytest.raises(UsageError, match=r"faults must be a share from 0 to 0\.5"):
        plan(faults=faults)


def test_a_folder_that_holds_something_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")

    with pytest.raises(UsageError, match="is not empty"):
        write(tmp_path, **SMALL)

    assert contents(tmp_path) == {"thesis.txt": b"precious"}


def test_a_file_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match="is not a folder"):
        write(tmp_path / "file", **SMALL)


def test_a_file_on_the_way_to_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(UsageError, match=r"cannot write to .*Not a directory"):
        write(tmp_path / "file" / "landing", **SMALL)


def test_a_step_into_a_folder_with_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")

    with pytest.raises(UsageError, match="is not empty"):
        plan(**SMALL).deliver(tmp_path, 1)


def test_a_step_into_another_sample_is_refused(tmp_path: Path) -> None:
    plan(seed=1, **SMALL).deliver(tmp_path, 1)

    with pytest.raises(UsageError, match="other settings"):
        plan(seed=2, **SMALL).deliver(tmp_path, 2)


@pytest.mark.parametrize("batch, message", [(0, "no batch 0"), (5, "no batch 5"), (2, "comes after batch 1")])
def test_a_batch_out_of_turn_is_refused(tmp_path: Path, batch: int, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plan(**SMALL).deliver(tmp_path, batch)


def test_a_folder_without_a_ledger_is_no_sample(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no _faults\.json"):
        read_ledger(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"seed": 7}'])
def test_a_broken_ledger_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "_faults.json").write_text(text)

    with pytest.raises(UsageError, match=r"_faults\.json: not a ledger"):
        read_ledger(tmp_path)
