"""Which product a picture shows, by its name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from cutsmith.cures import give
from cutsmith.errors import BadOption, Notice, shown
from cutsmith.finetuning.examples import Example

BY_FOLDER = "^([^/]+)/"
"""The pattern by which each folder is a product."""

_NUMBERED = re.compile(r"(.+?)[\s._–—-]+\(?\d+\)?")
_NUMBER_ALONE = re.compile(r"\W*\d+\W*")


class Grouping:
    """Names of pictures -> names of products.

    A name is a path below the folder of pictures, with "/" and without the suffix, such as "red/mug-0004". A pattern
    is searched in it: its first capturing group is the product, or all that matched where it has no group. Without a
    pattern the product is the file's own name up to its last number, if a dash, an underscore, a dot or a space
    stands before that ("mug-0004" and "red/mug (7)" are of "mug", "mug_red_12" is of "mug_red"); it is the name of the
    folder where the file's name is only a number; and the whole name of the file otherwise.

    The folder counts for nothing else: photos of one product are often kept by the day, and must not be split.
    """

    def __init__(self, pattern: str | None) -> None:
        """Take `pattern`, a regular expression; None for the rule above.

        Raises:
            BadOption: it is none.
        """
        self.is_given = pattern is not None
        try:
            self._pattern = None if pattern is None else re.compile(pattern)
        except re.error as error:
            raise BadOption(
                f"The pattern for products, {shown(pattern)}, is no regular expression: {error}.",
                give("group", BY_FOLDER, "If each folder is a product"),
                option="group",
                found=shown(pattern),
                wanted="a regular expression",
            ) from error

    def product(self, name: str, folder: str) -> str | None:
        """The product of the picture `name`; None where the pattern is not in it, or matches nothing at all.

        `folder` is the name of the folder of all pictures, for a name that is only a number and has no folder.
        """
        if self._pattern is None:
            return _by_name(name, folder)
        found = self._pattern.search(name)
        if found is None:
            return None
        return (found[1] if self._pattern.groups else found[0]) or None


def _by_name(name: str, folder: str) -> str:
    parents, _, stem = name.rpartition("/")
    if _NUMBER_ALONE.fullmatch(stem):
        return parents.rpartition("/")[2] or folder
    numbered = _NUMBERED.fullmatch(stem)
    return numbered[1] if numbered else stem


def notices_of_names(examples: Sequence[Example]) -> list[Notice]:
    """What makes the rule for names doubtful: it may have parted photos of one product, which must not be."""
    groups = {example.group for example in examples}
    folders = {example.name.rpartition("/")[0] for example in examples}
    notices = []
    if len(groups) == len(examples) > 1:
        notices.append(
            Notice(
                "By its name, each picture shows a product of its own. If several show the same, they must be held out "
                "together, or the verdict is too good.",
                give("group", "^([a-z]+)", "Say which part of the name is the product"),
            )
        )
    if len(folders) > 1 and not groups <= {folder.rpartition("/")[2] for folder in folders}:
        notices.append(
            Notice(
                "Products are told apart by the names of the files, not by their folders.",
                give("group", BY_FOLDER, "If each folder is a product"),
            )
        )
    return notices
