"""Whether a path is a file or a folder, always answered by yes or no.

`Path.is_file()` and its kin raise where a folder on the way may not be entered and where a name is too long.
"""

from __future__ import annotations

import os
from pathlib import Path


def is_file(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a file; False where the system does not say."""
    return os.path.isfile(path)  # noqa: PTH113


def is_folder(path: str | os.PathLike[str]) -> bool:
    """Whether `path` is a folder; False where the system does not say."""
    return os.path.isdir(path)  # noqa: PTH112


def may_exist(path: str | os.PathLike[str]) -> bool:
    """Whether something called `path` exists, or may exist in a folder that this user may not enter."""
    try:
        os.stat(path)  # noqa: PTH116
    except PermissionError:
        return True
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return False
    return True


def weights_size(path: Path) -> int:
    """The bytes of a file, or of the files in a folder."""
    if path.is_dir():
        return sum(each.stat().st_size for each in path.iterdir() if each.is_file())
    return path.stat().st_size


FileIdentity = tuple[tuple[int, int, int, int], ...]
"""What tells files apart, whatever their paths."""


def file_identity(path: Path) -> FileIdentity:
    """The identity of a file, or of the files in a folder: equal for two paths of one file, until the file changes.

    Raises:
        OSError: there is no such file or folder.
    """
    files = sorted(each for each in path.iterdir() if each.is_file()) if path.is_dir() else [path]
    return tuple((state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns) for state in map(Path.stat, files))
