"""Files that no result may replace, by whatever name they are called."""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Callable, Iterable
from functools import cache, partial

from cutsmith.errors import OutputRefused

_Identity = tuple[int, int]
_Place = tuple[object, ...]


class Originals:
    """The files that a call reads. Nothing that the call writes may take their place.

    A file is known by its device and its number on it, so that symbolic and hard links, `..`, other mounts, and names
    that a file system takes for the same are all seen through; and by its real name, for file systems without numbers
    and for a file that is replaced during the work. Devices, pipes and folders are no originals.
    """

    def __init__(self, paths: Iterable[str | os.PathLike[str]] = (), streams: Iterable[int] = ()) -> None:
        """Note the files at `paths`, of which some may be missing, and those open as the descriptors `streams`."""
        self._identities: dict[_Identity, str] = {}
        self._places: dict[_Place, str] = {}
        place_of = Places(fold=False)
        for path in (os.fspath(each) for each in paths):
            status = _status(path)
            if status is not None and not stat.S_ISREG(status.st_mode):
                continue
            if (identity := _identity(path)) is not None:
                self._identities.setdefault(identity, path)
            self._places.setdefault(place_of(path), path)
        for descriptor in streams:
            if (identity := _identity(descriptor)) is not None:
                self._identities.setdefault(identity, "standard input")

    def __reduce__(self) -> tuple[object, ...]:
        """Another process notes the same files anew: on another machine devices have other numbers."""
        return type(self), (tuple(dict.fromkeys([*self._identities.values(), *self._places.values()])),)

    def behind(self, path: str | os.PathLike[str] | int, place_of: Places | None = None) -> str | None:
        """The original, as it was called, that writing to `path` or to an open descriptor would replace; else None.

        For many paths at one time, `place_of`, without folding, remembers their folders.
        """
        identity = _identity(path)
        found = self._identities.get(identity) if identity is not None else None
        if found is None and self._places and not isinstance(path, int):
            # Else anew each time: a folder on the way may have become a link.
            found = self._places.get((place_of or Places(fold=False))(os.fspath(path)))
        return found

    def refuse(self, path: str | os.PathLike[str], named: str | os.PathLike[str] | None = None) -> None:
        """Refuse to write to `path`, which the user called `named`, if that would replace an original.

        Raises:
            OutputRefused: it would.
        """
        original = self.behind(path)
        if original is not None:
            raise OutputRefused(
                would_replace(os.fspath(path if named is None else named), original),
                "Nothing was written. Choose another name or folder.",
                option="output",
            )


def would_replace(path: str, original: str) -> str:
    """The sentence that says that a result at `path` would replace `original`."""
    if path == original:
        return f"{path} is one of the inputs and would be replaced."
    return f"{path} leads to {original}, which is one of the inputs and would be replaced."


class Places:
    """Compares the names of files, also of files that do not exist yet.

    Links and mounts on the way are seen through. With `fold`, names that differ in case or in Unicode's composition
    alone count as one, because many file systems take them for one.
    """

    def __init__(self, *, fold: bool) -> None:
        self._folded = folded if fold else str
        self._folder = cache(partial(folder_place, folded=self._folded))

    def __call__(self, path: str) -> _Place:
        """A value that is equal for paths that name one entry of one folder."""
        if "\0" in path:
            return (path,)  # no file can be called that
        real = os.path.realpath(path) if os.path.islink(path) else path  # noqa: PTH114 - thousands of paths
        folder, name = os.path.split(real)
        if name in ("", ".", ".."):
            return self._folder(real)
        return (*self._folder(folder or "."), self._folded(name))


def folded(name: str) -> str:
    """`name` as file systems compare names that ignore case and Unicode's composition."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def folder_place(folder: str, folded: Callable[[str], str] = str) -> _Place:
    """A value that is equal for paths that lead to one folder, which need not exist; `folded` is done to names."""
    if "\0" in folder:
        return (folder,)
    # The identity of the nearest folder that exists, and the names below it.
    real = os.path.realpath(folder)
    below: list[str] = []
    while (identity := _identity(real, of_folder=True)) is None:
        real, name = os.path.split(real)
        if not name:
            return (real, *below)
        below.insert(0, folded(name))
    return (identity, *below)


def _identity(path: str | os.PathLike[str] | int, *, of_folder: bool = False) -> _Identity | None:
    """Device and number of the file that `path` leads to; None if it is none, or if its file system has no numbers."""
    status = _status(path)
    if status is None:
        return None
    is_wanted = stat.S_ISDIR(status.st_mode) if of_folder else stat.S_ISREG(status.st_mode)
    return (status.st_dev, status.st_ino) if is_wanted and status.st_ino else None


def _status(path: str | os.PathLike[str] | int) -> os.stat_result | None:
    try:
        return os.stat(path)  # noqa: PTH116 - a descriptor, too
    except (OSError, ValueError):  # ValueError: a NUL in the name
        return None
