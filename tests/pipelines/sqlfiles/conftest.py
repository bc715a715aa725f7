"""A SQL file declared into a registry, without a JVM: the session only remembers what it is asked."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from goldlane.pipelines.names import Namespace
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.sqlfiles import load_sql


@pytest.fixture
def declared(tmp_path: Path) -> Callable[..., Registry]:
    """The registry after a file of the given text; keywords are the pipeline's configuration."""

    def declare(text: str, namespace: Namespace | None = None, **configuration: str) -> Registry:
        file = tmp_path / "lane.sql"
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        session: Any = SimpleNamespace(sql=lambda query: query, setting=configuration.get)
        registry = Registry(namespace or Namespace())
        load_sql(file, registry, session)
        registry.finish()
        return registry

    return declare
