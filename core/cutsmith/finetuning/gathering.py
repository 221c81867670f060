"""Collects the examples of a source, and what is wrong with it."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from cutsmith.batch.inputs import find_inputs
from cutsmith.errors import PictureNotFound
from cutsmith.finetuning.examples import Example, Examples, Fault, Truth
from cutsmith.finetuning.grouping import Grouping, notices_of_names
from cutsmith.machine.files import is_folder
from cutsmith.models.integrity import hash_file


class Gathering:
    """Examples, faults and notices while a source is read."""

    def __init__(self, folder: Path, grouping: Grouping) -> None:
        """Begin with nothing; `folder` is that of the pictures."""
        self.notices: list[str] = []
        self._folder = folder
        self._grouping = grouping
        self._examples: dict[str, Example] = {}
        self._faults: list[Fault] = []

    def add(self, name: str, picture: Path, truth: Truth, *, product: str = "") -> None:
        """Take an example, unless its product is not known or its file cannot be read: that is a fault.

        Args:
            name: its name; if another example has it, it gets the suffix, or a number.
            picture: its file.
            truth: its masks.
            product: what it shows, where that is known otherwise than by a name. A pattern that was given is asked all
                the same.
        """
        is_known = bool(product) and not self._grouping.is_given
        group = product if is_known else self._grouping.product(name, self._folder.absolute().name)
        if group is None:
            self.fault(picture, f"The pattern for products does not match its name, {name!r}.")
            return
        try:
            sha256 = hash_file(picture, "sha256")
        except OSError as error:
            self.fault(picture, f"It cannot be read: {error.strerror or error}.")
            return
        own = self._own_name(name, picture)
        self._examples[own] = Example(own, picture, truth, group, sha256)

    def fault(self, path: Path, what: str, *, is_fatal: bool = True) -> None:
        """Tell what is wrong with the file `path`."""
        self._faults.append(Fault(path, what, is_fatal))

    def gathered(self) -> Examples:
        """All that was found."""
        examples = [self._examples[name] for name in sorted(self._examples)]
        doubts = [] if self._grouping.is_given else notices_of_names(examples)
        return Examples(examples, self._faults, [*self.notices, *doubts])

    def _own_name(self, name: str, picture: Path) -> str:
        own, number = name, 1
        while own in self._examples:
            own = f"{name}{picture.suffix}" if number == 1 else f"{name}{picture.suffix} {number}"
            number += 1
        return own


def pictures_by_name(folder: Path, but: Path | None = None) -> dict[str, list[Path]]:
    """The pictures in `folder` and below, by their paths without suffix, with "/"; those in the folder `but` left out.

    Raises:
        PictureNotFound: there is none. PictureUnreadable: the folder may not be read.
    """
    if not is_folder(folder):
        raise PictureNotFound(f"There is no folder {folder}.", "Check the name.")
    aside = None if but is None or folder.resolve().is_relative_to(but.resolve()) else but.resolve()
    names: defaultdict[str, list[Path]] = defaultdict(list)
    for each in find_inputs([str(folder)], []).found:
        path = Path(each.source)
        if aside is None or not path.resolve().is_relative_to(aside):
            names[path.relative_to(folder).with_suffix("").as_posix()].append(path)
    return dict(names)
