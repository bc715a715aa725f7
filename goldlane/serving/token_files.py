"""The file of a server's tokens: readable by its owner alone, written whole or not at all, read again when it changes."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from goldlane.errors import UsageError
from goldlane.serving.tokens import Token


def read_tokens(path: Path) -> dict[str, Token]:
    """The tokens by their ids.

    Raises:
        UsageError: there is no such file, or it holds something else.
    """
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))["tokens"]
        tokens = [Token.from_document(each) for each in kept]
    except OSError as error:
        raise UsageError(f"the token file {path} cannot be read: {error.strerror}", hint="goldlane token create makes it") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} is not a file of tokens", hint="goldlane token create makes one") from error
    return {token.id: token for token in tokens}


def write_tokens(path: Path, tokens: Iterable[Token]) -> None:
    """Replace the file in one step, with permissions 600.

    Raises:
        UsageError: it cannot be written.
    """
    text = json.dumps({"tokens": [token.document() for token in tokens]}, indent=2) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).replace(path)
    except OSError as error:
        raise UsageError(f"the token file {path} cannot be written: {error.strerror}") from error


class TokenFile:
    """The tokens as the file holds them; ``refresh`` reads it again when it is another file than before."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._seen: tuple[int, int, int] | None = None
        self.tokens: Mapping[str, Token] = {}
        self.refresh()

    def refresh(self) -> bool:
        """Whether it had changed.

        Raises:
            UsageError: it is gone or damaged; from now on nobody is let in.
        """
        try:
            found = self.path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        except OSError:
            seen = None
        if seen is not None and seen == self._seen:
            return False
        self._seen, self.tokens = None, {}
        self.tokens = read_tokens(self.path)
        self._seen = seen
        return True
