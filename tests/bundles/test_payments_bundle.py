"""This repository's own bundle: sound in every target, gates open or shut, and what is planted in it is found."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import typer
from ruamel.yaml import YAML

from goldlane.bundles.problems import Problem
from goldlane.bundles.running import Request
from goldlane.bundles.running.preparing import prepared
from goldlane.bundles.validation import validate
from goldlane.settings import read_settings

ROOT = Path(__file__).parents[2]
TARGETS = ("dev", "staging", "prod")
PARTS = ("databricks.yml", "pyproject.toml", "resources", "notebooks")
REFRESH, EVALUATION = "resources/feature_refresh.job.yml", "resources/batch_evaluation.job.yml"
PIPELINE = "resources/payments.pipeline.yml"
GATES = {"monitors": "payments_monitors", "synced_tables": "feature_synced_tables", "endpoints": "feature_endpoints"}

# file, what it says, what it says instead, where the mistake is, and what is told of it
PLANTED = {
    "the environment of a wheel task": (REFRESH, "environment_key: wheel\n", "environment_key: whel\n", "tasks[2]", "is it 'wheel'?"),
    "an entry point of goldlane": (REFRESH, "goldlane-gate", "goldlane-gates", "entry_point", "is it 'goldlane-gate'?"),
    "a widget of a notebook": (REFRESH, "              mode:", "              mood:", "base_parameters.mood", "never reads 'mood'"),
    "a task of a job": (
        REFRESH,
        "- task_key: quality_gate\n          depends_on",
        "- task_key: gate\n          depends_on",
        "tasks[3].depends_on[0]",
        "there is no task 'quality_gate'",
    ),
    "a job's parameter": (EVALUATION, "{{job.parameters.days}}", "{{job.parameters.day}}", "parameters.days", "is it 'days'?"),
    "a query": (EVALUATION, "high_risk_transactions.sql", "high_risk.sql", "sql_task.file.path", "there is no file"),
    "a schedule": (EVALUATION, "0 0 4 ? * MON", "0 0 4 * * MON", "quartz_cron_expression", "question mark"),
    "a wheel": (EVALUATION, "../dist/*.whl", "../wheels/*.whl", "dependencies[0]", "builds into wheels"),
    "a variable": (REFRESH, "${var.continuous}", "${var.continous}", "condition_task.left", "is it 'continuous'?"),
    "the pipeline": (REFRESH, "pipelines.payments.id", "pipelines.payment.id", "pipeline_id", "is it 'payments'?"),
    "the pipeline's sources": (PIPELINE, "pipelines/dlt/**", "pipelines/dtl/**", "glob.include", "no file is like"),
    "the dashboard's file": ("resources/payments.dashboard.yml", "lvdash.json", "lvdash.yml", "file_path", "there is no file"),
    "a target's mode": ("databricks.yml", "mode: production", "mode: productoin", "targets.prod.mode", "is it 'production'?"),
}


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """A copy of the repository's bundle, to plant mistakes in; the sources of its pipeline are as good as empty."""
    for name in PARTS:
        source = ROOT / name
        shutil.copytree(source, tmp_path / name) if source.is_dir() else shutil.copy(source, tmp_path / name)
    (tmp_path / "pipelines" / "dlt").mkdir(parents=True)
    (tmp_path / "pipelines" / "dlt" / "bronze.py").touch()
    return tmp_path


def change(bundle: Path, file: str, old: str, new: str) -> None:
    text = (bundle / file).read_text(encoding="utf-8")
    assert old in text
    (bundle / file).write_text(text.replace(old, new, 1), encoding="utf-8")


def opened(bundle: Path) -> Path:
    """The copy with every gate open in production."""
    gates = "".join(f"      {gate}: ${{var.{held}}}\n" for gate, held in GATES.items())
    change(bundle, "databricks.yml", "      continuous: true\n", f"      continuous: true\n{gates}")
    return bundle


def found(problems: tuple[Problem, ...], path: str, message: str) -> list[Problem]:
    return [problem for problem in problems if path in problem.path and message in problem.message]


@pytest.mark.parametrize("target", TARGETS)
def test_the_bundle_is_sound_in_every_target(target: str) -> None:
    assert validate(ROOT, target) == ()


def test_what_waits_for_its_tables_is_sound_once_it_is_switched_on(bundle: Path) -> None:
    assert validate(opened(bundle), "prod") == ()


@pytest.mark.parametrize("kind", list(PLANTED))
def test_a_mistake_planted_in_it_is_found(bundle: Path, kind: str) -> None:
    file, old, new, path, message = PLANTED[kind]
    change(bundle, file, old, new)

    assert found(validate(bundle), path, message)


@pytest.mark.parametrize(
    "file, old, new, message",
    [
        ("payments.monitor.yml", "timestamp_col", "timestampcol", "is it 'timestamp_col'?"),
        ("payments.monitor.yml", "0 0 5 * * ?", "0 0 25 * * ?", "25 is no hours"),
        ("features.synced_table.yml", "TRIGGERED", "TRIGERED", "is it 'TRIGGERED'?"),
        ("features.endpoint.yml", "workload_size", "workload", "is it 'workload_"),
    ],
)
def test_a_mistake_behind_a_gate_is_found_where_it_stands(bundle: Path, file: str, old: str, new: str, message: str) -> None:
    change(opened(bundle), f"resources/{file}", old, new)

    (problem, *_) = found(validate(bundle, "prod"), "", message)

    assert problem.file == f"resources/{file}"
    assert new in (bundle / problem.file).read_text(encoding="utf-8").splitlines()[(problem.line or 0) - 1]
    assert validate(bundle, "dev") == ()


def test_a_gate_that_holds_no_map_is_a_mistake(bundle: Path) -> None:
    change(bundle, "databricks.yml", "      continuous: true\n", "      continuous: true\n      monitors: on\n")

    assert found(validate(bundle, "prod"), "resources.quality_monitors", "must be a map")


def test_every_resource_has_a_file_of_its_own_named_for_what_it_is() -> None:
    holds = {}
    for file in sorted((ROOT / "resources").glob("*.yml")):
        resources = YAML(typ="safe").load(file)["resources"]
        holds[file.name] = [(kind, key) for kind, each in resources.items() for key in (each if isinstance(each, dict) else [kind])]

    assert {name: found for name, found in holds.items() if len(found) != 1} == {}
    assert {name for name in holds if not re.fullmatch(r"\w+\.[a-z_]+\.yml", name)} == set()


def test_the_synced_tables_are_those_that_publishing_would_make() -> None:
    from features import CUSTOMER_FEATURES, MERCHANT_FEATURES

    declared = YAML(typ="safe").load(ROOT / "resources" / "features.synced_table.yml")["variables"]["feature_synced_tables"]["default"]

    specs = {key: each["spec"] for key, each in declared.items()}
    assert {key: (tuple(spec["primary_key_columns"]), spec["timeseries_key"]) for key, spec in specs.items()} == {
        f"{table.name}_online": (table.keys, table.event_time) for table in (MERCHANT_FEATURES, CUSTOMER_FEATURES)
    }


def test_the_monitors_deployed_are_those_that_the_lane_declares() -> None:
    from features.monitors import MONITORS

    deployed = YAML(typ="safe").load(ROOT / "resources" / "payments.monitor.yml")["variables"]["payments_monitors"]["default"]

    declared = {monitor.table: monitor for monitor in MONITORS}
    assert {each["table_name"].rpartition(".")[2]: (each["time_series"], each["slicing_exprs"]) for each in deployed.values()} == {
        table: (
            {"timestamp_col": monitor.profile.timestamp, "granularities": [str(step) for step in monitor.profile.granularities]},
            list(monitor.slicing),
        )
        for table, monitor in declared.items()
        # What agents did is written by whoever runs them.
        if table != "agent_traces"
    }


@pytest.mark.parametrize("job", ["feature_refresh", "batch_evaluation", "monitoring_refresh"])
def test_its_wheel_tasks_are_given_options_that_they_have(job: str) -> None:
    declared = YAML(typ="safe").load(ROOT / "resources" / f"{job}.job.yml")["resources"]["jobs"][job]
    wheels = [task["python_wheel_task"] for task in declared["tasks"] if "python_wheel_task" in task]

    unknown = {
        wheel["entry_point"]: {each.partition("=")[0] for each in wheel["parameters"]} - options_of(wheel["entry_point"])
        for wheel in wheels
    }

    assert unknown == {wheel["entry_point"]: set() for wheel in wheels}


def options_of(entry_point: str) -> set[str]:
    """The options of a wheel task's program."""
    from goldlane.cli import gate, monitor_task, score

    program = typer.Typer()
    program.command()(
        {"goldlane-gate": gate.gate, "goldlane-score": score.score, "goldlane-monitor": monitor_task.monitor_task}[entry_point]
    )
    return {name for parameter in typer.main.get_command(program).params for name in parameter.opts}


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("job", ["feature_refresh", "batch_evaluation", "monitoring_refresh", "model_training"])
def test_every_job_can_run_on_this_machine_as_every_target_has_it(tmp_path: Path, job: str, target: str) -> None:
    ready = prepared(Request(root=ROOT, job=job, target=target, storage=tmp_path, settings=read_settings(ROOT)))

    assert ready.keys == set(ready.plan.steps)
    assert ready.run.parameters["storage"] == str(tmp_path)
    assert not any("${" in value or "{{" in value for value in ready.run.parameters.values())
