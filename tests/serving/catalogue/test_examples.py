"""The calls that a page shows are made, as they stand there."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest

Look = Callable[..., Any]
KEYS = {"<merchant_id>": "M1", '"day": 1': '"day": 3'}


@pytest.fixture
def example(guarded_site: Any, look: Look) -> Callable[[str, int], str]:
    """One example of a page, counted from 0, with a key that is there."""

    def found(path: str, number: int) -> str:
        body = look(guarded_site, path, authorization=f"Bearer {guarded_site.token}").body.decode()
        text = unescape(re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", body, re.DOTALL)[number])
        for made_up, known in KEYS.items():
            text = text.replace(made_up, known)
        return text

    return found


@pytest.mark.skipif(shutil.which("curl") is None, reason="there is no curl")
@pytest.mark.parametrize("path", ["/tables/merchants", "/sets/everything"])
def test_the_call_for_curl_answers(example: Callable[[str, int], str], guarded_site: Any, path: str) -> None:
    called = subprocess.run(
        ["bash", "-c", example(path, 0) + " --silent"],  # noqa: S607  found above
        env={"GOLDLANE_TOKEN": guarded_site.token, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    assert json.loads(called.stdout)["outputs"][0]["risk_tier"] == "low"


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/tables/merchants", "/sets/everything"])
def test_the_call_for_python_over_http_answers(example: Callable[[str, int], str], guarded_site: Any, path: str) -> None:
    pytest.importorskip("databricks.sdk")
    names: dict[str, Any] = {"token": guarded_site.token}

    exec(example(path, 1), names)  # noqa: S102  our own words

    assert names["answer"].outputs[0]["risk_tier"] == "low"


@pytest.mark.parametrize("path", ["/tables/merchants", "/sets/everything"])
def test_the_call_for_python_with_the_store_answers(example: Callable[[str, int], str], catalogue_store: Path, path: str) -> None:
    names: dict[str, Any] = {}

    exec(example(path, 2).replace("sqlite:///online.db", f"sqlite:///{catalogue_store}"), names)  # noqa: S102  our own words

    assert names["answer"].features["risk_tier"] == "low"


@pytest.mark.parametrize("path", ["/tables/merchants", "/sets/everything"])
def test_the_call_for_an_agent_answers(example: Callable[[str, int], str], catalogue_store: Path, path: str) -> None:
    from goldlane.features import open_store
    from goldlane.serving.tools import FeatureTools

    name, _, arguments = example(path, 3).partition("(")
    answer = FeatureTools(open_store(f"sqlite:///{catalogue_store}")).call(name, arguments.removesuffix(")"))

    assert not answer.is_error
    assert "low" in answer.text
