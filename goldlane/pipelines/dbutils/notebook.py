"""``dbutils.notebook``: running other notebooks, leaving this one, and the context that public code asks for its own path."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from goldlane.pipelines.errors import PipelineError

# (path as written, parameters) -> what the notebook exits with.
RunNotebook = Callable[[str, Mapping[str, str]], str]


class NotebookExit(Exception):  # noqa: N818  Databricks' name: it is no error, it ends a notebook
    """A notebook left by ``dbutils.notebook.exit``."""

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class Notebook:
    """``dbutils.notebook`` of the file that is being loaded."""

    def __init__(self, run_notebook: RunNotebook) -> None:
        self._run = run_notebook
        self._file = Path()
        # Public code walks from here to its context, through a bridge into the JVM that is none here.
        self.entry_point = self

    def run(self, path: str, timeout_seconds: int = 0, arguments: Mapping[str, Any] | None = None) -> str:
        """Run another notebook, in globals of its own, and answer what it exits with."""
        del timeout_seconds
        return self._run(path, {key: str(value) for key, value in (arguments or {}).items()})

    def exit(self, value: Any = "") -> None:
        """Leave the notebook.

        Raises:
            NotebookExit: always; the loader takes it as the file's end.
        """
        raise NotebookExit(str(value))

    def getDbutils(self) -> Notebook:  # noqa: N802  Databricks' name
        """A step on the way to ``getContext``."""
        return self

    def notebook(self) -> Notebook:
        """A step on the way to ``getContext``."""
        return self

    def getContext(self) -> Context:  # noqa: N802  Databricks' name
        """Who runs what."""
        return Context({"notebookPath": str(self._file.with_suffix("")), "userName": getpass.getuser(), "currentRunId": None})

    @contextmanager
    def at(self, file: Path) -> Iterator[None]:
        """Say which file's notebook this is."""
        before, self._file = self._file, file
        try:
            yield
        finally:
            self._file = before


class Context:
    """What a notebook knows of itself; every other fact (a token, a cluster, a workspace) is missing on this machine."""

    def __init__(self, facts: Mapping[str, str | None]) -> None:
        self._facts = facts

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return Fact(name, self._facts.get(name))

    def tags(self) -> Context:
        """The same facts, asked for by ``apply`` or ``get``."""
        return self

    def apply(self, name: str) -> str:
        """A fact by its tag's name."""
        return Fact(name, self._facts.get(name)).get()

    def get(self, name: str) -> Fact:
        """A fact by its tag's name, perhaps missing."""
        return Fact(name, self._facts.get(name))

    def toJson(self) -> str:  # noqa: N802  Databricks' name
        """The facts in the layout of Databricks' context."""
        path, user = self._facts["notebookPath"], self._facts["userName"]
        facts = {"user": user, "notebook_path": path}
        return json.dumps({"extraContext": {"notebook_path": path}, "tags": facts, "attributes": facts, "currentRunId": None})

    safeToJson = toJson  # noqa: N815  Databricks' name


class Fact:
    """A value that may be missing, as Scala's Option."""

    def __init__(self, name: str, value: str | None) -> None:
        self._name, self._value = name, value

    def __call__(self) -> Fact:
        """Itself: some ask for ``userName``, some for ``userName()``."""
        return self

    def get(self) -> str:
        """The value.

        Raises:
            PipelineError: it is missing.
        """
        if self._value is None:
            raise PipelineError(f"a notebook on this machine has no {self._name}", hint="ask with getOrElse(...)")
        return self._value

    def getOrElse(self, default: Any) -> Any:  # noqa: N802  Scala's name
        """The value, else ``default``."""
        return default if self._value is None else self._value

    def isDefined(self) -> bool:  # noqa: N802  Scala's name
        """Whether there is a value."""
        return self._value is not None

    def isEmpty(self) -> bool:  # noqa: N802  Scala's name
        """Whether there is none."""
        return self._value is None
