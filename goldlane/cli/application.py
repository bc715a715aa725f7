"""The project's own code, as ``[tool.goldlane]`` names it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING, Any

from goldlane.errors import GoldlaneError, Mistakes, UsageError, first_line
from goldlane.pipelines.names import DEFAULT_SCHEMA
from goldlane.settings import Settings, load_object

if TYPE_CHECKING:
    from goldlane.features.declarations import FeatureTable
    from goldlane.features.feature_sets import FeatureSet
    from goldlane.monitoring import Monitor


def application(reference: str, settings: Settings, *, setting: str) -> Any:
    """What ``reference`` (``module:name`` or ``module``) names in the project.

    Raises:
        UsageError: there is no such thing, or its module does not import; with the file and line at which it stopped.
    """
    from goldlane.pipelines.places import place_of_error

    hint = f"[tool.goldlane] {setting} = {reference!r} needs it: mend the file, or install what it imports"
    try:
        return load_object(reference, settings, setting=setting)
    except GoldlaneError:
        raise
    except SyntaxError as error:
        raise UsageError(f"not valid Python: {error.msg}", hint=hint, file=error.filename, line=error.lineno) from error
    except Exception as error:  # the project's code may raise anything
        place = place_of_error(error.__traceback__, settings.root)
        message = f"an import failed: {type(error).__name__}: {first_line(error)}"
        raise UsageError(message, hint=hint, file=place.file if place else None, line=place.line if place else None) from error


def declared_tables(settings: Settings) -> tuple[FeatureTable, ...]:
    """The project's ``FEATURE_TABLES``, found through ``[tool.goldlane] features``."""
    if settings.features is None:
        raise UsageError("no feature tables are declared", hint='set features = "package.module" under [tool.goldlane] in pyproject.toml')
    found = application(settings.features, settings, setting="features")
    tables = getattr(found, "FEATURE_TABLES", found)
    if not isinstance(tables, Iterable):
        raise UsageError(f"[tool.goldlane] features = {settings.features!r} has no FEATURE_TABLES", hint="a tuple of FeatureTable")
    return tuple(tables)


def declared_sets(settings: Settings) -> tuple[FeatureSet, ...]:
    """The project's ``FEATURE_SETS``, which stand beside its ``FEATURE_TABLES``; none when it has none.

    Raises:
        Mistakes: they do not fit the feature tables; all mistakes at once.
    """
    from goldlane.features.feature_sets import FeatureSet, project_mistakes

    if settings.features is None:
        return ()
    found = getattr(application(settings.features, settings, setting="features"), "FEATURE_SETS", ())
    sets = tuple(found) if isinstance(found, Iterable) else (found,)
    wrong = [f"{each!r} is no FeatureSet" for each in sets if not isinstance(each, FeatureSet)]
    mistakes = wrong or [*project_mistakes(sets, declared_tables(settings))]
    if mistakes:
        raise Mistakes(f"[tool.goldlane] features = {settings.features!r}: FEATURE_SETS", mistakes)
    return sets


def declared_monitors(settings: Settings) -> tuple[Monitor, ...]:
    """The project's monitors, found through ``[tool.goldlane] monitors``.

    Raises:
        UsageError: none are declared.
        Mistakes: what is declared are no monitors, or two of one table; all mistakes at once.
    """
    from goldlane.monitoring import Monitor
    from goldlane.monitoring.monitors import watched_name

    if settings.monitors is None:
        raise UsageError("no monitors are declared", hint='set monitors = "package.module:NAME" under [tool.goldlane] in pyproject.toml')
    found = application(settings.monitors, settings, setting="monitors")
    several = getattr(found, "MONITORS", found)
    monitors = tuple(several) if isinstance(several, Iterable) else (several,)
    mistakes = [f"{each!r} is no Monitor" for each in monitors if not isinstance(each, Monitor)]
    tables = Counter(watched_name(each).key for each in monitors if isinstance(each, Monitor))
    mistakes += [f"{count} monitors watch {table}" for table, count in tables.items() if count > 1]
    if mistakes:
        raise Mistakes(f"[tool.goldlane] monitors = {settings.monitors!r}", mistakes)
    return monitors


def monitored(settings: Settings) -> Callable[[str], bool]:
    """Whether a monitor of the project watches a table; of a project that declares none, or whose monitors do not load, each may be.

    A monitor that says no schema watches its table in any: jobs run it in theirs.
    """

    @cache
    def watched() -> frozenset[str] | None:
        try:
            return None if settings.monitors is None else frozenset(each.table.lower() for each in declared_monitors(settings))
        except GoldlaneError:
            # `goldlane monitor` tells what is wrong with them; it is no reason to publish or report nothing.
            return None

    def is_monitored(table: str) -> bool:
        tables, name = watched(), table.lower()
        return tables is None or not tables.isdisjoint({name, name.removeprefix(f"{DEFAULT_SCHEMA}."), name.rpartition(".")[2]})

    return is_monitored
