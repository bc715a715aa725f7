"""``goldlane lookup``: what an agent would get."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.options import JsonOption, pairs, project
from goldlane.cli.output import print_json, results
from goldlane.cli.stores import StoreOption, store_or_default
from goldlane.errors import UsageError
from goldlane.features.online.json_values import spelled, with_plain_numbers

if TYPE_CHECKING:
    from goldlane.features.online import Answer


def lookup(
    table: Annotated[str, typer.Argument(metavar="TABLE", help="The feature table.")],
    key: Annotated[list[str], typer.Argument(metavar="KEY=VALUE...", help="The entity, as in merchant_id=M00042.")],
    *,
    store: StoreOption = None,
    features: Annotated[str | None, typer.Option(help="Only these features, separated by commas.")] = None,
    as_json: JsonOption = False,
) -> None:
    """The newest features of one entity, and how old they are."""
    entity = entity_of_arguments(key, "lookup")
    answer = store_or_default(store, project()).lookup(table, entity)
    names = _chosen(answer, features, table)
    if as_json:
        print_json(_document(entity, answer, names))
    else:
        _print(table, entity, answer, names)


def entity_of_arguments(given: Sequence[str], command: str) -> dict[str, str]:
    """``KEY=VALUE`` arguments of ``command`` as a key."""
    entity = pairs(given, command)
    if len(entity) != len(given):
        raise UsageError(f"the key {' '.join(given)} names a column twice", hint="say each column of the key once")
    return entity


def _chosen(answer: Answer, features: str | None, table: str) -> list[str]:
    names = list(answer.features) if features is None else [name.strip() for name in features.split(",") if name.strip()]
    unknown = [name for name in names if name not in answer.features]
    if unknown or not names:
        raise UsageError(f"{table} has no feature {', '.join(unknown) or repr(features)}; it has {', '.join(answer.features)}")
    return names


def _document(entity: Mapping[str, str], answer: Answer, names: Sequence[str]) -> dict[str, Any]:
    return {
        **entity,
        "features": with_plain_numbers({name: answer.features[name] for name in names}),
        "as_of": answer.as_of,
        "age_s": answer.age_s,
        "missing": [name for name in answer.missing if name in names],
        "expired": answer.expired,
    }


def _print(table: str, entity: Mapping[str, str], answer: Answer, names: Sequence[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    state = "expired" if answer.expired else f"{answer.age_s:,.1f} s old"
    results().print(Text(f"{table} {', '.join(f'{name}={value}' for name, value in entity.items())}: as of {answer.as_of} ({state})"))
    rows = Table(box=None, show_header=False, pad_edge=False)
    for name in names:
        rows.add_row(Text(name), Text("missing" if answer.features[name] is None else spelled(answer.features[name])))
    results().print(rows)
