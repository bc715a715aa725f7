"""What pytest loads at every start, in every project where Goldlane is installed: names only; the work is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from goldlane.testing import IsolatedPipeline, NewPipeline
    from goldlane.testing.postgres_server import PostgresServer


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkSession]:
    """A local Delta session in UTC, one per run (with pytest-xdist: per worker); a fixture of this name in your project wins."""
    from goldlane.testing.sessions import session_of_run

    with session_of_run(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session")
def pipeline_factory(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewPipeline:
    """Makes isolated pipelines, for fixtures that several tests share."""

    def new(
        sources: str | Path | Sequence[str | Path] | None = None,
        *,
        inputs: Mapping[str, str | Path] | None = None,
        paths: Mapping[str, str] | None = None,
        **options: Any,
    ) -> IsolatedPipeline:
        from goldlane.testing.isolated import IsolatedPipeline
        from goldlane.testing.projects import sources_of
        from goldlane.testing.workplace import Workplace

        root = request.config.rootpath
        place = Workplace(folder=tmp_path_factory.mktemp("pipeline"), spark=request.getfixturevalue("spark"), root=root)
        return IsolatedPipeline(sources_of(sources, root), place, inputs=inputs or {}, paths=paths or {}, options=options)

    return new


@pytest.fixture
def pipeline(pipeline_factory: NewPipeline) -> NewPipeline:
    """Call it with source files to get a pipeline of the test's own: its tables, files and checkpoints are nobody else's."""
    return pipeline_factory


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL server of this run's own (per worker); the test is skipped where its programs are missing."""
    from goldlane.testing.postgres_server import NoPostgresError, postgres_server

    with ExitStack() as stack:
        try:
            server = stack.enter_context(postgres_server())
        except NoPostgresError as missing:
            pytest.skip(str(missing))
        yield server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The URL of an empty schema of the test's own: a store for ``open_store``."""
    return postgres_server.new_schema()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--dlt-tests`` and what goes with it."""
    from goldlane.testing.options import add_options

    add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Collect DLT test tables where that is asked for."""
    from goldlane.testing.options import is_asked

    if is_asked(config):
        from goldlane.testing.collection import DltTests

        config.pluginmanager.register(DltTests(config), "goldlane-dlt-tests")
