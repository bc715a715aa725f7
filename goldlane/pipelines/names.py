"""Table names of one, two or three parts, and the folder of a storage where each table lives."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from goldlane.errors import UsageError

DEFAULT_SCHEMA = "default"
_PART = r"(?:`(?:[^`]|``)+`|[^`.\s]+)"
_NAME = re.compile(rf"\s*({_PART}(?:\.{_PART}){{0,2}})\s*")


@dataclass(frozen=True, slots=True)
class TableName:
    """A qualified name. Spark compares names without case, so ``key`` is what two spellings of one table share."""

    catalog: str | None
    schema: str
    table: str

    @property
    def key(self) -> str:
        """The name in lower case, all parts that are known."""
        return str(self).lower()

    @property
    def folder(self) -> str:
        """``<schema>/<name>``, with a catalog ``<catalog>.<schema>/<name>``: relative to the storage's ``tables``."""
        schema = self.schema if self.catalog is None else f"{self.catalog}.{self.schema}"
        return f"{schema}/{self.table}"

    @property
    def written(self) -> tuple[str, ...]:
        """The parts without the schema that nobody says."""
        unsaid = self.catalog is None and self.schema == DEFAULT_SCHEMA
        return (self.table,) if unsaid else tuple(part for part in (self.catalog, self.schema, self.table) if part)

    def __str__(self) -> str:
        return ".".join(part for part in (self.catalog, self.schema, self.table) if part)


@dataclass(frozen=True, slots=True)
class Namespace:
    """What an unqualified name means in this pipeline."""

    catalog: str | None = None
    schema: str | None = None

    @property
    def is_said(self) -> bool:
        """Whether the caller said where the pipeline's own tables live."""
        return self.catalog is not None or self.schema is not None

    def qualify(self, name: str) -> TableName:
        """``name`` as a :class:`TableName`; the ``LIVE`` schema of older pipelines means the pipeline's own.

        Raises:
            UsageError: ``name`` is not one to three parts, each bare or in backticks.
        """
        parts = name_parts(name)
        catalog = parts[-3] if len(parts) > 2 else self.catalog  # noqa: PLR2004  catalog.schema.table
        schema = parts[-2] if len(parts) > 1 else self.schema or DEFAULT_SCHEMA
        return TableName(catalog, schema, parts[-1])


def name_parts(name: str) -> tuple[str, ...]:
    """The parts that a name is written with, without quotes and without ``LIVE``.

    Raises:
        UsageError: see ``Namespace.qualify``.
    """
    found = _NAME.fullmatch(name)
    if found is None:
        raise UsageError(f"{name!r} is no table name", hint="use name, schema.name or catalog.schema.name; odd characters in backticks")
    parts = [part[1:-1].replace("``", "`") if part[0] == "`" else part for part in re.findall(_PART, found.group(1))]
    if len(parts) > 1 and parts[-2].lower() == "live":
        parts = parts[-1:]
    if any(part in {".", ".."} or "/" in part for part in parts):
        raise UsageError(f"{name!r} is no table name: a part cannot hold '/'")
    return tuple(parts)


def fits(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether one name is the other with its schema, or its catalog and schema, written out."""
    short, long = sorted((tuple(part.lower() for part in parts) for parts in (one, other)), key=len)
    return len(short) < len(long) and long[-len(short) :] == short
