from __future__ import annotations

import importlib
import pkgutil
import re
import shlex
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
import typer

import goldlane
from goldlane.cli import gate, monitor_task, score
from goldlane.cli.app import app
from goldlane.errors import GoldlaneError
from goldlane.settings import Settings

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable

    import click

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md")))
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}
COMMANDS: dict[str, click.Command] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
WHEEL_TASKS: dict[str, Callable[..., Any]] = {
    "goldlane-gate": gate.gate,
    "goldlane-monitor": monitor_task.monitor_task,
    "goldlane-score": score.score,
}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def blocks(page: str, language: str) -> list[str]:
    """The page's fenced code blocks of one language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", TEXTS[page], re.MULTILINE | re.DOTALL)


def typed(page: str, program: str) -> list[list[str]]:
    """What a page tells the reader to type, in console blocks and in indented lines, as words after the program's name."""
    lines = [line[2:] for block in blocks(page, "console") for line in block.splitlines() if line.startswith("$ ")]
    outside = re.sub(r"^```.*?^```$", "", TEXTS[page], flags=re.MULTILINE | re.DOTALL).replace("\\\n", " ")
    lines += re.findall(rf"^    ({program} .*)$", outside, re.MULTILINE)
    return [words[1:] for words in (shlex.split(line, comments=True) for line in lines) if words[0] == program]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def table(page: str, heading: str) -> dict[str, str]:
    """The first column's code, and the second column, of the table under ``heading``'s header row."""
    rows = TEXTS[page].split(heading)[1].split("\n\n")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| ([^|]*?) \|", rows, re.MULTILINE))


def every_class(of: type[GoldlaneError]) -> set[type[GoldlaneError]]:
    """The public classes of errors in the library."""
    for module in pkgutil.walk_packages(goldlane.__path__, "goldlane."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    found, waiting = set(), [of]
    while waiting:
        error = waiting.pop()
        found.add(error)
        waiting += error.__subclasses__()
    return {error for error in found if error.__module__.startswith("goldlane.") and not error.__name__.startswith("_")}


@pytest.mark.parametrize("page", TEXTS)
def test_every_link_leads_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)", TEXTS[page])

    lost = []
    for path, anchor in links:
        target = (ROOT / page).parent / path if path else ROOT / page
        if not target.exists() or (anchor and anchor not in anchors(target.read_text(encoding="utf-8"))):
            lost.append(f"{path}#{anchor}")

    assert lost == []


@pytest.mark.parametrize("picture", sorted((ROOT / "docs").glob("*.svg")), ids=lambda path: path.name)
def test_every_picture_is_shown_by_a_page_told_in_words_and_drawn_for_light_and_dark(picture: Path) -> None:
    text = picture.read_text(encoding="utf-8")

    drawing = ET.fromstring(text)  # noqa: S314  our own file

    assert len(drawing.attrib["aria-label"].split()) > 10
    assert "@media (prefers-color-scheme: dark)" in text
    assert [page for page, words in TEXTS.items() if f"]({picture.name})" in words]


@pytest.mark.parametrize("page", TEXTS)
def test_every_file_that_a_page_names_is_there(page: str) -> None:
    folders = "goldlane|pipelines|features|expectations|tests|benchmarks|docs|scripts"
    named = re.findall(rf"`((?:{folders})/[\w./-]*)`", TEXTS[page])

    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", TEXTS)
def test_every_make_target_that_a_page_names_is_there(page: str) -> None:
    named = {word for line in re.findall(r"`make ([^`=]*)`", TEXTS[page]) for word in line.split()}
    named |= {word for words in typed(page, "make") for word in words if "=" not in word}

    assert named - TARGETS == set()


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_that_a_page_types_is_understood(page: str) -> None:
    for name, *words in typed(page, "goldlane"):
        COMMANDS[name].make_context(name, words)


@pytest.mark.parametrize("page", TEXTS)
@pytest.mark.parametrize("task", WHEEL_TASKS)
def test_every_wheel_task_that_a_page_types_is_understood(page: str, task: str) -> None:
    program = typer.Typer()
    program.command(task)(WHEEL_TASKS[task])

    for words in typed(page, task):
        typer.main.get_command(program).make_context(task, words)


@pytest.mark.parametrize("page", TEXTS)
def test_every_command_that_a_page_names_is_there(page: str) -> None:
    named = set(re.findall(r"`goldlane ([a-z]+)", TEXTS[page]))

    assert named - set(COMMANDS) == set()


def test_the_readme_explains_every_command() -> None:
    explained = table("README.md", "| command | what it does |")

    assert {usage.split()[1] for usage in explained} == set(COMMANDS)


def test_the_readme_names_the_targets_of_its_first_screen() -> None:
    assert typed("README.md", "make") == [["demo"], ["test"]]


@pytest.mark.parametrize("page", TEXTS)
def test_python_blocks_are_formatted_like_the_code(page: str) -> None:
    ruff = Path(sys.executable).with_name("ruff")
    for block in blocks(page, "python"):
        command = [str(ruff), "format", "--check", "--quiet", "--stdin-filename", str(ROOT / "pipelines" / "block.py"), "-"]

        done = subprocess.run(command, input=block, text=True, capture_output=True, check=False)

        assert done.returncode == 0, block


def test_the_settings_page_lists_every_setting() -> None:
    listed = table("docs/settings.md", "| setting | default | what it is |")

    assert set(listed) == {setting.name for setting in fields(Settings)} - {"root"}


def test_the_page_on_installing_lists_every_extra() -> None:
    listed = table("docs/install.md", "| extra | brings what is needed to |")

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(listed) == set(project["optional-dependencies"])


def test_every_page_is_in_the_index() -> None:
    listed = set(re.findall(r"\]\(([\w-]+\.md)\)", TEXTS["docs/index.md"]))

    assert {page.name for page in (ROOT / "docs").glob("*.md")} - {"index.md"} == listed


def test_the_settings_page_shows_the_defaults() -> None:
    listed = table("docs/settings.md", "| setting | default | what it is |")

    defaults = Settings()

    assert {name: listed[name] for name in ("storage", "store")} == {"storage": f"`{defaults.storage}`", "store": f"`{defaults.store}`"}


def test_the_settings_page_quotes_the_settings_of_this_project() -> None:
    (quoted,) = blocks("docs/settings.md", "toml")

    own = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["goldlane"]

    assert tomllib.loads(quoted)["tool"]["goldlane"] == own


def test_every_environment_variable_is_explained() -> None:
    sources = [file.read_text(encoding="utf-8") for file in (ROOT / "goldlane").rglob("*.py")]

    read = {name for source in sources for name in re.findall(r"environ\S*[(\[]\s*\"(GOLDLANE_\w+)\"", source)}
    explained = {name.split("=")[0] for name in table("docs/settings.md", "| variable | what it does |")}

    assert read <= explained


def test_the_page_of_the_lanes_features_says_what_their_declarations_say() -> None:
    made = subprocess.run([sys.executable, "scripts/feature_page.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert TEXTS["docs/lane-features.md"] == made, "make docs writes it anew"


def test_the_features_page_shows_the_page_of_its_table() -> None:
    (shown,) = re.findall(r"<!-- page: begin -->\n(.*?)<!-- page: end -->", TEXTS["docs/features.md"], re.DOTALL)
    declared: dict[str, Any] = {}
    exec(blocks("docs/features.md", "python")[0], declared)  # noqa: S102  the code of our own page

    assert shown == declared["CARD_FEATURES"].page()


def test_every_error_is_listed_with_its_exit_code() -> None:
    listed = table("docs/errors.md", "| class | exit code | when |")

    found = {error.__name__: str(error.exit_code) for error in every_class(GoldlaneError)}

    assert listed == found


def test_the_errors_page_shows_what_a_command_prints() -> None:
    (shown,) = blocks("docs/errors.md", "console")
    (document,) = blocks("docs/errors.md", "json")
    command = [str(Path(sys.executable).with_name("goldlane")), "publish", "--storage", "nowhere"]

    plain = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    as_json = subprocess.run([*command, "--json"], cwd=ROOT, capture_output=True, text=True, check=False)

    assert (plain.returncode, f"$ goldlane publish --storage nowhere\n{plain.stderr}") == (2, shown)
    assert (as_json.returncode, as_json.stdout) == (2, document)
