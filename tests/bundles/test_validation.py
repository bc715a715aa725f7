"""A sound bundle is accepted, and each kind of mistake planted in it is found where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from goldlane.bundles.problems import Problem
from goldlane.bundles.validation import validate
from goldlane.errors import UsageError

SOUND = Path(__file__).parent / "sound"
JOB, PIPELINE, ROOT = "resources/refresh.job.yml", "resources/shop.pipeline.yml", "databricks.yml"

# file, what it says, what it says instead, where the mistake is, and what is told of it
PLANTED = {
    "an unknown field of a task": (JOB, "run_if: ALL_DONE", "runs_if: ALL_DONE", "tasks[3].runs_if", "is it 'run_if'?"),
    "an unknown value of an enum": (JOB, "ALL_DONE", "SOMETIMES", "tasks[3].run_if", "'SOMETIMES' is none of its values"),
    "a required field that is missing": (JOB, "            entry_point: score\n", "", "python_wheel_task", "entry_point is missing"),
    "text for a list": (JOB, 'parameters: ["--rows", "{{tasks.publish.values.rows}}"]', "parameters: rows", "parameters", "must be a list"),
    "text for a flag": (PIPELINE, "serverless: true", "serverless: maybe", "pipelines.shop.serverless", "must be true or false"),
    "a kind that has another name today": (
        PIPELINE,
        "  schemas:\n",
        "  serving_endpoints:\n",
        "serving_endpoints",
        "model_serving_endpoints",
    ),
    "a kind that a bundle does not have": (PIPELINE, "  schemas:\n", "  tables:\n", "resources.tables", "a bundle has no tables"),
    "a field of the root": (ROOT, "sync:", "synch:", "synch", "is it 'sync'?"),
    "a field of a target": (ROOT, "    default: true", "    defualt: true", "targets.dev.defualt", "is it 'default'?"),
    "a mode": (ROOT, "mode: production", "mode: prod", "targets.prod.mode", "there is no mode 'prod'"),
    "a variable that is not declared": (JOB, "${var.warehouse}", "${var.warehuose}", "sql_task.warehouse_id", "is it 'warehouse'?"),
    "a variable without a value": (ROOT, "    default: dev", "    type: string", "catalog_name", "no value in target dev"),
    "a resource that is not there": (JOB, "resources.pipelines.shop.id", "resources.pipelines.shpo.id", "pipeline_id", "is it 'shop'?"),
    "a field of a resource": (PIPELINE, "schemas.shop_schema.name", "schemas.shop_schema.nmae", "pipelines.shop.schema", "is it 'name'?"),
    "a reference to nothing that is known": (JOB, "${bundle.target}", "${bundel.target}", "refresh.name", "is it 'bundle'?"),
    "a notebook that is not there": (JOB, "../notebooks/publish", "../notebooks/publihs", "notebook_path", "there is no notebook"),
    "a query that is not there": (JOB, "check.sql", "chek.sql", "sql_task.file.path", "there is no file queries/chek.sql"),
    "a pattern that finds nothing": (PIPELINE, "../pipelines/**", "../pipeline/**", "glob.include", "no file is like"),
    "an include that finds nothing": (ROOT, "resources/*.yml", "resources/shop.yml", "include[0]", "no file is like"),
    "a wheel that nothing builds": (
        JOB,
        "../dist/*.whl",
        "../wheels/*.whl",
        "dependencies[0]",
        "no artifact of type whl builds into wheels",
    ),
    "an entry point": (JOB, "entry_point: score", "entry_point: scroe", "python_wheel_task.entry_point", "is it 'score'?"),
    "a parameter that its notebook never reads": (JOB, "mode: triggered", "mood: triggered", "base_parameters.mood", "is it 'mode'?"),
    "a task that is not there": (
        JOB,
        "- task_key: check\n          notebook",
        "- task_key: chekc\n          notebook",
        "tasks[2].depends_on[0]",
        "'check'",
    ),
    "tasks that wait for each other": (
        JOB,
        "        - task_key: pipeline\n          pipeline_task",
        "        - task_key: pipeline\n          depends_on: [{task_key: score}]\n          pipeline_task",
        "refresh.tasks",
        "tasks wait for each other",
    ),
    "two tasks of one name": (
        JOB,
        "- task_key: score\n          run_if",
        "- task_key: check\n          run_if",
        "task_key",
        "2 tasks are called 'check'",
    ),
    "a task that says nothing to run": (
        JOB,
        "          pipeline_task:\n            pipeline_id: ${resources.pipelines.shop.id}\n",
        "",
        "tasks[0]",
        "nothing to run",
    ),
    "an environment that the job does not have": (
        JOB,
        "environment_key: default\n          python",
        "environment_key: defualt\n          python",
        "environment_key",
        "'default'",
    ),
    "a value of a task that has not run": (JOB, "tasks.publish.values", "tasks.publihs.values", "parameters[1]", "is it 'publish'?"),
    "a parameter that the job does not have": (JOB, "{{job.parameters.day}}", "{{job.parameters.dya}}", "parameters.day", "is it 'day'?"),
    "a cron of five fields": (JOB, "0 30 6 ? * MON-FRI", "30 6 * * 1", "quartz_cron_expression", "has 5 fields"),
    "a cron that names both days": (JOB, "0 30 6 ? * MON-FRI", "0 30 6 * * MON-FRI", "quartz_cron_expression", "question mark"),
    "a cron at hour 25": (JOB, "0 30 6 ?", "0 30 25 ?", "quartz_cron_expression", "25 is no hours"),
    "a time zone": (JOB, "timezone_id: UTC", "timezone_id: Mars/Base", "timezone_id", "no time zone"),
    "the Hive metastore's target": (
        PIPELINE,
        "      catalog: ${var.catalog}\n",
        "      target: shop\n",
        "pipelines.shop.target",
        "say schema",
    ),
    "a field said twice": (JOB, "      name: refresh-", "      name: again\n      name: refresh-", "", "found duplicate key"),
    "a bundle without a name": (ROOT, "  name: shop", "  uuid: 1", "bundle", "has no name"),
}


def change(bundle: Path, file: str, old: str, new: str) -> None:
    text = (bundle / file).read_text(encoding="utf-8")
    assert old in text
    (bundle / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def found(problems: tuple[Problem, ...], path: str, message: str) -> list[Problem]:
    return [problem for problem in problems if path in problem.path and message in problem.message]


def test_a_sound_bundle_has_no_problem_in_any_target() -> None:
    assert validate(SOUND) == ()


@pytest.mark.parametrize("kind", list(PLANTED))
def test_a_planted_mistake_is_found_where_it_stands(bundle: Path, kind: str) -> None:
    file, old, new, path, message = PLANTED[kind]
    change(bundle, file, old, new)

    problems = validate(bundle)

    assert found(problems, path, message), problems


def test_a_mistake_is_told_with_its_file_and_line(bundle: Path) -> None:
    change(bundle, JOB, "ALL_DONE", "SOMETIMES")

    (problem,) = validate(bundle)

    assert problem.file == JOB
    assert (bundle / JOB).read_text(encoding="utf-8").splitlines()[(problem.line or 0) - 1].strip() == "run_if: SOMETIMES"
    assert str(problem).startswith(f"{JOB}:{problem.line}: resources.jobs.refresh.tasks[3].run_if: ")


def test_all_mistakes_are_told_at_once_and_each_of_them_once(bundle: Path) -> None:
    change(bundle, JOB, "ALL_DONE", "SOMETIMES")
    change(bundle, JOB, "timezone_id: UTC", "timezone_id: Mars/Base")
    change(bundle, PIPELINE, "serverless: true", "serverless: maybe")

    problems = validate(bundle)

    assert [problem.path.rpartition(".")[2] for problem in problems] == ["timezone_id", "run_if", "serverless"]


def test_a_target_that_gives_no_value_is_the_only_one_that_is_told(bundle: Path) -> None:
    change(bundle, ROOT, "    default: dev", "    type: string")

    assert found(validate(bundle, "dev"), "catalog_name", "no value in target dev")
    assert validate(bundle, "prod") == ()


def test_a_value_from_the_environment_counts(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(bundle, ROOT, "    default: dev", "    type: string")

    monkeypatch.setenv("BUNDLE_VAR_catalog", "mine")

    assert validate(bundle) == ()


def test_what_a_target_changes_is_checked_as_it_becomes(bundle: Path) -> None:
    change(bundle, ROOT, "max_retries: 2", "max_retries: two")

    (problem,) = validate(bundle)

    assert (problem.file, problem.path) == (ROOT, "resources.jobs.refresh.tasks[2].max_retries")


def test_a_job_that_two_files_declare_is_told_with_the_other_place(bundle: Path) -> None:
    (bundle / "resources" / "z.yml").write_text("resources:\n  jobs:\n    refresh:\n      name: again\n", encoding="utf-8")

    assert found(validate(bundle), "resources.jobs.refresh", f"{JOB}:3 declares it already")


def test_yaml_that_is_none_is_told_with_its_line(bundle: Path) -> None:
    change(bundle, JOB, "      parameters:\n", "      parameters: [\n")

    (problem, *_) = [problem for problem in validate(bundle) if problem.file == JOB]

    assert problem.line is not None
    assert "no YAML" in problem.message


def test_a_folder_without_a_bundle_and_an_unknown_target_are_the_callers_mistakes(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"has no databricks\.yml"):
        validate(tmp_path)
    with pytest.raises(UsageError, match="no target 'pord'; is it 'prod'"):
        validate(SOUND, "pord")


def test_of_a_root_file_that_cannot_be_read_nothing_more_is_told(tmp_path: Path) -> None:
    (tmp_path / ROOT).write_text("bundle: {name: shop\n", encoding="utf-8")

    (problem,) = validate(tmp_path)

    assert "no YAML" in problem.message
