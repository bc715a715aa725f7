"""The plugin's options, on pytest's command line and in its ini file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping

_OPTIONS = {
    "dlt_tests": ("PATH", "collect the test tables of these files, notebooks or folders"),
    "dlt_sources": ("SOURCE", "the pipeline whose tables they read; default: [tool.goldlane] pipelines"),
    "dlt_input": ("TABLE=PATH", "a table that the pipeline does not define: Delta, parquet, csv or json"),
    "dlt_map": ("PREFIX=DIR", "a path prefix of the platform"),
    "dlt_conf": ("KEY=VALUE", "what spark.conf.get answers"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DltOptions:
    """What ``--dlt-tests`` was asked for; ``chosen`` are the paths that the command line names, not the ini file."""

    tests: tuple[Path, ...]
    chosen: tuple[Path, ...]
    sources: tuple[Path, ...]
    inputs: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, str] = field(default_factory=dict)
    configuration: Mapping[str, str] = field(default_factory=dict)


def add_options(parser: pytest.Parser) -> None:
    """Declare them; each may be given several times, and has an ini setting of the same name with one value per line."""
    group = parser.getgroup("goldlane", "goldlane: DLT test tables")
    for name, (metavar, text) in _OPTIONS.items():
        group.addoption(f"--{name.replace('_', '-')}", dest=name, action="append", default=[], metavar=metavar, help=text)
        parser.addini(name, f"--{name.replace('_', '-')}: {text}", type="linelist", default=[])


def is_asked(config: pytest.Config) -> bool:
    """Whether there are DLT tests to collect."""
    return bool(config.getoption("dlt_tests") or config.getini("dlt_tests"))


def read_options(config: pytest.Config) -> DltOptions:
    """The options of this run: the command line's paths are meant from where it was typed, the ini file's from the rootdir.

    Raises:
        pytest.UsageError: a path does not exist, or a pair is none; all of them at once.
    """
    from goldlane.settings import read_settings

    chosen, tests, sources = _paths(config, "dlt_tests")[0], _all(_paths(config, "dlt_tests")), _all(_paths(config, "dlt_sources"))
    settings = read_settings(config.rootpath)
    pairs = {name: _pairs(config, name) for name in ("dlt_input", "dlt_map", "dlt_conf")}
    lost = [f"--dlt-tests {path}: there is no such path" for path in tests if not path.exists()]
    wrong = [f"--{name.replace('_', '-')} {text}: not KEY=VALUE" for name, (_, bad) in pairs.items() for text in bad]
    if lost or wrong:
        raise pytest.UsageError("; ".join([*lost, *wrong]))
    return DltOptions(
        tests=tests,
        chosen=chosen,
        sources=sources or tuple(settings.path(source) for source in settings.pipelines),
        inputs=pairs["dlt_input"][0],
        paths=pairs["dlt_map"][0],
        configuration=pairs["dlt_conf"][0],
    )


def _paths(config: pytest.Config, name: str) -> tuple[tuple[Path, ...], tuple[Path, ...]]:
    """The command line's and the ini file's."""
    typed = tuple((config.invocation_params.dir / path).resolve() for path in config.getoption(name))
    return typed, tuple((config.rootpath / path).resolve() for path in config.getini(name))


def _all(paths: tuple[tuple[Path, ...], tuple[Path, ...]]) -> tuple[Path, ...]:
    return tuple(dict.fromkeys([*paths[0], *paths[1]]))


def _pairs(config: pytest.Config, name: str) -> tuple[dict[str, str], Sequence[str]]:
    """Pairs, the command line's last so that they win; and what is no pair. Folders of the ini file are meant from the rootdir."""
    from_ini, typed = config.getini(name), config.getoption(name)
    wrong = [text for text in (*from_ini, *typed) if "=" not in text.strip("=")]
    pairs: dict[str, str] = {}
    for folder, texts in ((config.rootpath, from_ini), (config.invocation_params.dir, typed)):
        for text in texts:
            if text not in wrong:
                key, _, value = text.partition("=")
                pairs[key] = value if name == "dlt_conf" else str(folder / value)
    return pairs, wrong
