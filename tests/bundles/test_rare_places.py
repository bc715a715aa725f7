"""Mistakes in rare places are found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from goldlane.bundles.problems import Problem
from goldlane.bundles.validation import validate

NOTEBOOK = "notebook_task: {notebook_path: ./read.py"

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


def mistakes(problems: tuple[Problem, ...], path: str, message: str) -> list[Problem]:
    return [each for each in problems if each.path.endswith(path) and message in each.message and each.severity == "error"]


@pytest.mark.parametrize("kind", list(MISTAKEN))
def test_a_mistake_in_a_rare_place_is_found(small: Callable[[str], Path], kind: str) -> None:
    text, path, message = MISTAKEN[kind]

    problems = validate(small(text))

    assert mistakes(problems, path, message), problems


def test_a_part_that_an_included_file_leaves_empty_changes_nothing(small: Callable[[str], Path]) -> None:
    bundle = small("include: [more.yml]\nresources: {jobs: {a: {tasks: [{task_key: t}]}}}")
    (bundle / "more.yml").write_text("resources:\n", encoding="utf-8")

    assert mistakes(validate(bundle), "tasks[0]", "nothing to run")


def test_an_included_file_that_is_no_map_is_told(small: Callable[[str], Path]) -> None:
    bundle = small("include: [more.yml]")
    (bundle / "more.yml").write_text("- a\n", encoding="utf-8")

    (problem,) = validate(bundle)

    assert (problem.file, problem.message) == ("more.yml", "it must be a map of fields, such as resources")


def test_a_control_character_is_told_as_no_yaml(small: Callable[[str], Path]) -> None:
    bundle = small("workspace: {host: 'a\x01'}")

    (problem,) = [each for each in validate(bundle) if "no YAML" in each.message]

    assert problem.file == "databricks.yml"
