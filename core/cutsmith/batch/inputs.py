"""Which pictures the inputs of a call name: files as they are, and the pictures in folders."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Protocol, TypeVar

from cutsmith.cures import give
from cutsmith.errors import BadOption, PictureFormatUnsupported, PictureNotFound, PictureUnreadable
from cutsmith.machine.files import is_folder
from cutsmith.picture.formats import OUTPUT_FORMATS, recognise
from cutsmith.picture.originals import Places, folder_place
from cutsmith.picture.source import HEAD_BYTES

STANDARD = "-"
"""Standard input or output."""

# A file in a folder whose suffix is one of these is a picture, and a failure if it is not; another is asked for its
# first bytes.
PICTURE_SUFFIXES = frozenset(
    {*OUTPUT_FORMATS, ".gif", ".heic", ".heif", ".j2k", ".jfif", ".jp2", ".jpe", ".jxl", ".pgm", ".ppm", ".tga"}
)
# Cameras' raw files, many of which begin like a TIFF; beside them often lies the JPEG.
RAW_SUFFIXES = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".dng", ".erf", ".nef", ".nrw", ".orf", ".pef", ".raf", ".rw2", ".srw"}
)
_HIDDEN_ON_WINDOWS = getattr(stat, "FILE_ATTRIBUTE_HIDDEN", 2) | getattr(stat, "FILE_ATTRIBUTE_SYSTEM", 4)


@dataclass(frozen=True)
class FoundInput:
    """One picture that the inputs name.

    Attributes:
        source: its path, or "-".
        under: the folder that its result goes to, below the folder of all results; "" for that folder itself.
    """

    source: str
    under: str = ""


@dataclass
class Inputs:
    """All pictures that the inputs of a call name, each once.

    Attributes:
        found: the pictures, in the order of the inputs; those of a folder in natural order.
        notices: what was left out, for the user.
    """

    found: list[FoundInput] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)


def find_inputs(inputs: Sequence[str], results: Sequence[str]) -> Inputs:
    """Find the pictures that `inputs` name: paths of files, "-", and folders, which are searched with all below them.

    In a folder hidden files and folders are left out, and so are files that are no pictures, links to folders, and
    the folders of `results`. A file that is named more than once counts once, by its own name rather than by that of a
    symbolic link to it.

    Args:
        inputs: paths, or "-".
        results: the folders that results go to. They need not exist.

    Raises:
        PictureNotFound: there is no picture in the folders, and nothing else was given.
        PictureUnreadable: a given folder may not be read.
        BadOption: a given folder is itself one of `results`.
    """
    folders = [each for each in inputs if each != STANDARD and is_folder(each)]
    if not folders:
        return _each_once([FoundInput(each) for each in inputs], [])
    search = _Search(results)
    for folder in folders:
        refuse_results(folder, results)
    several = len(set(map(folder_place, folders))) > 1
    found: list[FoundInput] = []
    empty: list[str] = []
    for each in inputs:
        if each not in folders:
            found.append(FoundInput(each))
            continue
        # Several folders keep their names; the pictures of a single one go straight into the folder of results.
        under = os.path.basename(os.path.abspath(each)) if several else ""  # noqa: PTH100, PTH119
        before = len(found)
        found += search.pictures(each, under)
        if len(found) == before:
            empty.append(each)
    if not found:
        others = f" What it holds is {counted(search.others, 'other file', 'other files')}." if search.others else ""
        raise PictureNotFound(
            f"There is no picture in the folder {empty[0]}.{others}",
            "Hidden files, and what lies in the folder of results, are left out. Give another folder.",
        )
    return _each_once(found, [*(f"There is no picture in the folder {each}." for each in empty), *search.notices()])


def refuse_results(folder: str, results: Sequence[str]) -> None:
    """Refuse a folder of pictures that is one of `results`.

    Raises:
        BadOption: it is.
    """
    if folder_place(folder) in set(map(folder_place, results)):
        raise BadOption(
            f"{folder} is the folder of the pictures, and cannot be that of the results too.",
            give("output", f"{folder.rstrip('/' + os.sep) or folder}-cut/", "Give another folder"),
            option="output",
        )


class _Search:
    """Searches folders, and counts what it leaves out."""

    def __init__(self, results: Sequence[str]) -> None:
        self._results = set(map(folder_place, results))
        self._entered: set[tuple[object, ...]] = set()
        self.others = 0
        self._linked: list[str] = []
        self._closed: list[str] = []
        self._with_results: list[str] = []

    def pictures(self, folder: str, under: str) -> Iterator[FoundInput]:
        """The pictures in `folder`, then those in the folders in it."""
        self._entered.add(folder_place(folder))
        try:
            with os.scandir(folder) as entries:
                entered = sorted(entries, key=lambda entry: natural_order(entry.name))
        except OSError as error:
            raise PictureUnreadable(
                f"The folder {folder} may not be read: {error.strerror}.", "Change its permissions so that you may."
            ) from error
        below = []
        for entry in entered:
            if is_hidden(entry):
                continue
            if entry.is_dir(follow_symlinks=False):
                below.append(entry)
            elif entry.is_dir():
                self._linked.append(entry.path)
            elif self._is_picture(entry):
                yield FoundInput(entry.path, under)
            else:
                self.others += 1
        for entry in below:
            place = folder_place(entry.path)
            if place in self._results:
                self._with_results.append(entry.path)
            elif place not in self._entered:
                try:
                    yield from self.pictures(entry.path, os.path.join(under, entry.name))  # noqa: PTH118
                except PictureUnreadable:
                    self._closed.append(entry.path)

    def _is_picture(self, entry: os.DirEntry[str]) -> bool:
        suffix = PurePath(entry.name).suffix.lower()
        is_link_to_nothing = entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110
        if suffix in RAW_SUFFIXES or not (entry.is_file() or is_link_to_nothing):
            return False
        if suffix in PICTURE_SUFFIXES:
            return True
        try:
            with open(entry.path, "rb") as stream:  # noqa: PTH123 - thousands of files
                recognise(stream.read(HEAD_BYTES), entry.name)
        except (OSError, PictureFormatUnsupported):
            return False
        return True

    def notices(self) -> list[str]:
        told = []
        if self.others:
            told.append(
                f"{counted(self.others, 'file is no picture and was', 'files are no pictures and were')} left out."
            )
        for paths, one, several in (
            (self._linked, "link to a folder was not followed", "links to folders were not followed"),
            (self._closed, "folder may not be read and was left out", "folders may not be read and were left out"),
            (self._with_results, "folder holds results and was left out", "folders hold results and were left out"),
        ):
            if paths:
                told.append(f"{counted(len(paths), one, several)}: {some(paths)}.")
        return told


class Sourced(Protocol):
    """What has a `source`: the path of a picture, "-", or whatever `file_place` is not asked about."""

    @property
    def source(self) -> str:
        """The picture's path."""


S = TypeVar("S", bound=Sourced)


def _each_once(inputs: Sequence[FoundInput], notices: list[str]) -> Inputs:
    """`inputs` without those that name a file of another again."""
    found, again = each_once(inputs, file_place())
    if again:
        notices.append(told_again(again))
    return Inputs(found, notices)


def each_once(inputs: Sequence[S], place_of: Callable[[str], tuple[object, ...]]) -> tuple[list[S], list[str]]:
    """(`inputs` without those whose picture is another's too, the sources of those that were left out).

    Of a symbolic link and the file that it leads to, the file stays.
    """
    taken: dict[tuple[object, ...], S] = {}
    again: list[str] = []
    for each in inputs:
        place = place_of(each.source)
        if place not in taken:
            taken[place] = each
        elif os.path.islink(taken[place].source) and not os.path.islink(each.source):  # noqa: PTH114
            again.append(taken[place].source)
            taken[place] = each
        else:
            again.append(each.source)
    return list(taken.values()), again


def file_place() -> Callable[[str], tuple[object, ...]]:
    """A function whose values are equal for paths that name one file.

    Hard links are left as they are: they are files of equal standing, each with a name of its own.
    """
    place_of = Places(fold=True)
    return lambda path: (STANDARD,) if path == STANDARD else (place_of(path), _number(path))


def told_again(again: Sequence[str]) -> str:
    """The notice about pictures that were named more than once."""
    what = counted(len(again), "picture was", "pictures were")
    return f"{what} named more than once and will be cut out once: {some(again)}."


def _number(path: str) -> int | None:
    """What tells `a` from `A` where a file system does."""
    try:
        return os.stat(path).st_ino  # noqa: PTH116 - thousands of files
    except (OSError, ValueError):
        return None


def natural_order(name: str) -> tuple[tuple[str | int, ...], str]:
    """A key that sorts names as people do: 2.jpg before 10.jpg, capitals beside small letters."""
    pieces = re.split(r"(\d+)", PurePath(name).stem.casefold())
    return tuple(int(piece) if at % 2 else piece for at, piece in enumerate(pieces)), name


def is_hidden(entry: os.DirEntry[str]) -> bool:
    """Whether the system's own programs would not show `entry`."""
    if entry.name.startswith("."):
        return True
    if os.name != "nt":
        return False
    attributes = getattr(entry.stat(follow_symlinks=False), "st_file_attributes", 0)
    return bool(attributes & _HIDDEN_ON_WINDOWS)


def counted(number: int, one: str, several: str) -> str:
    """ "1 file", "2 files"."""
    return f"{number} {one if number == 1 else several}"


def some(paths: Sequence[str]) -> str:
    """The first three of `paths`, and how many more there are."""
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
