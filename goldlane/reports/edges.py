"""What flowed along each edge of the graph, as far as an update's log and its tables tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePath

from goldlane.drawing.graphs import Arrow
from goldlane.reports.logged import LoggedDataset
from goldlane.reports.naming import Names

_Held = Callable[[str], "int | None"]


@dataclass(frozen=True, slots=True)
class Flowed:
    """``held`` tells how many rows a table held when the update was over."""

    datasets: Mapping[str, LoggedDataset]
    names: Names
    held: _Held

    def arrows(self) -> Iterator[Arrow]:
        """Every edge by short names, files and tables from outside included.

        A stream's edge has the rows it read; a batch reads all that its source holds; what an update left alone read nothing.
        """
        for target in self.datasets.values():
            for written in target.inputs:
                source = self.names.find(written)
                rows = self._rows(source, target) if source else self._streamed(written, target)
                yield Arrow(source=self.names.short(source or written), target=self.names.short(target.name), rows=rows)
            yield from (Arrow(source=label, target=self.names.short(target.name), rows=rows) for label, rows in self._files(target))

    def _rows(self, source: str, target: LoggedDataset) -> int | None:
        """Rows from ``source`` into ``target``; into a view: what its hungriest reader took."""
        readers = [target] if target.kind != "view" else list(self._readers(target.name))
        taken = [rows for reader in readers if (rows := self._taken(source, reader)) is not None]
        return max(taken, default=None)

    def _readers(self, view: str) -> Iterator[LoggedDataset]:
        """The datasets that read ``view``, other views seen through."""
        for dataset in self.datasets.values():
            if view in {self.names.find(written) for written in dataset.inputs}:
                if dataset.kind == "view":
                    yield from self._readers(dataset.name)
                else:
                    yield dataset

    def _taken(self, source: str, reader: LoggedDataset) -> int | None:
        if reader.status in {"UNCHANGED", "EXCLUDED", "SKIPPED", "QUEUED"}:
            return 0
        if self.datasets[source].kind == "view":
            return self._through(source, reader)
        streamed = self._streamed(source, reader)
        return self._batch(source, reader) if streamed is None else streamed

    def _through(self, view: str, target: LoggedDataset) -> int | None:
        """What comes out of a view: the rows its rules judged without those they dropped, else what went in."""
        judged = [sum(counts) for (dataset, _), counts in target.judged.items() if self.names.find(dataset) == view]
        own = any(self.names.find(dataset) == target.name for dataset, _ in target.judged)
        if judged:
            return max(judged) if own else max(judged) - target.rows["dropped"]
        if not target.read:
            return None  # a batch view may filter
        inputs = [self.names.find(written) for written in self.datasets[view].inputs]
        return sum(self._taken(source, target) or 0 for source in inputs if source)

    def _streamed(self, source: str, target: LoggedDataset) -> int | None:
        found = [rows for path, rows in target.read.items() if PurePath(path).parts[-2:] == _folder(source)]
        return sum(found) if found else None

    def _batch(self, source: str, target: LoggedDataset) -> int | None:
        if target.status == "FAILED" and not target.judged:
            return None  # it may have failed before it read anything
        written = self.datasets[source]
        if written.kind == "materialized_view" and written.status == "COMPLETED":
            return written.rows["num_output_rows"]
        return self.held(source)

    def _files(self, target: LoggedDataset) -> Iterator[tuple[str, int]]:
        """Folders that Auto Loader or a file source read."""
        tables = {_folder(name) for name in self.datasets}
        for path, rows in target.read.items():
            if PurePath(path).parts[-2:] not in tables and not target.inputs:
                yield f"{PurePath(path).name}/", rows


def _folder(name: str) -> tuple[str, str]:
    """The last two parts of the path of a table in a storage."""
    schema, _, table = name.rpartition(".")
    return schema, table
