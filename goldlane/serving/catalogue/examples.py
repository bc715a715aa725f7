"""How a table or a set is asked, ready to be copied: over HTTP, from Python, by an agent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from goldlane.features.types import decimal_scale

if TYPE_CHECKING:
    from goldlane.serving.endpoints import Endpoint

_NUMBERS = ("tinyint", "smallint", "int", "bigint")
_SAMPLES: Mapping[str, object] = {
    **dict.fromkeys(_NUMBERS, 1),
    "boolean": True,
    "date": "2026-01-31",
    "timestamp": "2026-01-31T10:00:00Z",
    "timestamp_ntz": "2026-01-31T10:00:00",
    "binary": "00ff",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One way to ask."""

    title: str
    text: str


def examples(endpoint: Endpoint, address: str) -> tuple[Example, ...]:
    """The calls of ``endpoint`` on the server at ``address``. Keys are made up: never a value of the store."""
    key = {name: _sample(name, kind) for name, kind in endpoint.key_types.items()}
    in_process = _lookup_all(endpoint, key) if endpoint.is_set else f'answer = store.lookup("{endpoint.name}", {_python(key)})'
    return (
        Example(title="curl", text=_curl(endpoint.name, key, address)),
        Example(title="Python, over HTTP", text=_sdk(endpoint.name, key, address)),
        Example(title="Python, straight from the store", text=f"{_OPEN}\n{in_process}\nanswer.features, answer.age_s, answer.missing"),
        Example(title="MCP tool call", text=_mcp(endpoint, key)),
    )


_OPEN = 'from goldlane.features import open_store\n\nstore = open_store("sqlite:///online.db")  # the URL of the store'


def _curl(name: str, key: Mapping[str, object], address: str) -> str:
    body = json.dumps({"dataframe_records": [key]})
    return (
        f"curl {address}/serving-endpoints/{name}/invocations \\\n"
        '  -H "Authorization: Bearer $GOLDLANE_TOKEN" \\\n'
        "  -H 'Content-Type: application/json' \\\n"
        f"  -d '{body}'"
    )


def _sdk(name: str, key: Mapping[str, object], address: str) -> str:
    return (
        "from databricks.sdk import WorkspaceClient\n\n"
        f'client = WorkspaceClient(host="{address}", token=token)\n'
        f'answer = client.serving_endpoints.query("{name}", dataframe_records=[{_python(key)}])\n'
        "answer.outputs[0]"
    )


def _mcp(endpoint: Endpoint, key: Mapping[str, object]) -> str:
    arguments = {"key": key, "tables": [table.name for table in endpoint.tables]}
    return f"get_features({json.dumps(arguments)})"


def _lookup_all(endpoint: Endpoint, key: Mapping[str, object]) -> str:
    asked = (f'    "{name}": {_python({one: key[one] for one in keys})},' for name, keys in endpoint.table_keys)
    return "\n".join(["answers = store.lookup_all({", *asked, "})", f'answer = answers["{_first(endpoint.table_keys)}"]'])


def _first(table_keys: Sequence[tuple[str, tuple[str, ...]]]) -> str:
    return table_keys[0][0] if table_keys else ""


def _python(key: Mapping[str, object]) -> str:
    return json.dumps(key).replace(": true", ": True")


def _sample(name: str, kind: str) -> object:
    if decimal_scale(kind) is not None:
        return "1" + "." * bool(decimal_scale(kind)) + "0" * (decimal_scale(kind) or 0)
    return _SAMPLES.get(kind, f"<{name}>")
