"""Prints docs/lane-features.md: what the declarations in features/ say, for people. `make docs` writes it."""

# ruff: noqa: INP001  a script, not a package
from __future__ import annotations

import sys

from features import FEATURE_TABLES

_HEAD = """\
# The payments lane's features

Written by `make docs` from the declarations in `features/`: change them, not this page. [Feature tables](features.md) explains the
words, [Rolling windows](windows.md) the last column.
"""


def main() -> None:
    """The page, on stdout."""
    sys.stdout.write("\n".join([_HEAD, *(table.page() for table in FEATURE_TABLES)]))


if __name__ == "__main__":
    main()
