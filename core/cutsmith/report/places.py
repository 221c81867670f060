"""Where the files of a row lie. The manifest is not trusted: nothing outside the batch is named as a result."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath
from urllib.parse import quote, urlsplit
from urllib.request import url2pathname

from cutsmith.batch.manifest_rows import ResultRow
from cutsmith.batch.thumbnails import thumbnail_path as path_of_thumbnail
from cutsmith.machine.files import is_file

Side = str
"""Of a thumbnail: "before" or "after"."""

SIDES = ("before", "after")

_HEX = frozenset("0123456789abcdef")
_KEY_DIGITS = 64


def output_path(folder: Path, row: ResultRow) -> Path | None:
    """The result's path; None if there is none, or if it would lie outside `folder`, by its name or by a link.

    The file need not exist.
    """
    if row.output is None or not is_inside(row.output):
        return None
    path = folder / row.output
    real = os.path.realpath(path)
    return path if Path(real).is_relative_to(os.path.realpath(folder)) else None


def is_inside(name: str) -> bool:
    """Whether the relative path `name`, with "/", leads to something below the folder that it is relative to."""
    parts = PurePosixPath(name).parts
    windows = PureWindowsPath(name)
    is_absolute = name.startswith("/") or bool(windows.drive or windows.root)
    return bool(parts) and not is_absolute and not {"..", "."} & {*parts, *windows.parts} and "\0" not in name


def input_path(row: ResultRow) -> Path | None:
    """The input's path if it is a file of this machine, else None."""
    name = row.input
    if "://" in name:
        address = urlsplit(name)
        if address.scheme != "file" or address.netloc not in ("", "localhost"):
            return None
        name = url2pathname(address.path)
    if "\0" in name or not is_file(name):
        return None
    return Path(os.path.abspath(name))  # noqa: PTH100 - links stay as they are


def thumbnail_path(folder: Path, key: str | None, side: Side) -> Path | None:
    """The path of a thumbnail; None where the key is none. The file may be missing."""
    if key is None or len(key) != _KEY_DIGITS or not _HEX.issuperset(key):
        return None
    return path_of_thumbnail(folder, key, side)


def address_from(folder: Path, path: Path) -> str:
    """The address of the file `path` for a page in `folder`: relative and escaped; begins with "." or "file:"."""
    try:
        relative = os.path.relpath(path, folder)
    except ValueError:  # another drive of Windows
        return path.absolute().as_uri()
    return "/".join([".", *(quote(os.fsencode(part), safe="") for part in Path(relative).parts)])
