"""The names of results: a pattern with placeholders, and names that are distinct."""

from __future__ import annotations

import os
import string
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from cutsmith.cures import give
from cutsmith.errors import BadOption, shown
from cutsmith.output import OUTPUT_OPTIONS
from cutsmith.picture.originals import folded

# One of them must stand in the name of several results; the other placeholders are often the same.
_DISTINGUISHING = frozenset({"stem", "number"})


@dataclass(frozen=True)
class Named:
    """What a result is named after.

    Attributes:
        stem: the picture's name without its suffix.
        suffix: the suffix without its dot.
        folder: the name of the folder that the picture is in.
        number: the picture's number in the call, from 1.
    """

    stem: str
    suffix: str
    folder: str
    number: int

    @classmethod
    def after(cls, source: str, number: int, *, is_standard: bool) -> Named:
        """What the result of `source`, the picture with `number`, is named after."""
        if is_standard:
            return cls("standard-input", "", "", number)
        path = PurePath(source)
        # A folder such as "." has no name; it is refused when it is read.
        folder = os.path.basename(os.path.dirname(os.path.abspath(source)))  # noqa: PTH100, PTH119, PTH120
        return cls(path.stem or "picture", path.suffix[1:], folder, number)


def check_pattern(pattern: str, count: int) -> None:
    """Refuse a pattern that would give `count` pictures one name.

    Raises:
        BadOption: it would.
    """
    if count > 1 and not _DISTINGUISHING & set(_placeholders(pattern)):
        raise BadOption(
            f"The name {shown(pattern)} would be the same for all {count} pictures.",
            give("name", '"{stem}-cut"', "Put {stem} or {number} in it"),
            option="name",
        )


def distinct_names(named: Sequence[Named], patterns: Sequence[str], folders: Sequence[object]) -> list[str]:
    """A name without suffix for each result, distinct among the results in one folder.

    Where names would be the same (a.jpg and a.png, and names that differ in case alone), all of these take the old
    suffix in (a-jpg, a-png), else the picture's folder (x-a, y-a), else both, else their numbers in the call. Only
    these numbers depend on the order of the pictures.

    Args:
        named: what each result is named after.
        patterns: the pattern of each name.
        folders: what tells the folders of the results apart.

    Raises:
        BadOption: a name would be empty, or be no name.
    """
    width = len(str(len(named)))
    stems = [each.stem for each in named]

    def name(at: int) -> str:
        return filled(patterns[at], named[at], stems[at], width)

    for form in _FORMS:
        clashing = _clashing([(folders[at], folded(name(at))) for at in range(len(named))])
        if not clashing:
            break
        for group in clashing:
            changed = [form(named[at]) for at in group]
            # A form that leaves some of them the same is of no use; the next one may be.
            if len(set(map(folded, changed))) == len(group):
                for at, stem in zip(group, changed, strict=True):
                    stems[at] = stem
    return [name(at) for at in range(len(named))]


def _with_suffix(named: Named) -> str:
    return f"{named.stem}-{named.suffix}" if named.suffix else named.stem


def _with_folder(named: Named) -> str:
    return f"{named.folder}-{named.stem}" if named.folder else named.stem


def _with_both(named: Named) -> str:
    return f"{named.folder}-{_with_suffix(named)}" if named.folder else _with_suffix(named)


def _with_number(named: Named) -> str:
    return f"{_with_suffix(named)}-{named.number}"


_FORMS: tuple[Callable[[Named], str], ...] = (_with_suffix, _with_folder, _with_both, _with_number, _with_number)


def _clashing(keys: Sequence[object]) -> list[list[int]]:
    """The positions of equal keys, in groups of two or more."""
    groups: defaultdict[object, list[int]] = defaultdict(list)
    for at, key in enumerate(keys):
        groups[key].append(at)
    return [group for group in groups.values() if len(group) > 1]


def _placeholders(pattern: str) -> Iterator[str]:
    return (field for _, field, _, _ in string.Formatter().parse(pattern) if field is not None)


def filled(pattern: str, named: Named, stem: str, width: int) -> str:
    """The name that `pattern` gives with `stem`; numbers have `width` digits.

    Raises:
        BadOption: the name would be empty.
    """
    values = {"stem": stem, "suffix": named.suffix, "folder": named.folder, "number": f"{named.number:0{width}}"}
    name = "".join(
        literal + (values[field] if field is not None else "")
        for literal, field, _, _ in string.Formatter().parse(pattern)
    )
    if not name.strip(" ."):
        raise BadOption(
            f"The name {shown(pattern)} is empty for {named.stem}.{named.suffix}".rstrip(".") + ".",
            give("name", OUTPUT_OPTIONS["name"].example),
            option="name",
        )
    return name
