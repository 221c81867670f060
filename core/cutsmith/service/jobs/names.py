"""A client's names of files -> names that are safe on every system, and distinct."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from cutsmith.batch.sources.safe_names import LONGEST, shortened
from cutsmith.picture.originals import folded
from cutsmith.service.failures import BadForm

_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f/\\\ud800-\udfff]')
# What Windows keeps for devices, with any suffix.
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\..*)?", re.IGNORECASE)
_DRIVE = re.compile(r"[A-Za-z]:")
_LONGEST_SUFFIX = 20
_LONGEST_PATH = 1000
"""Bytes of a path below the folder of a job."""
_SYSTEMS_OWN = ("__macosx",)


def safe_name(name: str) -> str:
    """`name` as the name of one file: never empty, never hidden, never a path."""
    safe = _FORBIDDEN.sub("_", name).strip(". ")
    path = PurePosixPath(safe or "picture")
    suffix = shortened(path.suffix, _LONGEST_SUFFIX)
    safe = shortened(path.stem, LONGEST - _LONGEST_SUFFIX).rstrip(". ") + suffix
    return f"_{safe}" if _RESERVED.fullmatch(safe) else safe


def name_of_upload(name: str) -> str:
    """The name of an uploaded file; some clients send its path, whose last part counts."""
    return safe_name(re.split(r"[/\\]", name)[-1])


def path_of_member(name: str) -> str | None:
    """The path of a zip's member below the folder of inputs, with "/"; None for one that is hidden or no file's.

    Raises:
        BadForm: it would lead elsewhere, or is too long.
    """
    parts = re.split(r"[/\\]", name)
    if parts[0] == "" or _DRIVE.match(name) or ".." in parts:
        raise BadForm(f"The zip has a member that leads out of it: {name[:80]!r}.", option="zip")
    parts = [part for part in parts if part not in ("", ".")]
    if any(part.startswith(".") or part.casefold() in _SYSTEMS_OWN for part in parts):
        return None
    path = "/".join(map(safe_name, parts))
    if len(path.encode()) > _LONGEST_PATH:
        raise BadForm(f"The zip has a member whose name is too long: {name[:80]!r}...", option="zip")
    return path or None


class Taken:
    """The names that are taken, compared as systems do that ignore case."""

    def __init__(self) -> None:
        self._taken: set[str] = set()

    def distinct(self, path: str) -> str:
        """`path`, or with a number where it is taken (a-2.jpg); taken from now on."""
        where = PurePosixPath(path)
        number = 1
        while folded(path) in self._taken:
            number += 1
            path = where.with_name(f"{where.stem}-{number}{where.suffix}").as_posix()
        self._taken.add(folded(path))
        return path
