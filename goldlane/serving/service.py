"""A server process as it was asked for: sent to every worker, which makes its application of it."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from pathlib import Path

from goldlane.errors import UsageError
from goldlane.features.online import open_store
from goldlane.serving.access import Access, LocalAccess, TokenAccess
from goldlane.serving.app import make_app
from goldlane.serving.endpoints import Endpoints
from goldlane.serving.gate import Gate
from goldlane.serving.limits import Limits
from goldlane.serving.logs import Forwarded, make_logger
from goldlane.serving.metrics import Metrics
from goldlane.serving.state import Serving
from goldlane.serving.token_files import TokenFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What is served, and to whom: holders of a token in the file ``tokens``, or everybody who asks from this machine.

    With ``answers``, a folder, the answers for ``sample`` of all keys are logged there for ``goldlane replay``.

    Raises:
        Mistakes: both or neither of ``tokens`` and ``insecure``.
    """

    store: str
    folder: Path = field(default_factory=Path.cwd)
    tokens: Path | None = None
    insecure: bool = False
    limits: Limits = field(default_factory=Limits)
    log_requests: bool = False
    answers: Path | None = None
    sample: float = 0.01

    def __post_init__(self) -> None:
        if self.insecure == (self.tokens is not None):
            wrong = "--tokens and --insecure exclude each other" if self.insecure else "nobody may ask: name a file of tokens"
            hint = "goldlane token create --tokens FILE makes one, --insecure serves this machine only"
            raise UsageError(f"serve: {wrong}", hint=hint)

    def __call__(self) -> Gate:
        """The application, with its own connections to the store.

        Raises:
            GoldlaneError: the store or the token file cannot be read.
        """
        store = open_store(self.store, folder=self.folder, answers=self.answers, sample=self.sample)
        endpoints = Endpoints(store)
        endpoints.refresh()
        file = None if self.tokens is None else TokenFile(self.tokens)
        access: Access = LocalAccess() if file is None else TokenAccess(file)
        log = make_logger()
        uvicorn_log = logging.getLogger("uvicorn.error")
        uvicorn_log.handlers, uvicorn_log.propagate = [Forwarded(log)], False
        serving = Serving(
            store=store,
            endpoints=endpoints,
            access=access,
            metrics=Metrics(),
            log=log,
            limits=self.limits,
            reads_inline=self.store.startswith("sqlite:"),
            log_requests=self.log_requests,
        )
        return make_app(serving, refresh_tokens=None if file is None else file.refresh)
