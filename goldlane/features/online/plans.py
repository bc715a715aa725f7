"""How one table is read: its SELECT, and two functions compiled for its columns, as ``dataclasses`` compiles ``__init__``.

Compiled, because a loop over columns would cost more than SQLite does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NoReturn, Protocol, cast

from goldlane.errors import UsageError
from goldlane.features.online import values
from goldlane.features.online.sqlite_tiles import TileReader
from goldlane.features.online.store import Answer, FeatureNotFoundError, Key, Unknown
from goldlane.features.online.values import quoted

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable

_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Plan:
    """Reads one table in one of its generations. A row of ``select`` begins with the generation that is in the store now."""

    table: FeatureTable
    generation: int
    select: str
    parameters: Callable[[Key], tuple[object, ...]]
    answer: Callable[[Sequence[Any], int], Answer]
    tiles: TileReader | None
    empty: Callable[[], Answer]


class Planned(Protocol):
    """What of a plan says how to answer without a row."""

    @property
    def table(self) -> FeatureTable: ...  # noqa: D102  as in Plan
    @property
    def empty(self) -> Callable[[], Answer]: ...  # noqa: D102  as in Plan


def absent(plan: Planned, key: Key, unknown: Unknown) -> Answer:
    """What a key is answered that has no row."""
    if unknown == "empty":
        return plan.empty()
    if unknown != "raise":
        raise UsageError(f"unknown must be 'raise' or 'empty', not {unknown!r}")
    raise FeatureNotFoundError(plan.table.name, key)


class _Draft:
    """An answer while it is made. Filling a frozen one takes three times as long, a tenth of the whole lookup of one among many."""

    __slots__ = Answer.__slots__

    def __init__(self, features: dict[str, Any], as_of: datetime, age_s: float, missing: tuple[str, ...], expired: bool) -> None:  # noqa: FBT001  as ``Answer``
        self.features, self.as_of, self.age_s, self.missing, self.expired = features, as_of, age_s, missing, expired


def make_plan(table: FeatureTable, generation: int) -> Plan:
    """The plan for a table as the store declares it."""
    names = [feature.name for feature in table.features]
    columns = ", ".join(quoted(name) for name in (table.event_time, *names))
    keys = " AND ".join(f"{quoted(key)} = ?" for key in table.keys)
    current = f"(SELECT generation FROM goldlane_tables WHERE name = '{table.name}')"  # noqa: S608  names are identifiers
    return Plan(
        table=table,
        generation=generation,
        select=f"SELECT {current}, {columns} FROM {quoted(table.name)} WHERE {keys}",  # noqa: S608  names are identifiers
        parameters=compiled_parameters(table),
        answer=compiled_answer(table, values.DECODERS, values.NAMESPACE),
        tiles=TileReader(table) if table.has_tiles else None,
        empty=lambda: empty_answer(table),
    )


def compiled_parameters(table: FeatureTable) -> Callable[[Key], tuple[Any, ...]]:
    """From a key to the values of its columns, as ``values`` keeps them."""
    return cast("Callable[[Key], tuple[Any, ...]]", _compiled("parameters", *_parameters(table)))


def compiled_answer(
    table: FeatureTable, decoders: Mapping[str, str], namespace: Mapping[str, Any]
) -> Callable[[Sequence[Any], int], Answer]:
    """From a row (its generation, its time, its features) and the read time to the answer; times count from the namespace's ``epoch``."""
    return cast("Callable[[Sequence[Any], int], Answer]", _compiled("answer", *_answer(table, decoders, namespace)))


def empty_answer(table: FeatureTable) -> Answer:
    """What is answered for a key that nobody has seen."""
    names = tuple(feature.name for feature in table.features)
    return Answer(dict.fromkeys(names), None, None, names, False)


def _parameters(table: FeatureTable) -> tuple[str, dict[str, Any]]:
    """From a key to the stored values of its columns. Text for a text column, by far the most frequent, is not looked at twice."""
    namespace: dict[str, Any] = {"wrong_key": _wrong_key, "table": table, "encode": _encode}
    lines = ["def parameters(key):", "    try:"]
    for number, key in enumerate(table.keys):
        namespace[f"type{number}"] = table.key_types[key]
        lines.append(f"        v{number} = key[{key!r}]")
    lines += ["    except (KeyError, TypeError, IndexError):", "        wrong_key(table, key)"]
    lines += [f"    if len(key) != {len(table.keys)}:", "        wrong_key(table, key)"]
    for number, key in enumerate(table.keys):
        is_text = table.key_types[key] == "string"
        indent = "        " if is_text else "    "
        lines += [f"    if v{number}.__class__ is not str:"] if is_text else []
        lines.append(f"{indent}v{number} = encode(table, {key!r}, type{number}, v{number})")
    values_ = ", ".join(f"v{number}" for number in range(len(table.keys)))
    return "\n".join([*lines, f"    return ({values_},)"]), namespace


def _answer(table: FeatureTable, known: Mapping[str, str], namespace: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """From a row and the read time to the answer."""
    features = table.features
    variables = ", ".join(f"v{number}" for number in range(len(features)))
    decoders = [known.get(values.family(feature.type), "{v}") for feature in features]
    pairs = enumerate(zip(features, decoders, strict=True))
    decoded = ", ".join(f"{feature.name!r}: {decoder.format(v=f'v{n}')}" for n, (feature, decoder) in pairs)
    names = tuple(feature.name for feature in features)
    lines = [
        "def answer(row, now):",
        f"    _, t, {variables}, = row",
        "    age = now - t",
        *(
            []
            if table.ttl is None
            else ["    if age > ttl:", "        return Answer(fromkeys(names), epoch + delta(0, 0, t), age / 1e6, names, True)"]
        ),
        f"    features = {{{decoded}}}",
        "    missing = tuple([n for n, v in features.items() if v is None]) if None in row else ()",
        "    draft = Draft(features, epoch + delta(0, 0, t), age / 1e6, missing, False)",
        "    draft.__class__ = Answer",
        "    return draft",
    ]
    ttl = None if table.ttl is None else table.ttl // _MICROSECOND
    return "\n".join(lines), {**namespace, "Answer": Answer, "Draft": _Draft, "fromkeys": dict.fromkeys, "names": names, "ttl": ttl}


def _compiled(name: str, source: str, namespace: dict[str, Any]) -> Any:
    exec(compile(source, f"<{name} of a feature table>", "exec"), namespace)  # noqa: S102  made of identifiers and our own words only
    return namespace[name]


def _encode(table: FeatureTable, key: str, type_name: str, value: object) -> object:
    try:
        return values.key_encoder(type_name)(value)
    except ValueError as wrong:
        raise UsageError(f"{table.name}: key {key} is of type {type_name}: {wrong}") from wrong


def _wrong_key(table: FeatureTable, key: object) -> NoReturn:
    given = ", ".join(map(str, key)) if isinstance(key, Mapping) else repr(key)
    raise UsageError(f"{table.name} is read by {', '.join(table.keys)}, not by {given or 'nothing'}")
