"""The agent of docs/agent.md, as it stands there, with a model that follows a script."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from goldlane.features.online import OnlineStore

PAGE = Path(__file__).parents[3] / "docs" / "agent.md"
QUESTION = "Why is the payment of C00007 at M00042 risky?"


@pytest.fixture(scope="module")
def agent() -> Any:
    """What the page's program defines."""
    (program,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(program.splitlines()) <= 60
    names: dict[str, Any] = {"__name__": "agent"}
    exec(compile(program, "docs/agent.md", "exec"), names)  # noqa: S102  the code of our own page
    return names


class Script:
    """A model that looks up what it is told to, then answers with the lines that speak of risk."""

    def __init__(self, *calls: tuple[str, str]) -> None:
        self.calls, self.asked = list(calls), 0
        self.tools: list[dict[str, Any]] = []

    def __call__(self, messages: list[dict[str, Any]], tools: list[dict[str, Any]]) -> dict[str, Any]:
        self.asked, self.tools = self.asked + 1, tools
        if self.calls:
            name, arguments = self.calls.pop(0)
            call = {"id": f"call_{self.asked}", "type": "function", "function": {"name": name, "arguments": arguments}}
            return {"role": "assistant", "tool_calls": [call]}
        assert messages[-1]["tool_call_id"] == f"call_{self.asked - 1}"
        risky = [
            line for line in messages[-1]["content"].splitlines() if re.search("risk_tier =|txn_count_5m =|missing|nothing|no such", line)
        ]
        return {"role": "assistant", "content": "\n".join(risky) or messages[-1]["content"]}


class CountedStore:
    """Counts the lookups; any other way to read would fail."""

    def __init__(self, store: OnlineStore) -> None:
        self._store, self.lookups = store, 0

    def lookup_all(self, *arguments: Any, **options: Any) -> Any:
        self.lookups += 1
        return self._store.lookup_all(*arguments, **options)


def call(**arguments: Any) -> tuple[str, str]:
    return "payment_context", json.dumps(arguments)


def test_it_answers_from_one_lookup(agent: Any, lane: OnlineStore) -> None:
    store = CountedStore(lane)
    model = Script(call(merchant_id="M00042", customer_id="C00007"))

    answer = agent["answer"](QUESTION, [agent["payment_tool"](store)], model)

    assert '- risk_tier = "high" (high above a fraud_rate_30d of 0.05' in answer
    assert "- txn_count_5m = " in answer
    assert "- chargeback_rate_90d = missing, no value is known" in answer
    assert (model.asked, store.lookups) == (2, 1)


def test_what_the_model_may_call_is_one_strict_function(agent: Any, lane: OnlineStore) -> None:
    name, arguments = call(merchant_id="M00042", customer_id="C00007")
    model = Script((name, arguments))
    agent["answer"](QUESTION, [agent["payment_tool"](lane)], model)

    (function,) = (tool["function"] for tool in model.tools)

    assert (function["name"], function["strict"]) == (name, True)
    jsonschema.validate(json.loads(arguments), function["parameters"])
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"merchant_id": "M00042"}, function["parameters"])


def test_an_unknown_merchant_is_told_as_unknown(agent: Any, lane: OnlineStore) -> None:
    model = Script(call(merchant_id="M99999", customer_id="C00007"))

    answer = agent["answer"](QUESTION, [agent["payment_tool"](lane)], model)

    assert 'merchant_features of merchant_id="M99999": nothing is known of this entity. Do not guess.' in answer


@pytest.mark.parametrize(
    "wrong, said",
    [
        (call(merchant_id="M00042"), "payment_context: customer_id is missing"),
        (call(merchant_id=42, customer_id="C00007"), "merchant_id is of type string: 42 is not text"),
        (call(merchant="M00042", customer_id="C00007"), "there is no argument 'merchant'; did you mean merchant_id?"),
        (("payment_context", "{"), "the arguments are not valid JSON"),
        (("refund", "{}"), "there is no such tool; there are payment_context"),
    ],
)
def test_a_wrong_call_is_answered_so_that_the_next_can_be_right(agent: Any, lane: OnlineStore, wrong: tuple[str, str], said: str) -> None:
    assert said in agent["answer"](QUESTION, [agent["payment_tool"](lane)], Script(wrong))


def test_a_model_that_only_calls_is_stopped(agent: Any, lane: OnlineStore) -> None:
    model = Script(*[call(merchant_id="M00042", customer_id="C00007")] * 9)

    assert agent["answer"](QUESTION, [agent["payment_tool"](lane)], model, turns=3) == "No answer after 3 turns."
    assert model.asked == 3
