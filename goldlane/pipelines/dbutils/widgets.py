"""``dbutils.widgets``: a value comes from ``%run``'s parameters, else from the run's settings, else from the default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from goldlane.pipelines.errors import PipelineError


class Widgets:
    """Input widgets that nobody sees: their defaults, and what the caller set."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        self._settings, self._defaults = settings, dict[str, str]()
        self._parameters: dict[str, str] = {}
        # How whoever typed the command gives a value.
        self.option = "--conf"

    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:  # noqa: N803  Databricks' name
        """A field of text."""
        del label
        self._defaults[name] = str(defaultValue)

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str] = (), label: str | None = None) -> None:  # noqa: N803  as above
        """One of several choices."""
        del choices
        self.text(name, defaultValue, label)

    def combobox(self, name: str, defaultValue: str, choices: Sequence[str] = (), label: str | None = None) -> None:  # noqa: N803  as above
        """One of several choices, or another text."""
        self.dropdown(name, defaultValue, choices, label)

    def multiselect(self, name: str, defaultValue: str, choices: Sequence[str] = (), label: str | None = None) -> None:  # noqa: N803  as above
        """Several choices, joined by commas."""
        self.dropdown(name, defaultValue, choices, label)

    def get(self, name: str) -> str:
        """The widget's value.

        Raises:
            PipelineError: it has neither a value nor a default.
        """
        for values in (self._parameters, self._settings, self._defaults):
            if name in values:
                return values[name]
        raise PipelineError(f"the widget {name!r} has no value", hint=f"give it with {self.option} {name}=VALUE")

    def getArgument(self, name: str, default: str | None = None) -> str:  # noqa: N802  Databricks' name
        """The widget's value, or ``default``."""
        known = name in self._parameters or name in self._settings or name in self._defaults
        return default if default is not None and not known else self.get(name)

    def getAll(self) -> dict[str, str]:  # noqa: N802  Databricks' name
        """All widgets by name."""
        return {name: self.get(name) for name in (*self._defaults, *self._parameters)}

    def remove(self, name: str) -> None:
        """Forget a widget."""
        self._defaults.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802  Databricks' name
        """Forget all widgets."""
        self._defaults.clear()

    @contextmanager
    def given(self, parameters: Mapping[str, str]) -> Iterator[None]:
        """Let the parameters of a ``%run`` or ``notebook.run`` win, as long as that notebook runs."""
        before = self._parameters
        self._parameters = {**before, **parameters}
        try:
            yield
        finally:
            self._parameters = before
