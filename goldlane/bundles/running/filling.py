"""Settings of a task with ``{{...}}`` and the references that only a deployment would know filled in."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from goldlane.bundles.loading import Bundle
from goldlane.bundles.running.facts import Facts, ReferenceFault
from goldlane.bundles.trees import leaves
from goldlane.bundles.variables import REFERENCE

_DYNAMIC = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
# What is uploaded on the platform lies here in the bundle's own folder.
_PLACES = ("workspace.file_path", "workspace.root_path")


def filled_in(value: Any, facts: Facts) -> Any:
    """``value`` with every reference in its texts replaced.

    Raises:
        ReferenceFault: references that lead nowhere, all of them at once.
    """
    wrong = [f"{{{{{reference}}}}}: {fault}" for reference, fault in _faults(value, facts)]
    if wrong:
        raise ReferenceFault("; ".join(dict.fromkeys(wrong)))
    return _filled(value, facts)


def deployed(bundle: Bundle, value: Any) -> Any:
    """``value`` with what a deployment makes known: places of the bundle, which lie here."""
    if isinstance(value, dict):
        return {key: deployed(bundle, each) for key, each in value.items()}
    if isinstance(value, list):
        return [deployed(bundle, each) for each in value]
    return REFERENCE.sub(lambda found: _place(bundle, found), value) if isinstance(value, str) else value


def unknown_references(value: Any) -> list[str]:
    """The ``${...}`` that nothing on this machine can fill in."""
    texts = (text for _, text in leaves(value) if isinstance(text, str))
    return list(dict.fromkeys(f"${{{name}}}" for text in texts for name in REFERENCE.findall(text) if "." in name))


def _place(bundle: Bundle, found: re.Match[str]) -> str:
    name = found[1].strip()
    if name in _PLACES:
        return str(bundle.root)
    if name == "workspace.current_user.userName":
        import getpass

        return getpass.getuser()
    return found[0]


def _faults(value: Any, facts: Facts) -> Iterator[tuple[str, str]]:
    for _, text in leaves(value):
        for reference in _DYNAMIC.findall(text) if isinstance(text, str) else ():
            try:
                facts.value(reference)
            except ReferenceFault as fault:
                yield reference, fault.message


def _filled(value: Any, facts: Facts) -> Any:
    if isinstance(value, Mapping):
        return {key: _filled(each, facts) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, facts) for each in value]
    if not isinstance(value, str):
        return value
    return _DYNAMIC.sub(lambda found: _text(found, facts), value)


def _text(found: re.Match[str], facts: Facts) -> str:
    known = facts.value(found[1])
    return found[0] if known is None else known
