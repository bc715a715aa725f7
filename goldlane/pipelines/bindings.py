"""What the caller binds: tables, brokers and databases by ``--input``, prefixes of paths by ``--map``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from goldlane.pipelines.connectors import is_binding


@dataclass(frozen=True, slots=True)
class Bindings:
    """Inputs and prefixes of an update. Their places are absolute, for source files run in their own folders."""

    inputs: Mapping[str, str]
    paths: Mapping[str, str]

    @classmethod
    def of(cls, inputs: Mapping[str, str], paths: Mapping[str, str]) -> Bindings:
        """The bindings as the caller wrote them; an input whose name is a path is a prefix."""
        named = {name: place for name, place in inputs.items() if is_binding(name) or "/" not in name}
        prefixes = {**paths, **{name: place for name, place in inputs.items() if name not in named}}
        return cls(_absolute(named), _absolute(prefixes))

    @property
    def tables(self) -> tuple[str, ...]:
        """The inputs that are tables."""
        return tuple(name for name in self.inputs if not is_binding(name))


def _absolute(places: Mapping[str, str]) -> dict[str, str]:
    return {name: place if ":" in place else str(Path(place).expanduser().absolute()) for name, place in places.items()}
