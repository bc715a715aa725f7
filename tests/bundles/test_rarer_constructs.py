"""What is legal though rare is accepted, and mistakes in rare places are found."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from goldlane.bundles.problems import Problem
from goldlane.bundles.validation import validate
from goldlane.cli.app import main

ELABORATE = Path(__file__).parent / "elaborate"
NAMED = "bundle: {name: small}\n"
NOTEBOOK = "notebook_task: {notebook_path: ./read.py"

LEGAL = {
    "two stars among other letters": "resources: {pipelines: {a: {libraries: [{glob: {include: ./**.py}}]}}}",
    "a pattern under include that finds nothing": "include: [resources/*/*.yml, resources/**.yml]",
    "a field of the root that is there to be repeated": "shared: &shared {team: shop}",
    "a wheel that setup.py builds": "resources: {jobs: {a: {tasks: [{task_key: t, spark_python_task: {python_file: ./read.py}, "
    "libraries: [{whl: ./dist/*.whl}]}]}}}",
    "a file of another folder that is uploaded too": "sync: {paths: [../common, .]}\n"
    'resources: {jobs: {a: {tasks: [{task_key: t, spark_python_task: {python_file: "${workspace.file_path}/small/read.py"}}]}}}',
    "a shell's own variables": "scripts: {show: {content: 'echo ${HOME} ${spark.home} $${a.b} ${var}'}}",
    "a list that is left empty": "resources: {pipelines: {a: {libraries: , tags: }}}",
    "secrets, older names and templates in double braces": "resources: {jobs: {a: {name: '{{secrets/scope/key}} {{job_id}} {{ ref(1) }}', "
    "tasks: [{task_key: t, spark_python_task: {python_file: ./read.py}}]}}}",
    "a cron that begins with a step": "resources: {jobs: {a: {schedule: {quartz_cron_expression: 0 /5 * * * ?, timezone_id: UTC}}}}",
    "a reference inside a number": 'variables: {n: {default: 1}}\nresources: {jobs: {a: {max_concurrent_runs: "${var.n}0"}}}',
    "a parameter of the job that a query gets by itself": "resources: {jobs: {a: {parameters: [{name: day, default: 2024-01-01}], "
    "tasks: [{task_key: t, sql_task: {warehouse_id: x, query: {query_id: y}}}]}}}",
    "clusters that a variable holds": "variables: {c: {type: complex, default: [{job_cluster_key: main}]}}\n"
    "resources: {jobs: {a: {job_clusters: '${var.c}', tasks: [{task_key: t, job_cluster_key: main, "
    "spark_python_task: {python_file: ./read.py}}]}}}",
}

# the configuration, where the mistake is, and what is told of it
MISTAKEN = {
    "an include that is the folder itself": ("include: [.]", "include[0]", "no file is like"),
    "a target that is a list": ("targets: {dev: [a]}", "targets.dev", "must be a map"),
    "a target's resources that are a list": (
        "resources: {jobs: {a: {name: x}}}\ntargets: {dev: {resources: [a]}}",
        "resources",
        "must be a map",
    ),
    "a cron that is left out": (
        "resources: {jobs: {a: {schedule: {quartz_cron_expression: '', timezone_id: UTC}}}}",
        "quartz_cron_expression",
        "has 0 fields",
    ),
    "resources that are a list": ("resources: [a]", "resources", "must be a map"),
    "jobs that are a list": ("resources: {jobs: [a]}", "resources.jobs", "must be a map"),
    "artifacts that are a list": ("artifacts: [a]", "artifacts", "must be a map"),
    "variables that are a list": ("variables: [a]\nworkspace: {host: '${var.a}'}", "variables", "must be a map"),
    "a key that two kinds have": (
        "resources: {jobs: {a: {name: x}}, pipelines: {a: {name: y}}}",
        "resources.pipelines.a",
        "jobs have a resource 'a' as well",
    ),
    "a cron that a variable holds": (
        (
            "variables: {cron: {default: 30 6 * * 1}}\n"
            "resources: {jobs: {a: {schedule: {quartz_cron_expression: '${var.cron}', timezone_id: UTC}}}}"
        ),
        "quartz_cron_expression",
        "has 5 fields",
    ),
    "a required field that is left empty": (
        "resources: {jobs: {a: {tasks: [{task_key: t, spark_python_task: {python_file: }}]}}}",
        "spark_python_task",
        "python_file is missing",
    ),
    "a loop's task that says nothing to run": (
        "resources: {jobs: {a: {tasks: [{task_key: t, for_each_task: {inputs: '[1]', task: {task_key: i}}}]}}}",
        "tasks[0].for_each_task.task",
        "nothing to run",
    ),
    "a loop's task on a cluster that the job does not have": (
        "resources: {jobs: {a: {tasks: [{task_key: t, for_each_task: {inputs: '[1]', task: {task_key: i, job_cluster_key: x, "
        + NOTEBOOK
        + "}}}}]}}}",
        "for_each_task.task.job_cluster_key",
        "the job has no 'x' in job_clusters",
    ),
    "a loop's parameter that its notebook never reads": (
        "resources: {jobs: {a: {tasks: [{task_key: t, for_each_task: {inputs: '[1]', task: {task_key: i, "
        + NOTEBOOK
        + ", base_parameters: {dya: '{{input}}'}}}}}]}}}",
        "for_each_task.task.notebook_task.base_parameters.dya",
        "is it 'day'?",
    ),
    "a parameter of the job that no task reads": (
        "resources: {jobs: {a: {parameters: [{name: month, default: x}], tasks: [{task_key: t, " + NOTEBOOK + "}}]}}}",
        "parameters[0]",
        "no task reads the parameter 'month'",
    ),
    "a value of a task after an item that is no task": (
        (
            "resources: {jobs: {a: {tasks: [nothing, {task_key: t, spark_python_task: "
            "{python_file: ./read.py, parameters: ['{{tasks.t.values.x}}']}}]}}}"
        ),
        "tasks[1].spark_python_task.parameters[0]",
        "t does not run after t",
    ),
    "a jar that nothing builds": (
        "resources: {jobs: {a: {tasks: [{task_key: t, libraries: [{jar: ./target/x.jar}], spark_python_task: {python_file: ./read.py}}]}}}",
        "libraries[0].jar",
        "no artifact of type jar builds into target",
    ),
    "a kind that is nearly one": ("resources: {pipeline: {a: {}}}", "resources.pipeline", "is it 'pipelines'?"),
    "a reference that is nearly one": ("workspace: {host: '${vars.a}'}", "workspace.host", "is it 'var'?"),
}


def small(folder: Path, text: str) -> Path:
    bundle = folder / "small"
    bundle.mkdir()
    (bundle / "databricks.yml").write_text(NAMED + text + "\n", encoding="utf-8")
    (bundle / "read.py").write_text('# Databricks notebook source\nday = dbutils.widgets.get("day")\n', encoding="utf-8")
    (bundle / "setup.py").touch()
    return bundle


def mistakes(problems: tuple[Problem, ...], path: str, message: str) -> list[Problem]:
    return [each for each in problems if each.path.endswith(path) and message in each.message and each.severity == "error"]


def test_an_elaborate_bundle_has_no_problem_in_any_target() -> None:
    assert validate(ELABORATE) == ()


@pytest.mark.parametrize("kind", list(LEGAL))
def test_what_is_legal_though_rare_is_accepted(tmp_path: Path, kind: str) -> None:
    assert validate(small(tmp_path, LEGAL[kind])) == ()


@pytest.mark.parametrize("kind", list(MISTAKEN))
def test_a_mistake_in_a_rare_place_is_found(tmp_path: Path, kind: str) -> None:
    text, path, message = MISTAKEN[kind]

    problems = validate(small(tmp_path, text))

    assert mistakes(problems, path, message), problems


@pytest.mark.parametrize(
    "source",
    [
        "dbutils.widgets.getAll()",
        "dbutils.widgets.get(name)",
        "# MAGIC %run ./shared",
        "read(dbutils)",
        'spark.sql("SELECT :mood")',
    ],
)
def test_a_notebook_whose_source_does_not_tell_may_read_any_parameter(tmp_path: Path, source: str) -> None:
    task = "{task_key: t, " + NOTEBOOK + ", base_parameters: {mood: x}}}"
    bundle = small(tmp_path, "resources: {jobs: {a: {parameters: [{name: month, default: x}], tasks: [" + task + "]}}}")
    assert mistakes(validate(bundle), "base_parameters.mood", "never reads 'mood'")

    (bundle / "read.py").write_text(f"# Databricks notebook source\n{source}\n", encoding="utf-8")

    assert validate(bundle) == ()


def test_a_part_that_an_included_file_leaves_empty_changes_nothing(tmp_path: Path) -> None:
    bundle = small(tmp_path, "include: [more.yml]\nresources: {jobs: {a: {tasks: [{task_key: t}]}}}")
    (bundle / "more.yml").write_text("resources:\n", encoding="utf-8")

    assert mistakes(validate(bundle), "tasks[0]", "nothing to run")


def test_an_included_file_that_is_no_map_is_told(tmp_path: Path) -> None:
    bundle = small(tmp_path, "include: [more.yml]")
    (bundle / "more.yml").write_text("- a\n", encoding="utf-8")

    (problem,) = validate(bundle)

    assert (problem.file, problem.message) == ("more.yml", "it must be a map of fields, such as resources")


def test_a_control_character_is_told_as_no_yaml(tmp_path: Path) -> None:
    bundle = small(tmp_path, "workspace: {host: 'a\x01'}")

    (problem,) = [each for each in validate(bundle) if "no YAML" in each.message]

    assert problem.file == "databricks.yml"


def test_a_value_from_the_targets_file_of_overrides_counts(tmp_path: Path) -> None:
    bundle = small(tmp_path, "variables: {a: {description: x}}\nworkspace: {host: '${var.a}'}\ntargets: {dev: {default: true}}")
    assert mistakes(validate(bundle), "workspace.host", "no value in target dev")
    file = bundle / ".databricks" / "bundle" / "dev" / "variable-overrides.json"
    file.parent.mkdir(parents=True)

    file.write_text(json.dumps({"a": "b"}), encoding="utf-8")
    assert validate(bundle) == ()

    file.write_text("{", encoding="utf-8")
    assert any("it cannot be read" in each.message for each in validate(bundle))


@pytest.mark.parametrize("text", ["resources: {postgres_projects: {a: {}}}", "resources: {pipelines: {a: {catalog: main, target: shop}}}"])
def test_what_only_warns_leaves_the_bundle_sound(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bundle", "validate", str(small(tmp_path, text))])

    output = capsys.readouterr()
    assert ended.value.code == 0
    assert ": warning: resources." in output.out
    assert "the bundle is sound, with 1 warning" in output.err
