"""The folder ``pipelines/dlt`` never answers for ``import dlt`` while a pipeline loads, whatever ``sys.path`` begins with.

Outside of the runtime, with ``pipelines`` on the path and no ``dlt`` installed, Python makes an empty namespace package of the folder.
That is the price of having no ``__init__.py`` there, which is what lets a real ``dlt`` win wherever it stands on the path
(tests/lane/test_dlt_is_not_shadowed.py).
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = [".", "pipelines", "pipelines/dlt"]
LOAD = """
import sys
sys.path.insert(0, sys.argv[1])
{before}
from pathlib import Path
from goldlane.pipelines.api import NAMES
from goldlane.pipelines.loader import load
from goldlane.pipelines.names import Namespace
from goldlane.pipelines.registry import Registry
from goldlane.pipelines.shim import served_modules
from goldlane.pipelines.sources import find_sources

class NoSession:
    sql = None

root = Path(sys.argv[2])
sources = find_sources([root / "pipelines/dlt" / name for name in ("bronze.py", "merchant_features.py", "customer_features.py")])
registry, before, path = Registry(Namespace()), sys.modules.get("dlt"), list(sys.path)
with served_modules(sources.root):
    load(sources, registry, NoSession(), None)
    import dlt
    assert set(NAMES) <= set(vars(dlt)), dlt
assert not registry.problems, registry.problems
assert sys.modules.get("dlt") is before, sys.modules.get("dlt")
assert sys.path == path
print(*sorted(registry.datasets))
"""
DATASETS = [f"default.bronze_{feed}" for feed in ("chargebacks", "customers", "merchants", "transactions")]


def python(script: str, *arguments: str, cwd: Path) -> str:
    command = [sys.executable, "-c", script, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize(
    "before", ["", "import contextlib\nwith contextlib.suppress(ImportError):\n    import dlt"], ids=["fresh", "imported"]
)
@pytest.mark.parametrize("folder", FOLDERS)
def test_a_pipeline_that_loads_gets_our_module(folder: str, before: str, tmp_path: Path) -> None:
    found = python(LOAD.format(before=before), str(ROOT / folder), str(ROOT), cwd=tmp_path)

    assert found.split() == [*DATASETS, "default.customer_features", "default.merchant_features"]


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_does_so_from_inside_the_folder_too(folder: str, tmp_path: Path) -> None:
    found = python(LOAD.format(before=""), "", str(ROOT), cwd=ROOT / folder)

    assert "default.merchant_features" in found
    assert not (tmp_path / "spark-warehouse").exists()


@pytest.mark.parametrize("folder", [".", "pipelines/dlt"])
def test_outside_of_the_runtime_there_is_no_such_module(folder: str, tmp_path: Path) -> None:
    script = "import sys; sys.path.insert(0, sys.argv[1])\ntry:\n    import dlt\nexcept ModuleNotFoundError as error:\n    print(error)"

    assert python(script, str(ROOT / folder), cwd=tmp_path) == "No module named 'dlt'"


def test_with_the_folder_above_on_the_path_there_is_an_empty_namespace_and_nothing_of_it_works(tmp_path: Path) -> None:
    script = "import sys; sys.path.insert(0, sys.argv[1]); import dlt; print(dlt.__file__, [name for name in vars(dlt) if name[0] != '_'])"

    assert python(script, str(ROOT / "pipelines"), cwd=tmp_path) == "None []"


def test_the_folder_is_no_package_so_that_a_real_module_wins() -> None:
    assert not (ROOT / "pipelines/dlt/__init__.py").exists()
