"""What is legal though rare is accepted."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from goldlane.bundles.validation import validate
from goldlane.cli.app import main

ELABORATE = Path(__file__).parent / "elaborate"
NOTEBOOK = "notebook_task: {notebook_path: ./read.py"

LEGAL = {
    "extras of a folder that is installed": "resources: {pipelines: {a: {environment: {dependencies: "
    "['--editable ${workspace.file_path}[databricks, postgres]', '-e .[serve]']}}}}",
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


def test_an_elaborate_bundle_has_no_problem_in_any_target() -> None:
    assert validate(ELABORATE) == ()


@pytest.mark.parametrize("kind", list(LEGAL))
def test_what_is_legal_though_rare_is_accepted(small: Callable[[str], Path], kind: str) -> None:
    assert validate(small(LEGAL[kind])) == ()


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
def test_a_notebook_whose_source_does_not_tell_may_read_any_parameter(small: Callable[[str], Path], source: str) -> None:
    task = "{task_key: t, " + NOTEBOOK + ", base_parameters: {mood: x}}}"
    bundle = small("resources: {jobs: {a: {parameters: [{name: month, default: x}], tasks: [" + task + "]}}}")
    assert "base_parameters.mood: the notebook never reads 'mood'" in str(validate(bundle)[1])

    (bundle / "read.py").write_text(f"# Databricks notebook source\n{source}\n", encoding="utf-8")

    assert validate(bundle) == ()


def test_a_value_from_the_targets_file_of_overrides_counts(small: Callable[[str], Path]) -> None:
    bundle = small("variables: {a: {description: x}}\nworkspace: {host: '${var.a}'}\ntargets: {dev: {default: true}}")
    assert "no value in target dev" in validate(bundle)[0].message
    file = bundle / ".databricks" / "bundle" / "dev" / "variable-overrides.json"
    file.parent.mkdir(parents=True)

    file.write_text(json.dumps({"a": "b"}), encoding="utf-8")
    assert validate(bundle) == ()

    file.write_text("{", encoding="utf-8")
    assert any("it cannot be read" in each.message for each in validate(bundle))


@pytest.mark.parametrize("text", ["resources: {postgres_projects: {a: {}}}", "resources: {pipelines: {a: {catalog: main, target: shop}}}"])
def test_what_only_warns_leaves_the_bundle_sound(small: Callable[[str], Path], text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["bundle", "validate", str(small(text))])

    output = capsys.readouterr()
    assert ended.value.code == 0
    assert ": warning: resources." in output.out
    assert "the bundle is sound, with 1 warning" in output.err
