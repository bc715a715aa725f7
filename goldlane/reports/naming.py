"""Names of datasets as the log has them (schema and all), and as a reader knows them."""

from __future__ import annotations

from collections.abc import Iterable


class Names:
    """Short names where all datasets share a schema; a written name, whatever its case, finds its dataset."""

    def __init__(self, full: Iterable[str]) -> None:
        self._full = tuple(full)
        schemas = {name.rpartition(".")[0] for name in self._full}
        self._short = {name: name.rpartition(".")[2] if len(schemas) == 1 else name.removeprefix("default.") for name in self._full}
        self._found = {spelling.lower(): name for name in self._full for spelling in (name.rpartition(".")[2], self._short[name], name)}

    def find(self, written: str) -> str | None:
        """The dataset's full name; None for what the pipeline does not define."""
        return self._found.get(written.replace("`", "").lower())

    def short(self, name: str) -> str:
        """What a reader calls the dataset; strangers keep their name."""
        return self._short.get(name, name)
