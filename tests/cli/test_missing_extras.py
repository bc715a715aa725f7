"""The package without extras: every command that needs one says which, in a process in which nothing of theirs can be imported."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import goldlane
from goldlane.errors import MissingExtraError, naming_extras

BARE = """
import contextlib, importlib.abc, io, json, sys

class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] in ABSENT:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

ABSENT = set(sys.argv[1].split(","))
sys.meta_path.insert(0, Absent())
from goldlane.cli.app import app, exit_code

told = {}
for line in sys.argv[2:]:
    err = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(err):
        code = exit_code(app, "goldlane", line.split())
    told[line] = [code, err.getvalue()]
json.dump(told, sys.stdout)
"""
SPARK = "pyspark,py4j,delta,deltalake,pyarrow,pandas,numpy"
OTHERS = "starlette,uvicorn,uvloop,httptools,orjson,jinja2,structlog,prometheus_client,psycopg,databricks,mcp,mcp_types,mlflow,scipy"
NEED_SPARK = (
    "run lane.py",
    "check lane.py",
    "graph lane.py",
    "events --storage storage",
    "report --storage storage",
    "publish --storage storage",
    "replay --storage storage --answers answers",
    "monitor orders --storage storage",
    "forget customers customer_id=C1 --storage storage",
    "maintain --storage storage",
    "job small",
)
OTHER_EXTRAS = {
    "serve --insecure": "serve",
    "lookup t k=1 --store postgresql://h/x": "postgres",
    "lookup t k=1 --store databricks://p/c.s?instance=x": "databricks",
    "bundle validate": "databricks",
}
NEED_NOTHING = ("lookup t k=1 --store sqlite:///x.db",)
PROJECT = {
    "lane.py": "import dlt\n",
    "pyproject.toml": '[tool.goldlane]\nfeatures = "bare_features"\nmonitors = "bare_monitors"\n',
    "bare_features.py": "from goldlane.features import Feature, FeatureTable\n"
    "FEATURE_TABLES = (FeatureTable(name='customers', keys=('customer_id',), event_time='as_of', "
    "features=(Feature(name='sales', type='BIGINT', description='Sales'),)),)\n",
    "bare_monitors.py": "from goldlane.monitoring import Monitor, Snapshot\nMONITORS = (Monitor(table='orders', profile=Snapshot()),)\n",
    "storage/system/layout.json": '{"layout": 1}',
    "answers/none.jsonl": "",
    "databricks.yml": "bundle: {name: x}\n"
    "resources: {jobs: {small: {tasks: [{task_key: a, condition_task: {op: EQUAL_TO, left: a, right: a}}]}}}\n",
}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[int, str]]:
    """What each command ends with, and what it says on stderr."""
    folder = tmp_path_factory.mktemp("bare")
    for name, text in PROJECT.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    commands = (*NEED_SPARK, *OTHER_EXTRAS, *NEED_NOTHING)
    root = str(Path(goldlane.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", BARE, f"{SPARK},{OTHERS}", *commands],
        cwd=folder,
        env={"PYTHONPATH": root, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    return {line: (code, err) for line, (code, err) in json.loads(done.stdout).items()}


@pytest.mark.parametrize("line", NEED_SPARK)
def test_a_command_that_needs_spark_says_so(bare: Mapping[str, tuple[int, str]], line: str) -> None:
    code, told = bare[line]

    assert (code, told.splitlines()[1:]) == (2, ["  next: pip install 'goldlane[spark]'"])
    assert told.splitlines()[0].endswith(" needs the extra 'spark'")


@pytest.mark.parametrize("line", OTHER_EXTRAS)
def test_a_command_that_needs_another_extra_names_it(bare: Mapping[str, tuple[int, str]], line: str) -> None:
    code, told = bare[line]

    assert (code, told.splitlines()[1:]) == (2, [f"  next: pip install 'goldlane[{OTHER_EXTRAS[line]}]'"])


def test_reading_a_sqlite_store_needs_none(bare: Mapping[str, tuple[int, str]]) -> None:
    _, told = bare["lookup t k=1 --store sqlite:///x.db"]

    assert told.startswith("goldlane: there is no store at")


def test_another_import_that_fails_stays_as_it_is() -> None:
    with pytest.raises(ModuleNotFoundError) as failed, naming_extras("this"):
        raise ModuleNotFoundError("No module named 'nobody'", name="nobody")

    assert not isinstance(failed.value, MissingExtraError)


def test_tools_over_stdio_need_nothing_of_the_server(tmp_path: Path) -> None:
    absent = "orjson,starlette,uvicorn,structlog,prometheus_client"
    code = "from goldlane.serving.agents.mcp_server import feature_server\nimport goldlane.serving.access"
    blocked = f"import sys\nfor name in {absent.split(',')!r}:\n    sys.modules[name] = None\n{code}"

    done = subprocess.run(
        [sys.executable, "-c", blocked],
        cwd=tmp_path,
        env={"PYTHONPATH": str(Path(goldlane.__file__).parents[1]), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
