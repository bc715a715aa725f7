"""``dbutils.fs`` on this machine's disk; paths of the platform go through ``--map``."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from goldlane.pipelines.errors import PipelineError


class FileInfo(NamedTuple):
    """A file or folder, named as the caller named its folder."""

    path: str
    name: str
    size: int
    modificationTime: int  # noqa: N815  Databricks' name; milliseconds

    def isDir(self) -> bool:  # noqa: N802  Databricks' name
        """Whether it is a folder: then its name ends in a slash."""
        return self.name.endswith("/")

    def isFile(self) -> bool:  # noqa: N802  Databricks' name
        """Whether it is a file."""
        return not self.isDir()


class MountInfo(NamedTuple):
    """A mount point and what is mounted there."""

    mountPoint: str  # noqa: N815  Databricks' name
    source: str
    encryptionType: str = ""  # noqa: N815  Databricks' name


class FileSystem:
    """Files and folders; ``path`` turns the platform's paths into this machine's."""

    def __init__(self, path: Callable[[str], str]) -> None:
        self._path = path

    def ls(self, dir: str) -> list[FileInfo]:  # noqa: A002  Databricks' name
        """What a folder holds, by name; a file lists itself.

        Raises:
            PipelineError: there is no such path.
        """
        place = self._existing(dir)
        if place.is_file():
            return [_info(place, dir)]
        return [_info(entry, f"{dir.rstrip('/')}/{entry.name}") for entry in sorted(place.iterdir())]

    def mkdirs(self, dir: str) -> bool:  # noqa: A002  Databricks' name
        """Make a folder and its parents."""
        self._local(dir).mkdir(parents=True, exist_ok=True)
        return True

    def put(self, file: str, contents: str, overwrite: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' signature
        """Write a text as UTF-8.

        Raises:
            PipelineError: the file exists and ``overwrite`` is not said.
        """
        place = self._local(file)
        if place.exists() and not overwrite:
            raise PipelineError(f"{file} exists already", hint="say overwrite=True")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(contents, encoding="utf-8")
        return True

    def head(self, file: str, maxBytes: int = 65536) -> str:  # noqa: N803  Databricks' name
        """The beginning of a file, as UTF-8."""
        with self._existing(file).open("rb") as opened:
            return opened.read(maxBytes).decode("utf-8", errors="ignore")

    def cp(self, from_: str, to: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' signature
        """Copy a file, or a folder with ``recurse``."""
        source, target = self._existing(from_), self._local(to)
        if source.is_dir():
            self._need(recurse, from_)
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            self._copy_file(source, target / source.name if target.is_dir() else target)
        return True

    def mv(self, from_: str, to: str, recurse: bool = False) -> bool:  # noqa: FBT001, FBT002  Databricks' signature
        """Copy, then remove."""
        return self.cp(from_, to, recurse) and self.rm(from_, recurse)

    def rm(self, dir: str, recurse: bool = False) -> bool:  # noqa: A002, FBT001, FBT002  Databricks' signature
        """Remove a file, or a folder with ``recurse``; False when there is nothing."""
        place = self._local(dir)
        if place.is_dir():
            self._need(recurse or not any(place.iterdir()), dir)
            shutil.rmtree(place)
            return True
        if not place.exists():
            return False
        place.unlink()
        return True

    def mounts(self) -> list[MountInfo]:
        """No mounts: ``--map`` stands for them."""
        return []

    def mount(self, source: str, mount_point: str, *_: object, **__: object) -> bool:
        """Refused unless the mount point is mapped already.

        Raises:
            PipelineError: nothing is mapped there.
        """
        if self._path(mount_point) == mount_point:
            raise PipelineError(f"{source} cannot be mounted at {mount_point} here", hint=f"map it: --map {mount_point}=DIR")
        return True

    def unmount(self, mount_point: str) -> bool:
        """Nothing was mounted."""
        del mount_point
        return True

    def refreshMounts(self) -> bool:  # noqa: N802  Databricks' name
        """Nothing to refresh."""
        return True

    def _local(self, path: str) -> Path:
        local = self._path(path)
        if local.startswith("file:"):
            local = "/" + local.removeprefix("file:").lstrip("/")
        if ":" in local.split("/")[0]:
            raise PipelineError(f"{path} is not on this machine", hint=f"map it: --map {path}=DIR")
        return Path(local)

    def _existing(self, path: str) -> Path:
        place = self._local(path)
        if not place.exists():
            raise PipelineError(f"{path} does not exist" + (f" (mapped to {place})" if str(place) != path else ""), hint="--map PREFIX=DIR")
        return place

    def _copy_file(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)

    def _need(self, recurse: bool, path: str) -> None:  # noqa: FBT001  a plain condition
        if not recurse:
            raise PipelineError(f"{path} is a folder that holds files", hint="say recurse=True")


def _info(place: Path, path: str) -> FileInfo:
    status, slash = os.stat(place), "/" if place.is_dir() else ""  # noqa: PTH116  one call for size and time
    return FileInfo(path.rstrip("/") + slash, place.name + slash, 0 if slash else status.st_size, int(status.st_mtime * 1000))
