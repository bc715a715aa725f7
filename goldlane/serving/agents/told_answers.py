"""What a model is told: features by name, and beside them, only where it matters, what is missing, expired or unknown."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from goldlane.features.prompts import age, instant, plain

if TYPE_CHECKING:
    from goldlane.features.online import Answer
    from goldlane.serving.agents.known_tables import Publications
    from goldlane.serving.agents.questions import Question

_EXACT_BELOW_S = 10


def told_answers(question: Question, answers: Mapping[str, Answer], publications: Publications) -> str:
    """One object per table, as JSON without blanks. Only features that were asked for and are not sensitive are looked at."""
    told = {
        name: _unknown(question.keys[name])
        if answer.as_of is None
        else _told(answer, question.features[name], publications[name].table.ttl)
        for name, answer in answers.items()
    }
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def unknown_to_all(question: Question, answers: Mapping[str, Answer]) -> str | None:
    """What to say when not one of the tables has the entity; None when some have it."""
    if any(answer.as_of is not None for answer in answers.values()):
        return None
    asked = " and ".join(dict.fromkeys(_entity(key) for key in question.keys.values()))
    where = ", ".join(answers)
    return f"Nothing is known of {asked} in {where}. Do not guess its features: check the key, or say that it is unknown."


def _told(answer: Answer, features: tuple[str, ...], ttl: Any) -> dict[str, Any]:
    known_since = {"_as_of": None if answer.as_of is None else instant(answer.as_of), "_age_s": _age_s(answer.age_s)}
    if answer.expired:
        return {**known_since, "_expired": f"older than {age(ttl.total_seconds())}, too old to be told" if ttl else "too old to be told"}
    values = {name: plain(answer.features[name]) for name in features if answer.features.get(name) is not None}
    missing = [name for name in features if answer.features.get(name) is None]
    return {**values, **known_since, **({"_missing": missing} if missing else {})}


def _unknown(key: Mapping[str, object]) -> dict[str, Any]:
    return {"_unknown": f"nothing is known of {_entity(key)}"}


def _entity(key: Mapping[str, object]) -> str:
    return ", ".join(f"{column}={str(value)[:100]}" for column, value in key.items())


def _age_s(seconds: float | None) -> float | int | None:
    """Whole seconds, but for the first ten."""
    return None if seconds is None else round(seconds) if abs(seconds) >= _EXACT_BELOW_S else round(seconds, 1)
