"""Strict signatures: a wrong keyword is an error that names it and the closest right one."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from goldlane.pipelines.errors import DefinitionError
from goldlane.pipelines.places import place_of_caller

F = TypeVar("F", bound=Callable[..., Any])


def strict(function: F) -> F:
    """Turn the bare TypeError of a wrong call into one that helps, with the user's file and line."""
    signature = inspect.signature(function)

    @functools.wraps(function)
    def checked(*args: Any, **kwargs: Any) -> Any:
        unknown = [name for name in kwargs if name not in signature.parameters]
        if unknown:
            raise _mistake(function.__name__, "; ".join(_advice(name, list(signature.parameters)) for name in unknown))
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            raise _mistake(function.__name__, str(error)) from None
        return function(*args, **kwargs)

    return checked  # type: ignore[return-value]


def texts(value: Any, *, what: str) -> tuple[str, ...]:
    """A list of names, a single name, or nothing, as a tuple; columns are named by their text."""
    if value is None or value is False:
        return ()
    if isinstance(value, str):
        return (value,)
    if isinstance(value, list | tuple | set):
        return tuple(column_name(item) for item in value)
    raise _mistake(what, f"expects names, got {value!r}")


def column_name(value: Any) -> str:
    """The name behind text or an unresolved column such as ``col("id")``."""
    return value if isinstance(value, str) else str(value._jc.toString())  # noqa: SLF001  Column has no public name


def _mistake(function: str, message: str) -> DefinitionError:
    place = place_of_caller()
    return DefinitionError(f"{function}(): {message}", file=place.file if place else None, line=place.line if place else None)


def _advice(name: str, known: list[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"unknown keyword {name!r}" + (f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}")
