"""What a pipeline task asks of ``goldlane.run``, from the YAML of the pipeline and of the task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from goldlane.bundles.running.pipelines import update_asked
from goldlane.bundles.running.preparing import bundle_of

LANE = """resources:
  schemas: {shop: {catalog_name: main, name: shop_dev}}
  pipelines:
    lane:
      catalog: main
      schema: ${resources.schemas.shop.name}
      libraries:
        - glob: {include: ./pipelines/**}
        - file: {path: ./more.py}
        - notebook: {path: ./look}
      configuration: {shop.landing: /Volumes/main/landing, shop.limit: 3}
"""
FILES = {"pipelines/a.py": "", "more.py": "", "look.ipynb": "{}"}
LANE_ID = {"pipeline_id": "${resources.pipelines.lane.id}"}


@pytest.fixture
def asked(tmp_path: Path, write_bundle: Callable[[Path, str, Mapping[str, str]], Path]) -> Callable[..., dict[str, Any]]:
    root = write_bundle(tmp_path, LANE, FILES)

    def update(settings: Mapping[str, Any], configuration: Mapping[str, str] | None = None) -> dict[str, Any]:
        return update_asked(bundle_of(root, None), {**LANE_ID, **settings}, configuration or {})

    return update


def test_its_files_its_folders_and_its_notebooks_are_the_sources(asked: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    assert asked({})["sources"] == [str(tmp_path / "pipelines"), str(tmp_path / "more.py"), str(tmp_path / "look.ipynb")]


def test_its_catalog_and_schema_are_those_of_the_target(asked: Callable[..., dict[str, Any]]) -> None:
    update = asked({})

    assert (update["name"], update["catalog"], update["schema"]) == ("lane", "main", "shop_dev")


def test_the_callers_settings_win_over_the_tasks_and_these_over_the_pipelines(asked: Callable[..., dict[str, Any]]) -> None:
    update = asked({"parameters": {"shop.limit": "4", "shop.mood": "good"}}, {"shop.mood": "bad"})

    assert update["configuration"] == {"shop.landing": "/Volumes/main/landing", "shop.limit": "4", "shop.mood": "bad"}


@pytest.mark.parametrize(
    "settings,refresh,full_refresh",
    [
        ({}, [], False),
        ({"full_refresh": True}, [], True),
        ({"full_refresh": "true"}, [], True),
        ({"full_refresh_selection": ["a"]}, [], ["a"]),
        ({"refresh_selection": ["a", "b"]}, ["a", "b"], False),
    ],
    ids=["everything", "all from the beginning", "said by a variable", "one from the beginning", "some"],
)
def test_selections_become_those_of_the_update(
    asked: Callable[..., dict[str, Any]], settings: Mapping[str, Any], refresh: list[str], full_refresh: object
) -> None:
    update = asked(settings)

    assert (update["refresh"], update["full_refresh"]) == (refresh, full_refresh)
