"""``dbutils.secrets``: environment variables, for a laptop has no secret scopes."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from typing import NamedTuple

from goldlane.pipelines.errors import PipelineError


class SecretMetadata(NamedTuple):
    """A secret's key."""

    key: str


class SecretScope(NamedTuple):
    """A scope's name."""

    name: str


class Secrets:
    """The secret ``key`` of ``scope`` is the variable ``SCOPE_KEY``, in capitals and with underscores."""

    def get(self, scope: str, key: str) -> str:
        """The secret's text.

        Raises:
            PipelineError: the environment has no such variable; the message names it.
        """
        name = variable(scope, key)
        if name not in os.environ:
            raise PipelineError(f"the secret {key!r} of scope {scope!r} is not known here", hint=f"set the environment variable {name}")
        return os.environ[name]

    def getBytes(self, scope: str, key: str) -> bytes:  # noqa: N802  Databricks' name
        """The secret as UTF-8."""
        return self.get(scope, key).encode()

    def list(self, scope: str) -> Sequence[SecretMetadata]:
        """The secrets of a scope: an environment says nothing about scopes, so there is none to list."""
        del scope
        return []

    def listScopes(self) -> Sequence[SecretScope]:  # noqa: N802  Databricks' name
        """No scope: see ``list``."""
        return []


def variable(scope: str, key: str) -> str:
    """The environment variable of a secret."""
    return re.sub(r"\W", "_", f"{scope}_{key}").upper()
