"""The command line, one file per command."""

from __future__ import annotations


def main() -> None:
    """The entry point ``goldlane``."""
    from goldlane.cli.app import main as run

    run()
