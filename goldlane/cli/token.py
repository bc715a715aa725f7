"""``goldlane token``: who may ask a server."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from goldlane.cli.options import JsonOption, names
from goldlane.cli.output import print_json, progress, results
from goldlane.errors import GoldlaneError, UsageError
from goldlane.filelocks import file_lock

if TYPE_CHECKING:
    from goldlane.serving.tokens import Token

app = typer.Typer(help="Make, list and revoke the tokens of goldlane serve.", no_args_is_help=True)
TokensOption = Annotated[Path, typer.Option("--tokens", help="The file of tokens.")]


@app.command()
def create(
    *,
    tokens: TokensOption,
    name: Annotated[str, typer.Option(help="Whose token it is, for your own eyes.")] = "agent",
    scope: Annotated[list[str] | None, typer.Option(help="A table or feature set it may read, or /metrics; several, or * for all.")] = None,
    expires: Annotated[str | None, typer.Option(help="How long it lasts, as in 90d or 12h; for ever when not given.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a token and print it: this once, for only its hash is kept."""
    from goldlane.serving.token_files import read_tokens, write_tokens
    from goldlane.serving.tokens import new_token

    if not name.isascii() or not name.isprintable():
        raise UsageError("a token's name is plain text")
    text, kept = new_token(name, _scopes(scope), _end(expires))
    _require_tokens(tokens, if_there=True)
    with _changing(tokens):
        known = read_tokens(tokens) if tokens.exists() else {}
        write_tokens(tokens, [*known.values(), kept])
    if as_json:
        print_json({**_document(kept), "token": text})
        return
    progress().print(f"token {kept.id} for {', '.join(sorted(kept.scopes))}; it is shown this once", markup=False)
    results().print(text, markup=False)


@app.command("list")
def list_tokens(*, tokens: TokensOption, as_json: JsonOption = False) -> None:
    """The tokens of a file, without their secrets."""
    from goldlane.serving.token_files import read_tokens

    found = [_document(token) for token in read_tokens(tokens).values()]
    if as_json:
        print_json({"tokens": found})
        return
    for each in found:
        ends = f"until {each['expires_at']}" if each["expires_at"] else "for ever"
        results().print(f"{each['id']}  {each['name']}  {', '.join(each['scopes'])}  {ends}", markup=False)


@app.command()
def revoke(token: Annotated[str, typer.Argument(metavar="ID", help="The token's id.")], *, tokens: TokensOption) -> None:
    """Forget a token; a running server refuses it within a second or two."""
    from goldlane.serving.token_files import read_tokens, write_tokens

    _require_tokens(tokens)
    with _changing(tokens):
        known = read_tokens(tokens)
        if known.pop(token, None) is None:
            raise UsageError(f"{tokens} has no token {token!r}", hint="goldlane token list names them")
        write_tokens(tokens, known.values())
    progress().print(f"token {token} is revoked", markup=False)


def _scopes(given: list[str] | None) -> list[str]:
    """Without the option, all; an empty one is a mistake, and not all."""
    from goldlane.serving.tokens import EVERYTHING

    if not given:
        return [EVERYTHING]
    if not all(names([each]) for each in given):
        raise UsageError("--scope names nothing", hint="a table, a feature set, or * for all")
    return names(given) or []


def _require_tokens(tokens: Path, *, if_there: bool = False) -> None:
    """A lock stays beside its file: none beside a file that is something else."""
    from goldlane.serving.token_files import read_tokens

    if tokens.exists() or not if_there:
        read_tokens(tokens)


def _changing(tokens: Path) -> AbstractContextManager[None]:
    """Whoever reads and writes the file beside somebody else would bring back a token that was revoked meanwhile."""

    def refusal(owner: str) -> GoldlaneError:
        return GoldlaneError(f"the tokens in {tokens} are being changed by {owner}", hint="try again")

    return file_lock(tokens.with_name(f"{tokens.name}.lock"), refusal)


def _document(token: Token) -> dict[str, Any]:
    ends = token.expires_at
    return {"id": token.id, "name": token.name, "scopes": sorted(token.scopes), "created_at": token.created_at, "expires_at": ends}


def _end(expires: str | None) -> datetime | None:
    from goldlane.features.durations import microseconds

    if expires is None:
        return None
    try:
        return datetime.now(timezone.utc) + timedelta(microseconds=microseconds(expires))
    except (ValueError, OverflowError) as wrong:
        raise UsageError(f"--expires {expires!r} is no length of time", hint="write 90d, 12h or 30m") from wrong
