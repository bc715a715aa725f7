"""What a snapshot flow remembers: the version it has written last, and what its source looked like then."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from goldlane.pipelines.cdc.errors import CdcError
from goldlane.pipelines.cdc.versions import Version, from_json, to_json


class SnapshotMemory:
    """One JSON file in the folder ``state``, replaced in one step.

    A crash between the table's commit and the file's would ask the source for a snapshot that the table holds already, and the source
    may have thrown it away. So the version goes into the file twice: before the commit, as what is being written, and after it.
    """

    def __init__(self, state: Path, target: Path, name: str) -> None:
        self._file, self._target, self._name = state / "snapshots.json", target, name
        self._document = self._read()

    @property
    def last(self) -> Version | None:
        """The version of the snapshot that the table holds, None before the first."""
        return from_json(self._document["last"]) if "last" in self._document else None

    @property
    def count(self) -> int:
        """How many snapshots were written."""
        return int(self._document.get("count", 0))

    @property
    def fingerprint(self) -> str | None:
        """What the last snapshot was made of, where that can be told."""
        found = self._document.get("fingerprint")
        return str(found) if found else None

    @contextmanager
    def writing(self, version: Version, fingerprint: str | None = None) -> Iterator[None]:
        """Remember ``version`` once the body of the ``with`` has written it."""
        after = {"last": to_json(version), "count": self.count + 1, "fingerprint": fingerprint}
        self._write({**self._document, "writing": {"from": self._merges(), "then": after}})
        yield
        self._write(after)

    def _read(self) -> dict[str, Any]:
        try:
            document: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
            begun = document.pop("writing", None)
            document = begun["then"] if begun and self._merges() > begun["from"] else document
            if "last" in document:
                from_json(document["last"])
        except FileNotFoundError:
            return {}
        except (ValueError, KeyError, TypeError, AttributeError, OSError) as error:
            raise CdcError(
                f"what the snapshots of {self._name} left in {self._file} cannot be read", hint=f"full-refresh {self._name}"
            ) from error
        return document

    def _write(self, document: dict[str, Any]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        temporary = self._file.with_name(".snapshots.json")
        temporary.write_text(json.dumps(document, indent=1), encoding="utf-8")
        temporary.replace(self._file)
        self._document = document

    def _merges(self) -> int:
        """The newest Delta version of the table that a MERGE made, -1 when none did: maintenance commits, too."""
        commits = sorted((self._target / "_delta_log").glob("*.json"), reverse=True)
        for commit in commits:
            if commit.stem.isdigit() and '"operation":"MERGE"' in commit.read_text(encoding="utf-8"):
                return int(commit.stem)
        return -1
