"""Monitors on the platform by the real SDK, against a workspace on this machine that holds every request to what the platform takes."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest
from databricks.sdk import WorkspaceClient

from goldlane.errors import UsageError
from goldlane.monitoring import (
    AlertRule,
    CustomMetric,
    InferenceLog,
    Measure,
    Monitor,
    MonitorDeclarationError,
    MonitoringError,
    Notifications,
    Schedule,
    Snapshot,
    TimeSeries,
)
from goldlane.monitoring.databricks_monitors import Api, PlatformMonitors, platform_monitors
from goldlane.monitoring.databricks_names import Names
from goldlane.testing.databricks_workspace import TOKEN, Workspace

APIS = get_args(Api)
NAMES = Names(catalog="main", schema="pay")
LOG = InferenceLog(
    problem_type="classification",
    timestamp="at",
    granularities=("1 day", "2 weeks"),
    prediction="answer",
    model_id="version",
    label="truth",
)
METRICS = (
    CustomMetric(kind="aggregate", name="seen", input_columns=":table", definition="count(1)", output_type="bigint"),
    CustomMetric(kind="derived", name="twice", input_columns=("amount", "tip"), definition="2 * squares"),
    CustomMetric(kind="drift", name="more", input_columns=":table", definition="{{current_df}}.seen - {{base_df}}.seen"),
)
FULL = Monitor(
    table="answers",
    profile=LOG,
    slicing=("country", "amount > 10"),
    custom_metrics=METRICS,
    baseline="reference.answers",
    schedule=Schedule(cron="0 0 6 * * ?", timezone="Europe/Berlin"),
    notifications=Notifications(on_failure=("a@example.org", "b@example.org")),
)
SHORT = Monitor(table="answers", profile=Snapshot())


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Workspace, WorkspaceClient]]:
    """One workspace and one client of the SDK for all tests: what takes time is to make them."""
    workspace = Workspace(
        tables={name: {"full_name": name, "name": name, "table_id": f"id-of-{name}"} for name in ("main.pay.answers", "main.lab.other")},
        schemas={"main.pay": "id-of-pay", "main.lab": "id-of-lab", "main.metrics": "id-of-metrics"},
    )
    workspace.start()
    yield workspace, WorkspaceClient(host=workspace.host, token=TOKEN)
    workspace.stop()


@pytest.fixture
def workspace(started: tuple[Workspace, WorkspaceClient]) -> Workspace:
    """The workspace, without monitors, and with nothing asked of it yet."""
    workspace = started[0]
    for several in (workspace.calls, workspace.queries, workspace.monitors, workspace.looks):
        several.clear()
    workspace.monitor_states[:] = ["PENDING", "ACTIVE"]
    return workspace


@pytest.fixture
def opened(workspace: Workspace, started: tuple[Workspace, WorkspaceClient]) -> Callable[..., PlatformMonitors]:
    """Monitors of the workspace; waiting takes no time."""
    assert not workspace.calls

    def make(api: Api = "data_quality", names: Names = NAMES, **options: Any) -> PlatformMonitors:
        return replace(platform_monitors(names, client=started[1], api=api), **{"wait": lambda _: None, **options})

    return make


def sent(workspace: Workspace, method: str) -> list[Any]:
    return [body for called, _, body in workspace.calls if called == method]


def test_data_quality_is_told_the_monitor_by_ids_and_in_its_own_words(
    workspace: Workspace, opened: Callable[..., PlatformMonitors]
) -> None:
    opened().create(FULL)

    (told,) = sent(workspace, "POST")
    assert (told["object_type"], told["object_id"]) == ("table", "id-of-main.pay.answers")
    config = told["data_profiling_config"]
    metrics = config.pop("custom_metrics")
    assert config == {
        "output_schema_id": "id-of-pay",
        "baseline_table_name": "main.reference.answers",
        "slicing_exprs": ["country", "amount > 10"],
        "inference_log": {
            "problem_type": "INFERENCE_PROBLEM_TYPE_CLASSIFICATION",
            "timestamp_column": "at",
            "granularities": ["AGGREGATION_GRANULARITY_1_DAY", "AGGREGATION_GRANULARITY_2_WEEKS"],
            "prediction_column": "answer",
            "model_id_column": "version",
            "label_column": "truth",
        },
        "schedule": {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "Europe/Berlin"},
        "notification_settings": {"on_failure": {"email_addresses": ["a@example.org", "b@example.org"]}},
    }
    assert metrics[0] == {
        "name": "seen",
        "definition": "count(1)",
        "input_columns": [":table"],
        "output_data_type": '{"name": "output", "type": "long", "nullable": true, "metadata": {}}',
        "type": "DATA_PROFILING_CUSTOM_METRIC_TYPE_AGGREGATE",
    }
    assert [metric["type"].rsplit("_", 1)[1] for metric in metrics] == ["AGGREGATE", "DERIVED", "DRIFT"]


def test_quality_monitors_is_told_the_monitor_by_names_and_in_its_own_words(
    workspace: Workspace, opened: Callable[..., PlatformMonitors]
) -> None:
    opened("quality_monitors").create(replace(FULL, profile=replace(LOG, prediction_proba="likely"), custom_metrics=METRICS[:1]))

    ((path, told),) = [(path, body) for method, path, body in workspace.calls if method == "POST"]
    assert path == "/api/2.1/unity-catalog/tables/main.pay.answers/monitor"
    assert told == {
        "assets_dir": "/Workspace/Users/somebody@example.org/goldlane_monitors/main.pay.answers",
        "output_schema_name": "main.pay",
        "baseline_table_name": "main.reference.answers",
        "slicing_exprs": ["country", "amount > 10"],
        "inference_log": {
            "problem_type": "PROBLEM_TYPE_CLASSIFICATION",
            "timestamp_col": "at",
            "granularities": ["1 day", "2 weeks"],
            "prediction_col": "answer",
            "model_id_col": "version",
            "label_col": "truth",
            "prediction_proba_col": "likely",
        },
        "schedule": {"quartz_cron_expression": "0 0 6 * * ?", "timezone_id": "Europe/Berlin"},
        "notifications": {"on_failure": {"email_addresses": ["a@example.org", "b@example.org"]}},
        "custom_metrics": [
            {
                "name": "seen",
                "definition": "count(1)",
                "input_columns": [":table"],
                "output_data_type": '{"name": "output", "type": "long", "nullable": true, "metadata": {}}',
                "type": "CUSTOM_METRIC_TYPE_AGGREGATE",
            }
        ],
    }


PROFILES = {
    "snapshot": Snapshot(),
    "time-series": TimeSeries(timestamp="at", granularities=("5 minutes", "30 minutes", "1 hour", "1 week", "1 month", "1 year")),
    "classification": LOG,
    "regression-without-labels": replace(LOG, problem_type="regression", label=None, granularities=("3 weeks", "4 weeks")),
}


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
@pytest.mark.parametrize("api", APIS)
def test_a_monitor_read_back_is_the_one_that_was_declared(opened: Callable[..., PlatformMonitors], api: Api, profile: Any) -> None:
    declared = replace(FULL, profile=profile)

    created = opened(api).create(declared)

    assert created.monitor == declared
    assert (created.status, created.version) == ("ACTIVE", 0)
    assert (created.profile_table, created.drift_table) == ("main.pay.answers_profile_metrics", "main.pay.answers_drift_metrics")


@pytest.mark.parametrize("api", APIS)
def test_the_metric_tables_go_where_it_is_said_and_a_table_may_name_its_schema(opened: Callable[..., PlatformMonitors], api: Api) -> None:
    platform = opened(api, names=replace(NAMES, metrics_in="main.metrics"))

    created = platform.create(Monitor(table="lab.other", profile=Snapshot()))

    assert created.profile_table == "main.metrics.other_profile_metrics"
    assert created.monitor.table == "lab.other"


@pytest.mark.parametrize("api", APIS)
def test_applying_creates_a_monitor_and_then_makes_it_what_is_declared_now(opened: Callable[..., PlatformMonitors], api: Api) -> None:
    platform = opened(api)

    platform.apply(FULL)
    now = platform.apply(SHORT)

    assert now.monitor == SHORT


def test_an_update_names_what_differs_and_nothing_else(workspace: Workspace, opened: Callable[..., PlatformMonitors]) -> None:
    platform = opened()
    platform.create(FULL)

    platform.update(FULL)
    platform.update(replace(FULL, slicing=(), notifications=None))

    masks = [query["update_mask"] for (method, _, _), query in zip(workspace.calls, workspace.queries, strict=True) if method == "PATCH"]
    assert masks == ["data_profiling_config.notification_settings,data_profiling_config.slicing_exprs"]


@pytest.mark.parametrize("api", APIS)
def test_a_deleted_monitor_is_gone_and_one_that_is_not_there_is_told(opened: Callable[..., PlatformMonitors], api: Api) -> None:
    platform = opened(api)
    platform.create(SHORT)

    platform.delete("answers")

    with pytest.raises(UsageError, match="answers has no monitor on the platform"):
        platform.delete("answers")


@pytest.mark.parametrize("api", APIS)
def test_creating_waits_until_the_monitor_is_active(workspace: Workspace, opened: Callable[..., PlatformMonitors], api: Api) -> None:
    workspace.monitor_states[:] = ["PENDING", "PENDING", "PENDING", "ACTIVE"]
    waited: list[float] = []

    opened(api, wait=waited.append).create(SHORT)

    assert waited == [5.0, 5.0]


@pytest.mark.parametrize("state", ["ERROR", "FAILED"])
@pytest.mark.parametrize("api", APIS)
def test_a_monitor_that_fails_says_why(workspace: Workspace, opened: Callable[..., PlatformMonitors], api: Api, state: str) -> None:
    workspace.monitor_states[:] = ["PENDING", state]

    with pytest.raises(MonitoringError, match=f"the monitor of answers is {state}: the table has no column at"):
        opened(api).create(SHORT)


def test_a_monitor_that_is_not_active_in_time_is_told_with_what_to_look_at(
    workspace: Workspace, opened: Callable[..., PlatformMonitors]
) -> None:
    workspace.monitor_states[:] = ["PENDING"]

    with pytest.raises(MonitoringError, match=r"the monitor of answers is PENDING after 0\.05 s .*running SQL warehouse"):
        opened(timeout_s=0.05).create(SHORT)


@pytest.mark.parametrize("api", APIS)
def test_a_second_monitor_of_a_table_is_refused_and_the_first_one_stays(opened: Callable[..., PlatformMonitors], api: Api) -> None:
    platform = opened(api)
    platform.create(FULL)

    with pytest.raises(MonitoringError, match=r"creating the monitor of answers: the table main\.pay\.answers has a monitor"):
        platform.create(SHORT)

    assert platform.get("answers").monitor == FULL


def test_what_the_platform_has_no_word_for_is_told_at_once_and_before_anything_is_asked(
    workspace: Workspace, opened: Callable[..., PlatformMonitors]
) -> None:
    odd = CustomMetric(kind="aggregate", name="all", input_columns=":table", definition="collect_set(a)", output_type="array<string>")
    monitor = Monitor(table="answers", profile=TimeSeries(timestamp="at", granularities="6 weeks"), custom_metrics=odd)

    with pytest.raises(MonitorDeclarationError, match=r"no granularity '6 weeks'.*'all': its output_type 'array<string>'") as told:
        opened().create(monitor)

    assert len(told.value.mistakes) == 2
    assert not workspace.calls


@pytest.mark.parametrize("api", APIS)
def test_a_table_that_is_not_there_is_the_callers_mistake(opened: Callable[..., PlatformMonitors], api: Api) -> None:
    with pytest.raises(UsageError, match=r"there is no table main\.pay\.nobody in Unity Catalog"):
        opened(api).create(Monitor(table="nobody", profile=Snapshot()))


def test_a_schema_for_the_metrics_that_is_not_there_is_the_callers_mistake(opened: Callable[..., PlatformMonitors]) -> None:
    with pytest.raises(UsageError, match=r"there is no schema main\.nowhere for the metric tables \(CREATE SCHEMA main\.nowhere\)"):
        opened(names=replace(NAMES, metrics_in="main.nowhere")).create(SHORT)


def test_a_workspace_that_refuses_says_so_in_one_line(workspace: Workspace) -> None:
    stranger = platform_monitors(NAMES, client=WorkspaceClient(host=workspace.host, token="another"))  # noqa: S106  of nobody

    with pytest.raises(UsageError, match=r"looking main\.pay\.answers up: the workspace refused: who are you\?"):
        stranger.create(SHORT)


def test_what_the_platform_is_not_told_is_said(opened: Callable[..., PlatformMonitors]) -> None:
    monitor = replace(FULL, profile=replace(LOG, prediction_proba="likely"), alerts=(AlertRule(name="moved", measure=Measure.PSI),))

    by_ids, by_names = opened().left_out(monitor), opened("quality_monitors").left_out(monitor)

    assert [said.split()[0] for said in by_ids] == ["1", "prediction_proba"]
    assert [said.split()[0] for said in by_names] == ["1"]


def test_an_api_that_there_is_none_of_is_the_callers_mistake() -> None:
    with pytest.raises(UsageError, match="there is no api 'monitors'; there are data_quality and quality_monitors"):
        platform_monitors(NAMES, api="monitors")  # type: ignore[arg-type]  # the caller's mistake


def test_the_adapter_is_imported_without_the_sdk() -> None:
    program = "import sys, goldlane.monitoring.databricks_monitors; print([name for name in sys.modules if name.startswith('databricks')])"

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
