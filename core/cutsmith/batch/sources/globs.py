"""Patterns such as shop/**/*.jpg: which paths they match, and the files on the disk that they name."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import PurePath

from cutsmith.batch.inputs import PICTURE_SUFFIXES, is_hidden, natural_order
from cutsmith.errors import PictureUnreadable
from cutsmith.picture.originals import folder_place

_WILD = re.compile(r"[*?[]")
_ANY_FOLDERS = "**"


def is_pattern(text: str) -> bool:
    """Whether `text` has a wildcard: * ? or [."""
    return _WILD.search(text) is not None


def split_pattern(pattern: str) -> tuple[str, list[str]]:
    """(the folders before the first wildcard, the parts from there on) of `pattern`, split at forward slashes."""
    parts = pattern.split("/")
    first = next((at for at, part in enumerate(parts) if is_pattern(part)), len(parts) - 1)
    base = "/".join(parts[:first])
    return base or ("/" if pattern.startswith("/") else ""), [part for part in parts[first:] if part]


def with_folders(parts: Sequence[str]) -> list[str]:
    """`parts` of a pattern, where a last ** means all files below."""
    return [*parts, "*"] if parts[-1:] == [_ANY_FOLDERS] else list(parts)


def match_of(parts: Sequence[str], pattern: Sequence[str]) -> str:
    """ "exact", "but for case" where only the suffix's case differs, or "" where `parts` do not match `pattern`."""
    # Each set holds how many parts of the pattern may have been used up so far; time does not explode.
    at = _skipped({0}, pattern)
    for part in parts[:-1]:
        is_shown = not part.startswith(".")
        after = {each for each in at if is_shown and each < len(pattern) and pattern[each] == _ANY_FOLDERS}
        after |= {each + 1 for each in at if _is_alike(part, pattern, each)}
        at = _skipped(after, pattern)
        if not at:
            return ""
    last = len(pattern) - 1
    if last not in at or not parts or not _may_be(parts[-1], pattern[last]):
        return ""
    if _regex(pattern[last])(parts[-1]):
        return "exact"
    return "but for case" if _regex(_any_case(pattern[last]))(_any_case(parts[-1])) else ""


def _is_alike(part: str, pattern: Sequence[str], at: int) -> bool:
    if at >= len(pattern) - 1 or pattern[at] == _ANY_FOLDERS:
        return False
    return _may_be(part, pattern[at]) and bool(_regex(pattern[at])(part))


def _may_be(part: str, pattern: str) -> bool:
    """Whether a wildcard may stand for `part`, which it does for no hidden name."""
    return not part.startswith(".") or pattern.startswith(".")


def _skipped(at: set[int], pattern: Sequence[str]) -> set[int]:
    """`at`, and what can be reached from there by taking ** for no folder."""
    reached = set(at)
    for each in at:
        step = each
        while step < len(pattern) and pattern[step] == _ANY_FOLDERS:
            step += 1
            reached.add(step)
    return reached


def is_wanted(name: str, pattern: str) -> bool:
    """Whether a file called `name` is a picture, or has a suffix that `pattern` spells out."""
    suffix = PurePath(name).suffix.lower()
    return suffix in PICTURE_SUFFIXES or (bool(suffix) and PurePath(pattern).suffix.lower() == suffix)


def _any_case(name: str) -> str:
    """`name` with its suffix in small letters."""
    stem, dot, suffix = name.rpartition(".")
    return f"{stem}{dot}{suffix.lower()}" if dot else name


@lru_cache(maxsize=256)
def _regex(pattern: str) -> Callable[[str], re.Match[str] | None]:
    return re.compile(fnmatch.translate(pattern)).match


@dataclass
class Globbed:
    """The files that a pattern names.

    Attributes:
        found: (path, the folders between the fixed part of the pattern and the file, with forward slashes), in
            natural order, the files of a folder before those below it.
        other_case: how many match but for the case of their suffix.
        closed: folders that may not be read.
    """

    found: list[tuple[str, str]] = field(default_factory=list)
    other_case: int = 0
    closed: list[str] = field(default_factory=list)


def files_of_pattern(pattern: str, results: Sequence[str]) -> Globbed:
    """The files on the disk that `pattern` names: * ? [ ] within a name, ** for any folders.

    Hidden files and folders match only a part that begins with a dot. Links to folders are not followed, folders of
    `results` are not entered. A last part without a suffix, such as *, names pictures alone.

    Raises:
        PictureUnreadable: the folder before the first wildcard may not be read.
    """
    base, parts = split_pattern(pattern.replace(os.sep, "/"))
    globbed = Globbed()
    _walk(base or os.curdir, base, (), with_folders(parts), {folder_place(each) for each in results}, globbed)
    return globbed


def _walk(
    folder: str,
    shown: str,
    below: tuple[str, ...],
    pattern: Sequence[str],
    results: Iterable[object],
    globbed: Globbed,
) -> None:
    try:
        with os.scandir(folder) as entries:
            entered = sorted(entries, key=lambda entry: natural_order(entry.name))
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        if not below:
            raise PictureUnreadable(
                f"The folder {folder} may not be read: {error.strerror}.", "Change its permissions so that you may."
            ) from error
        globbed.closed.append(folder)
        return
    folders = []
    is_deep = _ANY_FOLDERS in pattern
    takes_hidden = any(part.startswith(".") for part in pattern)
    for entry in entered:
        if is_hidden(entry) and not takes_hidden:
            continue
        if entry.is_dir(follow_symlinks=False):
            folders.append(entry.name)
        elif not entry.is_dir() and is_wanted(entry.name, pattern[-1]):
            match = match_of((*below, entry.name), pattern)
            if match:
                globbed.other_case += match != "exact"
                globbed.found.append((_joined(shown, entry.name), "/".join(below)))
    for name in folders:
        path = _joined(shown, name)
        if not is_deep and (len(below) + 1 >= len(pattern) or not _regex(pattern[len(below)])(name)):
            continue
        if folder_place(path) not in results:
            _walk(path, path, (*below, name), pattern, results, globbed)


def _joined(folder: str, name: str) -> str:
    return os.path.join(folder, name) if folder else name  # noqa: PTH118 - thousands of files
