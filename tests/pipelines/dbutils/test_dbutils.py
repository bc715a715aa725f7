"""``dbutils`` on a laptop: widgets from settings, files over mapped paths, secrets from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from goldlane.pipelines.dbutils import DBUtils, NotebookExit
from goldlane.pipelines.errors import PipelineError


def nothing(path: str, parameters: Mapping[str, str]) -> str:
    return f"{path} {dict(parameters)}"


@pytest.fixture
def dbutils(tmp_path: Path) -> DBUtils:
    """``/mnt/raw`` is mapped to a folder; the setting ``env`` is given."""
    return DBUtils(
        settings={"env": "prod"}, path=lambda path: path.replace("dbfs:", "").replace("/mnt/raw", str(tmp_path)), run_notebook=nothing
    )


def test_a_widget_has_the_settings_value_else_its_default(dbutils: DBUtils) -> None:
    dbutils.widgets.text("env", "dev", "Environment")
    dbutils.widgets.dropdown("mode", "full", ["full", "delta"])
    dbutils.widgets.combobox("size", "1", ["1", "2"])
    dbutils.widgets.multiselect("feeds", "a", ["a", "b"])

    assert dbutils.widgets.getAll() == {"env": "prod", "mode": "full", "size": "1", "feeds": "a"}
    assert dbutils.widgets.getArgument("nobody", "else") == "else"


def test_a_widget_without_value_says_how_to_give_one(dbutils: DBUtils) -> None:
    dbutils.widgets.text("day")
    dbutils.widgets.remove("day")

    with pytest.raises(PipelineError, match="the widget 'day' has no value") as raised:
        dbutils.widgets.get("day")

    assert raised.value.hint == "give it with --conf day=VALUE"


def test_the_parameters_of_a_run_win_as_long_as_it_runs(dbutils: DBUtils) -> None:
    with dbutils.widgets.given({"env": "test"}):
        assert dbutils.widgets.get("env") == "test"

    assert dbutils.widgets.get("env") == "prod"


def test_a_secret_is_an_environment_variable(dbutils: DBUtils, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEY_VAULT_API_TOKEN", "s3cr3t")

    assert dbutils.secrets.get(scope="key-vault", key="api.token") == "s3cr3t"
    assert dbutils.secrets.getBytes("key-vault", "api.token") == b"s3cr3t"


def test_a_missing_secret_names_its_variable(dbutils: DBUtils) -> None:
    with pytest.raises(PipelineError) as raised:
        dbutils.secrets.get("scope", "no-such-key")

    assert raised.value.hint == "set the environment variable SCOPE_NO_SUCH_KEY"


def test_files_are_made_listed_copied_and_removed_where_the_prefix_is_mapped_to(dbutils: DBUtils, tmp_path: Path) -> None:
    dbutils.fs.put("dbfs:/mnt/raw/in/a.txt", "größe", overwrite=True)
    dbutils.fs.mkdirs("/mnt/raw/in/sub")
    dbutils.fs.cp("/mnt/raw/in/a.txt", "/mnt/raw/in/sub")
    dbutils.fs.mv("/mnt/raw/in/sub", "/mnt/raw/out", recurse=True)

    listed = [(entry.path, entry.name, entry.size, entry.isDir()) for entry in dbutils.fs.ls("/mnt/raw")]

    assert listed == [("/mnt/raw/in/", "in/", 0, True), ("/mnt/raw/out/", "out/", 0, True)]
    assert [(entry.path, entry.size) for entry in dbutils.fs.ls("/mnt/raw/out/a.txt")] == [("/mnt/raw/out/a.txt", 7)]
    assert dbutils.fs.head("/mnt/raw/out/a.txt", 3) == "gr"
    assert not (tmp_path / "in/sub").exists()
    assert dbutils.fs.rm("/mnt/raw/out", recurse=True)
    assert not dbutils.fs.rm("/mnt/raw/out")


@pytest.mark.parametrize(
    "call, words",
    [
        (lambda fs: fs.ls("/mnt/raw/nothing"), "/mnt/raw/nothing does not exist .mapped to"),
        (lambda fs: fs.ls("s3://bucket/x"), "s3://bucket/x is not on this machine"),
        (lambda fs: fs.put("/mnt/raw/kept", "new"), "/mnt/raw/kept exists already"),
        (lambda fs: fs.rm("/mnt/raw"), "is a folder that holds files"),
        (lambda fs: fs.mount("s3a://bucket", "/mnt/elsewhere"), "cannot be mounted at /mnt/elsewhere here"),
    ],
)
def test_what_cannot_be_done_with_files_is_told(dbutils: DBUtils, tmp_path: Path, call: object, words: str) -> None:
    (tmp_path / "kept").write_text("old", encoding="utf-8")

    with pytest.raises(PipelineError, match=words):
        call(dbutils.fs)  # type: ignore[operator]

    assert (tmp_path / "kept").read_text(encoding="utf-8") == "old"


def test_a_notebook_knows_its_own_path_and_nothing_of_a_workspace(dbutils: DBUtils) -> None:
    with dbutils.notebook.at(Path("/home/me/lane/a.py")):
        context = dbutils.notebook.entry_point.getDbutils().notebook().getContext()

    assert context.notebookPath().get() == context.notebookPath.get() == "/home/me/lane/a"
    assert context.apiToken().getOrElse(None) is None
    assert context.tags().get("browserHostName").isEmpty()
    assert '"notebook_path": "/home/me/lane/a"' in context.toJson()
    with pytest.raises(PipelineError, match="has no apiUrl"):
        context.apiUrl().get()


def test_other_notebooks_run_with_arguments_and_exit_leaves_with_a_value(dbutils: DBUtils) -> None:
    assert dbutils.notebook.run("./other", 60, {"day": 1}) == "./other {'day': '1'}"
    with pytest.raises(NotebookExit) as left:
        dbutils.notebook.exit("done")
    assert left.value.value == "done"


def test_task_values_are_what_was_set_or_the_debug_value(dbutils: DBUtils) -> None:
    dbutils.jobs.taskValues.set("rows", 3)

    assert dbutils.jobs.taskValues.get("task", "rows", debugValue=1) == 3
    assert dbutils.jobs.taskValues.get("task", "other", default=2, debugValue=1) == 1
    with pytest.raises(PipelineError, match="task 'task' set no value 'other'"):
        dbutils.jobs.taskValues.get("task", "other")
