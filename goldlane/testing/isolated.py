"""A pipeline in a test: its own inputs, files, storage and checkpoints, gone when the test is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from goldlane.errors import UsageError
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.part import Part
from goldlane.pipelines.run import run
from goldlane.pipelines.storage import Storage
from goldlane.testing.feeds import Feeds
from goldlane.testing.landing import Landing
from goldlane.testing.workplace import Workplace

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.types import StructType

    from goldlane.pipelines.outcome import Update


class NewPipeline(Protocol):
    """What the fixtures ``pipeline`` and ``pipeline_factory`` are: called, they make an isolated pipeline."""

    def __call__(
        self,
        sources: str | Path | Sequence[str | Path] | None = None,
        *,
        inputs: Mapping[str, str | Path] | None = None,
        paths: Mapping[str, str] | None = None,
        **options: Any,
    ) -> IsolatedPipeline:
        """A pipeline of ``sources`` (default: the project's); ``options`` are those of ``goldlane.run``, for every run."""


class IsolatedPipeline:
    """Feed it, run it, look at its tables; again and again, as days go by."""

    def __init__(
        self,
        sources: Sequence[Path],
        workplace: Workplace,
        *,
        inputs: Mapping[str, str | Path],
        paths: Mapping[str, str],
        options: Mapping[str, Any],
    ) -> None:
        self.sources, self.spark, self.storage = tuple(sources), workplace.spark, workplace.folder / "storage"
        self._options = dict(options)
        self._namespace = Namespace(options.get("catalog"), options.get("schema"))
        self._bound = {name: str(workplace.root / path) for name, path in inputs.items()}
        self._feeds = Feeds(workplace, self._namespace)
        self._landing = Landing(workplace.folder / "files", {prefix: str(workplace.root / place) for prefix, place in paths.items()})
        self._update: Update | None = None

    def feed(
        self, table: str, rows: Any, schema: str | StructType | Sequence[str] | None = None, *, mode: str = "append"
    ) -> IsolatedPipeline:
        """Append rows to a table that the pipeline reads: dictionaries, tuples, Rows, a DataFrame (Spark, pandas, Arrow), or a file's path.

        ``schema`` gives types (``"id BIGINT, at TIMESTAMP"``; only the columns that need one) or the names of tuples.
        A dataset that the pipeline defines is replaced: it is not computed, its readers get these rows.
        ``mode="overwrite"`` replaces what was fed before, as a new snapshot does.

        Raises:
            UsageError: rows that are none, or do not fit the table.
        """
        if self._namespace.qualify(table).key in {self._namespace.qualify(name).key for name in self._bound}:
            raise UsageError(f"{table!r} is bound by inputs= already", hint="feed it, or bind it")
        self._feeds.add(table, rows, schema, mode)
        return self

    def land(self, path: str, content: Any) -> IsolatedPipeline:
        """A file arrives under a path of the platform, for Auto Loader and other readers of files.

        ``path`` is the file (its suffix says how rows are written), or a folder, where rows become a new file of JSON lines.
        ``content`` is a list of dictionaries, text, bytes, or a ``Path`` to copy.

        Raises:
            UsageError: the path is not absolute, or rows cannot be written in its format.
        """
        self._landing.add(path, content)
        return self

    def run(self, *tables: str, check: bool = True, **options: Any) -> Update:
        """Bring the pipeline up to date, once; given names, only those tables and what they read.

        Without names everything runs; or, where a dataset of the pipeline itself was fed, only what reads the fed tables.

        Raises:
            UpdateFailedError: a dataset failed; ``check=False`` returns the update instead.
            UsageError: the pipeline's mistakes, or the caller's.
        """
        inputs = {**self._bound, **self._feeds.inputs}
        self._update = run(
            list(self.sources),
            storage=self.storage,
            spark=self.spark,
            inputs=inputs,
            paths=self._landing.paths,
            part=Part(only=tables, given=tuple(inputs)),
            **{**self._options, **options},
        )
        return self._update.raise_for_status() if check else self._update

    @property
    def update(self) -> Update:
        """The last run's.

        Raises:
            UsageError: there was none.
        """
        if self._update is None:
            raise UsageError("the pipeline was not run yet", hint="call .run() first")
        return self._update

    def table(self, name: str) -> DataFrame:
        """A table's rows as they are now; also those of a table that was fed.

        Raises:
            UsageError: no run wrote it.
        """
        path = Storage(self.storage).table(self._namespace.qualify(name))
        fed = self._feeds.frame(name)
        if fed is not None:
            return fed
        if not (path / "_delta_log").is_dir():
            ran = ", ".join(dataset.name for dataset in self.update.datasets)
            raise UsageError(
                f"{name!r} has no table: the last run was of {ran}", hint=f"run({name!r}) runs it, or says why not; a view is never stored"
            )
        return self.spark.read.format("delta").load(str(path))

    def rows(self, name: str, *columns: str) -> list[tuple[Any, ...]]:
        """A table's rows as tuples, of all or some columns, in the order of those columns, NULL first."""
        from pyspark.sql.types import MapType, VariantType

        frame = self.table(name)
        chosen = frame.select(*columns) if columns else frame
        sortable = [field.name for field in chosen.schema.fields if not isinstance(field.dataType, MapType | VariantType)]
        return [tuple(row) for row in chosen.orderBy(*(chosen[f"`{column}`"] for column in sortable)).collect()]

    def events(self) -> DataFrame:
        """The event log of the last run."""
        return self.update.events()
