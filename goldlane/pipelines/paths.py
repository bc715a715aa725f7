"""Paths of the platform as this machine has them: ``--map PREFIX=DIR``."""

from __future__ import annotations

from collections.abc import Mapping


def mapped_path(path: str, mapped: Mapping[str, str]) -> str:
    """``path`` with the longest fitting prefix replaced; ``dbfs:/x`` and ``/dbfs/x`` fit a mapped ``/x`` too, and it them."""
    for prefix, folder in sorted(mapped.items(), key=lambda entry: -len(entry[0])):
        bare = _bare(prefix).rstrip("/")
        asked = _bare(path)
        if asked == bare or asked.startswith(f"{bare}/"):
            return folder + asked[len(bare) :]
    return path


def _bare(path: str) -> str:
    """One spelling for all: ``dbfs:/x``, ``/dbfs/x`` and ``/x`` are one path; ``s3a`` and ``s3n`` are ``s3``."""
    for prefix in ("dbfs://", "dbfs:", "/dbfs"):
        if path.startswith(prefix + ("" if prefix == "dbfs://" else "/")):
            return "/" + path.removeprefix(prefix).lstrip("/")
    for prefix in ("s3a://", "s3n://"):
        if path.startswith(prefix):
            return "s3://" + path.removeprefix(prefix)
    return path
