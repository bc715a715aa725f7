"""An error about a store's URL never has its password or token in it."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from typing import Any

import pytest

from goldlane.errors import GoldlaneError
from goldlane.features.online import open_async_store, open_store


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg://u:sesame@h/db",
        "Postgresql://u:sesame@h/db",
        "postgres:u:sesame@h/db",
        "mysql://h/db?password=sesame",
        "mysql://h/db?user=a@b&password=x@sesame",
        "mysql://u:a?sesame@h/db",
        "host=h password='open sesame'",
        "databricks://token:sesame@host/c",
        "databricks://token:sesame@host/c.s?instance=i",
        "databricks://token:open/sesame@host/c.s?instance=i",
        "databricks://token:open?sesame@host/c.s?instance=i",
    ],
)
@pytest.mark.parametrize("opened", [open_store, open_async_store])
def test_no_password_or_token_is_printed(url: str, opened: Callable[[str], Any]) -> None:
    with pytest.raises(GoldlaneError) as caught:
        opened(url)

    assert "sesame" not in "".join(traceback.format_exception_only(caught.value)) + str(caught.value.hint)


def test_what_holds_no_secret_is_told() -> None:
    with pytest.raises(GoldlaneError, match=r"'mysql://\*\*\*@host/db' is no store"):
        open_store("mysql://user@host/db?ssl=1")
    with pytest.raises(GoldlaneError, match="comes from the profile or the environment, not from the URL"):
        open_store("databricks://token:dapi@host/c.s?instance=i")
