"""Names and folders of results that stay below the folder of all results, on every system."""

from __future__ import annotations

import os
import re

from cutsmith.cures import give
from cutsmith.errors import BadOption, shown
from cutsmith.picture.originals import folded

LONGEST = 180
"""Bytes of a name without suffix; file systems hold 255, and a temporary file's name is longer than the result's."""
OWN_FOLDER = ".cutsmith"
"""The batch's own folder below that of all results."""

_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)\s*(\..*)?", re.IGNORECASE)
_FORBIDDEN = re.compile(r'[<>:"|?*\x00-\x1f\x7f]')
_SLASHES = re.compile(r"[/\\]")


def name_of_row(value: object) -> str:
    """The name of a result that a row asks for, without white space around it.

    Raises:
        BadOption: it is no text, or cannot be the name of a file on every system.
    """
    if not isinstance(value, str) or not value.strip():
        raise _bad("name", value, "the name of a file, without its suffix")
    name = value.strip()
    if _SLASHES.search(name):
        raise _bad("name", name, "a name without a slash; a folder has a column of its own")
    _check(name, "name", name)
    return name


def folder_of_row(value: object) -> str:
    """The folder of a result that a row asks for, below that of all results, with forward slashes.

    Raises:
        BadOption: it is no text, leads elsewhere, or has a part that cannot be a folder on every system.
    """
    if not isinstance(value, str):
        raise _bad("folder", value, "the name of a folder")
    folder = value.strip().replace("\\", "/")
    if folder.startswith("/") or re.match(r"[A-Za-z]:", folder):
        raise _bad("folder", value, "a folder below that of the results, not an absolute path")
    parts = [part for part in folder.split("/") if part not in ("", ".")]
    for part in parts:
        _check(part, "folder", value)
    if parts and folded(parts[0]) == OWN_FOLDER:
        raise _bad("folder", value, "another folder: this is the batch's own")
    return "/".join(parts)


def _check(part: str, column: str, value: object) -> None:
    if part == ".." or not part.strip(". "):
        raise _bad(column, value, "below the folder of the results, without ..")
    if found := _FORBIDDEN.search(part):
        raise _bad(column, value, f"without {found[0]!r}, which no file's name has on every system")
    if _RESERVED.fullmatch(part):
        raise _bad(column, value, f"another name: Windows keeps {part} for a device")
    if part[-1] in ". ":
        raise _bad(column, value, "without a dot or a blank at its end, which Windows leaves out")
    try:
        length = len(part.encode())
    except UnicodeEncodeError as error:
        raise _bad(column, value, "a text of whole characters, not halves (surrogates)") from error
    if length > LONGEST:
        raise _bad(column, value, f"at most {LONGEST} bytes long; this has {length}")


def _bad(column: str, value: object, wanted: str) -> BadOption:
    example = give(column, "SKU-1234" if column == "name" else "rings/gold")
    what = f"The {column} must be {wanted}, but got {shown(value)}."
    return BadOption(what, example, found=shown(value), wanted=wanted)


def safe_part(part: str) -> str:
    """`part` of a path as it may stand below the folder of results on this system; "" for one that has no name.

    Only what would lead elsewhere, or what this system refuses, is replaced by underscores.
    """
    pattern = _FORBIDDEN if os.name == "nt" else re.compile("\0")
    safe = pattern.sub("_", _SLASHES.sub("_", part) if os.name == "nt" else part.replace("/", "_"))
    if os.name == "nt":
        safe = safe.rstrip(". ")
        safe = f"{safe}_" if _RESERVED.fullmatch(safe) else safe
    if safe in ("", "."):
        return ""
    if safe == "..":
        return "_"
    return shortened(safe, LONGEST)


def shortened(name: str, most: int) -> str:
    """`name`, cut off where it has more than `most` bytes as UTF-8."""
    while len(name.encode("utf-8", "surrogatepass")) > most:
        name = name[:-1]
    return name
