"""``goldlane publish`` and ``goldlane lookup`` as a project's user types them: a folder with a ``pyproject.toml``, a storage, a store."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from goldlane.features.online import Publication, open_store

SETTINGS = '[tool.goldlane]\nfeatures = "shop.declared"\n'
DECLARED = """
from goldlane.features import Feature, FeatureTable

SHOPS = FeatureTable(
    name="shops",
    keys=("shop_id", "day"),
    key_types={"day": "int"},
    event_time="as_of",
    features=(
        Feature(name="amount", type="decimal(18,2)", description="an amount"),
        Feature(name="score", type="double", description="a score"),
        Feature(name="note", type="string", description="a text"),
    ),
)
CITIES = FeatureTable(
    name="cities", keys=("city",), event_time="as_of", features=(Feature(name="people", type="bigint", description="people"),)
)
FEATURE_TABLES = (SHOPS, CITIES)
"""
AS_OF = pa.array([datetime(2026, 1, 31, 10, tzinfo=timezone.utc)], pa.timestamp("us", "UTC"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two feature tables whose gold is in its default storage."""
    return make_project(tmp_path)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a project after a publish, for tests that only read."""
    project = make_project(tmp_path_factory.mktemp("published"))
    assert goldlane(project, "publish").returncode == 0
    return project


def make_project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "declared.py").write_text(DECLARED)
    tables = tmp_path / ".goldlane" / "storage" / "tables" / "default"
    tables.mkdir(parents=True)
    shops = {"shop_id": ["O'B"], "day": [7], "as_of": AS_OF, "amount": pa.array(["12.30"]).cast(pa.decimal128(18, 2))}
    write_deltalake(str(tables / "shops"), pa.table({**shops, "score": [float("nan")], "note": pa.array([None], pa.string())}))
    write_deltalake(str(tables / "cities"), pa.table({"city": ["Ulm"], "as_of": AS_OF, "people": [126_000]}))
    return tmp_path


def goldlane(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "goldlane.cli", *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_publish_reports_each_table_as_json(project: Path) -> None:
    done = goldlane(project, "publish", "--json")

    document = json.loads(done.stdout)
    assert done.returncode == 0
    assert [(each["name"], each["mode"], each["version"], each["rows_written"]) for each in document["tables"]] == [
        ("shops", "snapshot", 0, 1),
        ("cities", "snapshot", 0, 1),
    ]
    assert {"rows_deleted", "rows_late", "seconds"} <= set(document["tables"][0])


def test_lookup_answers_what_publish_wrote(published: Path) -> None:
    done = goldlane(published, "lookup", "shops", "shop_id=O'B", "day=7", "--json")

    document = json.loads(done.stdout)
    age = document.pop("age_s")
    assert document == {
        "shop_id": "O'B",
        "day": "7",
        "features": {"amount": "12.30", "score": "NaN", "note": None},
        "as_of": "2026-01-31T10:00:00Z",
        "missing": ["note"],
        "expired": False,
    }
    assert age > 0


def test_lookup_needs_the_store_and_no_application(published: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")

    done = goldlane(
        elsewhere, "lookup", "--store", f"sqlite:///{published}/.goldlane/online.db", "cities", "city=Ulm", "--features", "people"
    )

    assert done.returncode == 0
    assert "people  126000" in done.stdout
    assert "as of 2026-01-31 10:00:00+00:00" in done.stdout


def test_publish_takes_named_tables_another_storage_and_another_store(project: Path) -> None:
    (project / ".goldlane" / "storage").rename(project / "elsewhere")

    done = goldlane(project, "publish", "--storage", "elsewhere", "--store", "sqlite:///mine.db", "cities", "--mode", "snapshot")

    assert done.returncode == 0
    assert "cities" in done.stdout
    assert (project / "mine.db").is_file()
    assert "has no table 'shops'; it has cities" in goldlane(project, "lookup", "--store", "sqlite:///mine.db", "shops", "a=1").stderr


@pytest.mark.parametrize(
    "arguments,code,message",
    [
        (("lookup", "cities", "city=Bonn"), 1, "cities has no row for {'city': 'Bonn'}"),
        (("lookup", "town", "city=Ulm"), 2, "has no table 'town'; it has cities, shops"),
        (("lookup", "cities", "town=Ulm"), 2, "cities is read by city, not by town"),
        (("lookup", "cities", "Ulm"), 2, "takes KEY=VALUE, not 'Ulm'"),
        (("lookup", "cities", "city=Ulm", "city=Bonn"), 2, "names a column twice"),
        (("lookup", "cities", "city=Ulm", "--features", "size"), 2, "cities has no feature size; it has people"),
        (("lookup", "shops", "shop_id=a", "day=x"), 2, "shops: key day is of type int"),
        (("lookup", "--store", "sqlite:///no.db", "cities", "city=Ulm"), 2, "there is no store at"),
        (("lookup", "--store", "mysql://x", "cities", "city=Ulm"), 2, "'mysql://x' is no store"),
        (("publish", "towns"), 2, "there is no feature table 'towns'"),
        (("publish", "--mode", "full"), 2, "no publish mode 'full'"),
        (("publish", "--storage", "nowhere"), 2, "there is no storage at nowhere"),
    ],
)
def test_a_mistake_is_one_line_and_an_exit_code(published: Path, arguments: tuple[str, ...], code: int, message: str) -> None:
    done = goldlane(published, *arguments, "--json")

    assert done.returncode == code
    assert message in json.loads(done.stdout)["error"]["message"]
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_gold_table_is_named_before_anything_is_published(project: Path) -> None:
    (project / ".goldlane" / "storage" / "tables" / "default" / "cities").rename(project / "gone")

    done = goldlane(project, "publish")

    assert done.returncode == 2
    assert "cities: there is no Delta table at" in done.stderr
    assert not (project / ".goldlane" / "online.db").exists()


def test_a_project_without_feature_tables_says_how_to_name_them(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.goldlane]\n")

    done = goldlane(project, "publish")

    assert done.returncode == 2
    assert "no feature tables are declared" in done.stderr


def test_publishing_twice_writes_only_what_changed(project: Path) -> None:
    goldlane(project, "publish")
    place = str(project / ".goldlane" / "storage" / "tables" / "default" / "cities")
    DeltaTable(place).alter.set_table_properties({"delta.enableChangeDataFeed": "true"})
    write_deltalake(place, pa.table({"city": ["Bonn"], "as_of": AS_OF, "people": [330_000]}), mode="append")

    tables: list[dict[str, Any]] = json.loads(goldlane(project, "publish", "--json").stdout)["tables"]

    assert [(each["mode"], each["rows_written"]) for each in tables] == [("triggered", 0), ("triggered", 1)]


def with_rules(project: Path, rules: str) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + 'rules = "shop.rules"\n')
    (project / "shop" / "rules.py").write_text(f"from goldlane.expectations import *\nRULES = {{'shops': {rules}}}\n")


def test_a_table_that_breaks_a_rule_is_not_published_and_the_others_are(project: Path) -> None:
    with_rules(project, "Rules(in_range('score', 0, 1, action='fail'), row_count_between(5, action='warn'))")

    done = goldlane(project, "publish", "--json")

    shops, cities = json.loads(done.stdout)["tables"]
    assert done.returncode == 1
    assert "goldlane: shops is not published: version 0 of its gold table breaks 1 of its rules: score_is_in_range: 1 of 1" in done.stderr
    assert (shops["name"], shops["published"], shops["version"], shops["rows_written"]) == ("shops", False, None, 0)
    assert [(rule["name"], rule["action"], rule["failed"]) for rule in shops["expectations"]] == [
        ("score_is_in_range", "fail", 1),
        ("shop_id_and_day_and_as_of_is_the_key", "fail", 0),
        ("row_count_is_in_range", "warn", 1),
    ]
    assert (cities["published"], cities["expectations"]) == (True, [])
    assert goldlane(project, "lookup", "shops", "shop_id=O'B", "day=7").returncode != 0
    assert goldlane(project, "lookup", "cities", "city=Ulm").returncode == 0


def test_a_table_that_a_stream_keeps_up_to_date_is_left_to_it_unless_it_is_named(project: Path) -> None:
    assert goldlane(project, "publish").returncode == 0
    store = open_store(f"sqlite:///{project}/.goldlane/online.db")
    cities = next(publication.table for publication in store.publications() if publication.table.name == "cities")
    with store.publishing(cities) as writer:
        writer.record(Publication(table=cities, source_id="a stream", version=1))

    with store.claiming(cities):
        everything, named = goldlane(project, "publish", "--json"), goldlane(project, "publish", "cities")

    left, other = json.loads(everything.stdout)["tables"][::-1]
    assert (everything.returncode, left["name"], left["published"], other["published"]) == (0, "cities", False, True)
    assert "left as it is: cities is already published continuously into" in left["note"]
    assert (named.returncode, named.stdout) == (2, "")
    assert "goldlane: cities is already published continuously into" in named.stderr
    store.close()


@pytest.mark.parametrize(
    "rules, mistake",
    [
        ("[not_null('score')]", "RULES: 'shops': [Rule("),
        ("Rules(unique('scroe'))", "no column 'scroe'"),
    ],
)
def test_rules_that_cannot_be_are_the_callers_mistake(project: Path, rules: str, mistake: str) -> None:
    with_rules(project, rules)

    done = goldlane(project, "publish")

    assert done.returncode == 2
    assert mistake in done.stderr


def with_sets(project: Path, sets: str) -> None:
    declared = project / "shop" / "declared.py"
    declared.write_text(f"{declared.read_text()}\nfrom goldlane.features import FeatureSet\nFEATURE_SETS = ({sets},)\n")


def test_publish_writes_the_sets_of_the_project_into_the_store(project: Path) -> None:
    with_sets(project, "FeatureSet(name='both', tables=('shops', 'cities'))")

    done = goldlane(project, "publish", "cities")

    assert done.returncode == 0
    assert [each.name for each in open_store(f"sqlite:///{project}/.goldlane/online.db").feature_sets()] == ["both"]


def test_a_set_of_tables_that_are_not_declared_is_refused_before_anything_is_published(project: Path) -> None:
    with_sets(project, "FeatureSet(name='both', tables=('towns',))")

    done = goldlane(project, "publish")

    assert done.returncode == 2
    assert "both: there is no feature table 'towns'" in done.stderr
    assert not (project / ".goldlane" / "online.db").exists()
