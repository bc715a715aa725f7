"""What a ``databricks://`` URL names: a workspace, the schema of the feature tables, and how they are read online."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from goldlane.errors import MissingExtraError, Mistakes
from goldlane.features.databricks_names import Unity
from goldlane.features.online.urls import masked

if TYPE_CHECKING:
    from databricks.sdk import WorkspaceClient

FORM = "databricks://PROFILE_OR_HOST/CATALOG.SCHEMA?instance=LAKEBASE_INSTANCE or ?endpoint=FEATURE_SERVING_ENDPOINT"
_OPTIONS = ("instance", "database", "endpoint", "port", "sslmode")
_POSTGRES_PORT = 5432


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """``workspace`` is a host or a profile; empty, it is that of the environment, as in a job of a workspace.

    Tables go to the Lakebase ``instance``, and are read from it unless there is an ``endpoint``.
    In ``endpoint``, ``{table}`` stands for a table's name. ``database`` is the Postgres database, by default named like the catalog.
    """

    workspace: str
    unity: Unity
    database: str
    endpoint: str | None = None
    port: int = _POSTGRES_PORT
    sslmode: str = "require"

    @property
    def instance(self) -> str | None:
        """The Lakebase instance; None where tables are only read, through an endpoint."""
        return self.unity.online_store

    def client(self) -> WorkspaceClient:
        """A client of the workspace, by the profile or by what the environment says of the host."""
        try:
            from databricks.sdk import WorkspaceClient
        except ImportError as missing:
            raise MissingExtraError("databricks", needed_for="a databricks:// store") from missing
        from goldlane.features.online.databricks_errors import clear_errors

        with clear_errors(f"finding the workspace {self.workspace or 'of this environment'}"):
            if not self.workspace:
                return WorkspaceClient()
            if "." in self.workspace or ":" in self.workspace:
                return WorkspaceClient(host=f"https://{self.workspace}")
            return WorkspaceClient(profile=self.workspace)


def place_of(url: str) -> Place:
    """The place that ``url`` names.

    Raises:
        Mistakes: it names none; all mistakes at once.
    """
    split = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(split.query).items()}
    parts = unquote(split.path).strip("/").split(".")
    mistakes = _mistakes(split.netloc, parts, options)
    if mistakes:
        raise Mistakes(f"{masked(url)!r} is no store on Databricks, as in {FORM}", mistakes)
    catalog, schema = parts
    rest: dict[str, Any] = {"port": int(options.get("port", _POSTGRES_PORT)), "sslmode": options.get("sslmode", "require")}
    unity = Unity(catalog=catalog, schema=schema, online_store=options.get("instance"))
    database = options.get("database", catalog)
    return Place(workspace=split.netloc, unity=unity, database=database, endpoint=options.get("endpoint"), **rest)


def _mistakes(workspace: str, parts: list[str], options: dict[str, str]) -> list[str]:
    # A / or ? in a token ends the host early: only what follows an @ is no part of it.
    has_secret = any("@" in part for part in (workspace, *parts, *options))
    mistakes = ["who asks comes from the profile or the environment, not from the URL"] if has_secret else []
    place = ".".join(parts).rpartition("@")[2]
    mistakes += [] if len(parts) == 2 and all(parts) else [f"{place!r} is not CATALOG.SCHEMA"]  # noqa: PLR2004  a catalog and a schema
    mistakes += [
        f"there is no option {name.rpartition('@')[2]!r}; known are {', '.join(_OPTIONS)}" for name in options if name not in _OPTIONS
    ]
    mistakes += [] if "instance" in options or "endpoint" in options else ["neither an instance nor an endpoint is named"]
    mistakes += [] if options.get("port", "1").isdecimal() else [f"the port {options['port']!r} is no number"]
    return mistakes
