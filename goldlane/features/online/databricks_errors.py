"""What a workspace refuses, in one line that names the thing and the next step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from goldlane.errors import GoldlaneError, UsageError, first_line
from goldlane.features.online.store import StoreError


@contextmanager
def clear_errors(what: str, failed: type[GoldlaneError] = StoreError) -> Iterator[None]:
    """Errors of the workspace while it does ``what``.

    Raises:
        UsageError: it does not know who asks, or does not let them.
        StoreError: it could not do it; or the ``failed`` of the caller.
    """
    from databricks.sdk.errors import PermissionDenied, Unauthenticated
    from databricks.sdk.errors.base import DatabricksError

    try:
        yield
    except (PermissionDenied, Unauthenticated) as error:
        raise UsageError(
            f"{what}: the workspace refused: {first_line(error)}", hint="databricks auth login; or ask for the grant"
        ) from error
    except DatabricksError as error:
        raise failed(f"{what}: {first_line(error)}") from error
    except (ValueError, OSError) as error:
        # The SDK's own words for a profile that is not there, or a host that does not answer.
        raise UsageError(f"{what}: {first_line(error)}", hint="databricks auth profiles") from error
