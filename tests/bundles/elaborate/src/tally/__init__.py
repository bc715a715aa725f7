"""What a wheel task calls without an entry point: a function of the package."""


def count() -> None:
    """Count."""
