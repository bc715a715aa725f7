"""The bodies that chat services take, within the sizes that they accept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from goldlane.monitoring.alerts.sinks.sink import Notice

# A section of Slack holds 3,000 characters, a message of Teams 28 kB.
_SECTION = 2_900
_LINE = 600


def slack(notice: Notice) -> dict[str, Any]:
    """Text for notifications, and one section per handful of lines; ``&``, ``<`` and ``>`` are markup there."""
    title = _slack_text(notice.title)
    blocks: list[dict[str, Any]] = [{"type": "section", "text": {"type": "mrkdwn", "text": f"*{title}*"}}]
    blocks += [{"type": "section", "text": {"type": "mrkdwn", "text": text}} for text in _sections(notice)]
    return {"text": title, "blocks": blocks}


def teams(notice: Notice) -> dict[str, Any]:
    """An adaptive card, which workflows and incoming webhooks of Teams both take."""
    body: list[dict[str, Any]] = [{"type": "TextBlock", "text": notice.title, "weight": "Bolder", "size": "Medium", "wrap": True}]
    body += [{"type": "TextBlock", "text": _cut(line), "wrap": True, "spacing": "Small"} for line in notice.lines]
    card = {"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": body}
    return {
        "type": "message",
        "attachments": [{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}],
    }


def plain(notice: Notice) -> dict[str, Any]:
    """All that is known, for a program."""
    return {"table": notice.table, "title": notice.title, "at": notice.at, "alerts": [alert.document() for alert in notice.alerts]}


SHAPES: dict[str, Callable[[Notice], dict[str, Any]]] = {"slack": slack, "teams": teams, "json": plain}


def _sections(notice: Notice) -> list[str]:
    sections = [""]
    for line in notice.lines:
        told = _slack_text(_cut(line))
        if len(sections[-1]) + len(told) > _SECTION:
            sections.append("")
        sections[-1] += f"• {told}\n"
    return [section for section in sections if section]


def _cut(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[: _LINE - 1]}…"


def _slack_text(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
