"""Where the result of each picture goes: distinct, below the folder of all results, and the same in every run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath

from cutsmith.batch.naming import Named, check_pattern, distinct_names, filled
from cutsmith.batch.sources.addresses import is_address, local_path
from cutsmith.batch.sources.picture import SourcePicture
from cutsmith.batch.sources.safe_names import LONGEST, OWN_FOLDER, safe_part, shortened
from cutsmith.picture.originals import folded

_OWN_NAME = "{stem}"


@dataclass(frozen=True)
class ResultNames:
    """The path of each result, below the folder of all results.

    Attributes:
        paths: one for each picture, with forward slashes; no two name one file, also where case and Unicode's
            composition are no matter, and none is a folder of another.
        changed: position -> the path that was wanted, where it could not be had.
    """

    paths: list[str]
    changed: dict[int, str] = field(default_factory=dict)


def result_names(
    found: Sequence[SourcePicture], taken: Mapping[str, str], suffix: str, pattern: str | None = None
) -> ResultNames:
    """Name the result of each picture in `found`.

    A result keeps the picture's folder (`under`) and its name, or that of its row. Where names would be the same, rows'
    names and names that are taken stay; others take the old suffix or their folder in (a-jpg, a-png), else a number
    (a-2). What `taken` says stays: a picture has one name in every run, whichever pictures come or go. The same `found`
    gets the same names however many of them are taken already.

    Args:
        found: the pictures, no two with the same source.
        taken: source -> the path of its result, of former runs. A path that leads out of the folder is forgotten; one
            with another suffix keeps its name alone.
        suffix: of the results, with its dot: ".png".
        pattern: their name, with {stem}, {suffix}, {folder} and {number}; None for the picture's own.

    Raises:
        BadOption: the pattern gives all pictures one name, or one of them an empty name.
    """
    if pattern is not None:
        check_pattern(pattern, len(found))
    return _Naming(found, taken, suffix, pattern or _OWN_NAME).names()


class _Naming:
    """The names of one run, as they are given away."""

    def __init__(self, found: Sequence[SourcePicture], taken: Mapping[str, str], suffix: str, pattern: str) -> None:
        self._found = found
        self._suffix = suffix
        self._asked = [_named(each, at) for at, each in enumerate(found, start=1)]
        self._named = list(map(_safe, self._asked))
        self._folders = [_folder(each.under) for each in found]
        self._kept = {source: path for source, path in taken.items() if is_below(path)}
        self._files = {folded(path) for path in self._kept.values()}
        paths = [*self._kept.values(), *(f"{folder}/x" for folder in self._folders)]
        self._all_folders = {above for path in paths for above in _above(folded(path))}
        self._pattern = pattern
        self._paths: list[str | None] = [None] * len(found)

    def names(self) -> ResultNames:
        width = len(str(len(self._found)))
        wanted = [_fit(filled(self._pattern, named, named.stem, width), self._suffix) for named in self._named]
        for at, each in enumerate(self._found):
            path = self._kept.get(each.source)
            if path is not None and path.endswith(self._suffix):
                self._paths[at] = path
            elif path is not None:
                # Another format: the name stays. Where it is no longer free, all goes its usual way.
                self._take(at, *_split(f"{PurePath(path).with_suffix('').as_posix()}{self._suffix}"))
        self._move_folders()
        # Those that are named on purpose come first.
        for at, each in enumerate(self._found):
            if each.name is not None:
                self._take(at, self._folders[at], f"{wanted[at]}{self._suffix}")
        for at, stem in self._distinct():
            self._take(at, self._folders[at], f"{stem}{self._suffix}")
        for at in range(len(self._found)):
            if self._paths[at] is None:
                self._find_free(at, wanted[at])
        paths = [path for path in self._paths if path is not None]
        told = [self._told(at, width) for at in range(len(paths))]
        return ResultNames(paths, {at: told[at] for at, path in enumerate(paths) if path != told[at]})

    def _told(self, at: int, width: int) -> str:
        """The path that was asked for, which may be none that can be had."""
        asked = self._asked[at]
        name = filled(self._pattern, asked, asked.stem, width) if _has_letters(asked.stem) else asked.stem
        return "/".join([*filter(None, self._found[at].under.split("/")), f"{name}{self._suffix}"])

    def _distinct(self) -> Iterator[tuple[int, str]]:
        """The names, distinct among each other as far as may be, of all pictures without one of their own."""
        # All of them, also those that are taken: a run that goes on must give the names that it would have given.
        at = [position for position, each in enumerate(self._found) if each.name is None]
        names = distinct_names(
            [self._named[each] for each in at],
            [self._pattern] * len(at),
            [folded(self._folders[each]) for each in at],
        )
        return ((each, _fit(name, self._suffix)) for each, name in zip(at, names, strict=True))

    def _take(self, at: int, folder: str, name: str) -> bool:
        """Give the picture at position `at` this path, if it has none yet and nobody else has it."""
        path = f"{folder}/{name}" if folder else name
        key = folded(path)
        if self._paths[at] is not None or key in self._files or key in self._all_folders:
            return False
        if any(above in self._files for above in _above(key)):
            return False
        self._files.add(key)
        self._paths[at] = path
        return True

    def _find_free(self, at: int, wanted: str) -> None:
        named = self._named[at]
        forms = [f"{wanted}-{named.suffix}"] if named.suffix and self._found[at].name is None else []
        for form in forms:
            if self._take(at, self._folders[at], f"{_fit(form, self._suffix)}{self._suffix}"):
                return
        number = 2
        while not self._take(
            at, self._folders[at], f"{_fit(wanted, f'-{number}{self._suffix}')}-{number}{self._suffix}"
        ):
            number += 1

    def _move_folders(self) -> None:
        """Rename the folders of new results that are files already."""
        for at, folder in enumerate(self._folders):
            if self._paths[at] is not None or not folder:
                continue
            parts: list[str] = []
            for part in folder.split("/"):
                free, number = part, 2
                while folded("/".join([*parts, free])) in self._files:
                    free, number = f"{part}-{number}", number + 1
                parts.append(free)
            self._folders[at] = "/".join(parts)
            self._all_folders |= set(_above(folded(f"{self._folders[at]}/x")))


def is_below(path: str) -> bool:
    """Whether `path`, with forward slashes, stays below the folder that it is relative to, on this system."""
    parts = path.split("/")
    return all(part == safe_part(part) and part for part in parts) and not PurePath(path).is_absolute()


def _named(picture: SourcePicture, number: int) -> Named:
    """What a result is named after, as its source has it."""
    if is_address(picture.source):
        parts = [part for part in picture.source.partition("://")[2].split("?")[0].split("/") if part]
        folder, name = (parts[-2] if len(parts) > 1 else ""), (parts[-1] if parts else "")
        path = PurePath(name.replace("\\", "_"))
        named = Named(path.stem, path.suffix[1:], folder, number)
    else:
        named = Named.after(local_path(picture.source), number, is_standard=False)
    return named if picture.name is None else replace(named, stem=picture.name)


def _safe(named: Named) -> Named:
    """`named` with nothing that would lead elsewhere; a name of dots alone is none."""
    stem = safe_part(named.stem)
    return Named(
        stem if _has_letters(stem) else "picture", safe_part(named.suffix), safe_part(named.folder), named.number
    )


def _has_letters(name: str) -> bool:
    return bool(name.strip(" ."))


def _folder(under: str) -> str:
    parts = [safe for part in under.split("/") if (safe := safe_part(part))]
    if parts and folded(parts[0]) == OWN_FOLDER:
        parts[0] = f"_{parts[0]}"
    return "/".join(parts)


def _fit(stem: str, ending: str) -> str:
    """`stem` as short as file systems want it, with what follows, and with nothing that leads elsewhere."""
    return shortened(safe_part(stem) or "picture", LONGEST - len(ending))


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name


def _above(path: str) -> Iterator[str]:
    """The folders of `path`, from the innermost."""
    while "/" in path:
        path = path.rpartition("/")[0]
        yield path
