"""What the inputs of a batch name: files, folders, patterns, lists, tables and addresses; each picture once."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path, PurePath

from cutsmith.batch.inputs import (
    STANDARD,
    counted,
    each_once,
    file_place,
    find_inputs,
    refuse_results,
    some,
    told_again,
)
from cutsmith.batch.sources.addresses import is_address, is_group, local_path, pictures_below, root_of
from cutsmith.batch.sources.failures import without_secrets
from cutsmith.batch.sources.globs import files_of_pattern, is_pattern, match_of, split_pattern, with_folders
from cutsmith.batch.sources.lists import pictures_of_list
from cutsmith.batch.sources.picture import SourcePicture, Sources
from cutsmith.batch.sources.rows import pictures_of_table
from cutsmith.batch.sources.tables import TABLE_SUFFIXES
from cutsmith.errors import BadOption, CutsmithError, PictureNotFound, shown
from cutsmith.machine.files import is_folder
from cutsmith.picture.originals import folder_place
from cutsmith.request import Request

LIST_MARK = "@"
"""What stands before the name of a list."""


def find_sources(
    inputs: Sequence[str], results: str, *, include: Sequence[str] = (), request: Request | None = None
) -> Sources:
    """Find the pictures that `inputs` name, each once, in the order of the inputs and of their names.

    An input is the path of a picture; a folder, searched with all below it (`find_inputs` says how); a pattern such as
    shop/**/*.jpg; @NAME, a list with one path or address a line, or a table with a request a row; NAME.csv, .tsv,
    .jsonl or .ndjson, a table without an @; or an address: of a picture, of a folder of a store, or a pattern there.
    A folder's own structure is kept below `results`; several folders keep their names, too.

    Args:
        inputs: paths, patterns, lists, tables and addresses.
        results: the folder that results go to; it need not exist, and is not searched.
        include: patterns of which a picture in a folder must match one: its name, or, for a pattern with a slash, its
            path below the folder. The case of a suffix is no matter.
        request: what all pictures have in common; with it, rows whose options exclude it are found.

    Raises:
        PictureNotFound: no input names a picture; there is no such bucket, or no such folder in it.
        PictureUnreadable: a folder or a store may not be read.
        ExtraMissing: the package for an address is not installed.
        BadOption: a list or a table is wrong as a whole; a folder is itself `results`; standard input was given.
    """
    given = [local_path(each) for each in inputs]
    if STANDARD in given:
        raise BadOption("A batch cannot read a picture from standard input.", "Give paths, a folder or a list.")
    finding = _Finding([_Input(each) for each in given], results, [_include_parts(each) for each in include], request)
    return finding.sources()


def _include_parts(pattern: str) -> list[str]:
    parts = [part for part in pattern.replace(os.sep, "/").split("/") if part]
    if not parts:
        raise BadOption("", "Example: *.jpg", option="include", found=shown(pattern), wanted="a pattern of names")
    return with_folders(parts if len(parts) > 1 else ["**", *parts])


class _Input:
    """One input, and what kind it is."""

    def __init__(self, given: str) -> None:
        self.given = given
        self.list = ""
        self.kind = self._kind()

    def _kind(self) -> str:
        if is_address(self.given):
            return "addresses" if is_group(self.given) else "file"
        if is_folder(self.given):
            return "folder"
        exists = os.path.lexists(self.given)
        if self.given.startswith(LIST_MARK) and not exists:
            self.list = self.given[len(LIST_MARK) :]
            return "table" if _is_table(self.list) else "list"
        if _is_table(self.given) and (exists or not is_pattern(self.given)):
            self.list = self.given
            return "table"
        return "pattern" if is_pattern(self.given) and not exists else "file"

    @cached_property
    def root(self) -> str:
        """The folder whose structure is kept; "" where none is."""
        match self.kind:
            case "folder":
                return self.given
            case "pattern":
                return split_pattern(self.given.replace(os.sep, "/"))[0]
            case "addresses":
                return root_of(self.given)
        return ""

    @property
    def root_place(self) -> object:
        """What tells the roots of inputs apart; None where there is none."""
        if not self.root:
            return None
        return self.root if self.kind == "addresses" else folder_place(self.root)

    @property
    def root_name(self) -> str:
        if self.kind == "addresses":
            return self.root.rpartition("/")[2]
        return os.path.basename(os.path.abspath(self.root)) if self.root else ""  # noqa: PTH100, PTH119


def _is_table(path: str) -> bool:
    return PurePath(path).suffix.lower() in TABLE_SUFFIXES


class _Finding:
    """Goes through the inputs, and keeps what is to be told."""

    def __init__(
        self, inputs: Sequence[_Input], results: str, include: Sequence[Sequence[str]], request: Request | None
    ) -> None:
        self._inputs = inputs
        self._results = results
        self._include = include
        self._request = request
        places = {each.root_place for each in inputs} - {None}
        self._keeps_root = len(places) > 1
        self._notices: list[str] = []
        self._nothing: list[CutsmithError] = []
        self._other_case = 0

    def sources(self) -> Sources:
        found = [picture for each in self._inputs for picture in self._pictures(each)]
        if not found:
            raise self._nothing[0] if self._nothing else PictureNotFound("No input was given.", "Give a folder.")
        place_of = file_place()
        once, again = each_once(found, lambda source: (source,) if is_address(source) else place_of(source))
        notices = [each.what for each in self._nothing] + self._notices
        if self._other_case:
            what = counted(self._other_case, "picture was", "pictures were")
            notices.append(f"{what} taken though the suffix is in other letters, small or capital, than the pattern's.")
        if again:
            notices.append(told_again([without_secrets(each) for each in again]))
            if any(each.kind == "table" for each in self._inputs):
                notices.append("Of several rows about one picture the first counts.")
        return Sources(once, notices)

    def _pictures(self, given: _Input) -> Iterator[SourcePicture]:
        match given.kind:
            case "file":
                yield SourcePicture(given.given)
                return
            case "list":
                yield from pictures_of_list(given.list)
                return
            case "table":
                yield from pictures_of_table(given.list, self._request)
                return
        kept = given.root_name if self._keeps_root else ""
        is_empty, told = True, len(self._nothing)
        for source, under in self._of_group(given):
            is_empty = False
            yield SourcePicture(source, "/".join(filter(None, (kept, under))))
        if is_empty and len(self._nothing) == told:
            self._nothing.append(self._none_in(given))

    def _of_group(self, given: _Input) -> Iterator[tuple[str, str]]:
        """(source, folders below the root) of the pictures that a folder, a pattern or a group of addresses names."""
        match given.kind:
            case "folder":
                return self._in_folder(given.given)
            case "pattern":
                return self._of_pattern(given)
            case _:
                return self._below_address(given.given)

    def _in_folder(self, folder: str) -> Iterator[tuple[str, str]]:
        try:
            inputs = find_inputs([folder], [self._results])
        except PictureNotFound as error:
            self._nothing.append(error)
            return
        self._notices += inputs.notices
        left_out = 0
        for each in inputs.found:
            under = each.under.replace(os.sep, "/")
            parts = [*filter(None, under.split("/")), os.path.basename(each.source)]  # noqa: PTH119
            matches = {match_of(parts, pattern) for pattern in self._include}
            if self._include and matches == {""}:
                left_out += 1
                continue
            self._other_case += bool(matches) and "exact" not in matches
            yield each.source, under
        if left_out:
            what = counted(left_out, "picture matches", "pictures match")
            self._notices.append(f"{what} none of the patterns and {'was' if left_out == 1 else 'were'} left out.")

    def _of_pattern(self, given: _Input) -> Iterator[tuple[str, str]]:
        refuse_results(given.root or os.curdir, [self._results])
        globbed = files_of_pattern(given.given, [self._results])
        self._other_case += globbed.other_case
        if globbed.closed:
            what = counted(len(globbed.closed), "folder may not be read and was", "folders may not be read and were")
            self._notices.append(f"{what} left out: {some(globbed.closed)}.")
        yield from globbed.found

    def _below_address(self, address: str) -> Iterator[tuple[str, str]]:
        for source, under, is_other_case in pictures_below(address, [] if is_pattern(address) else self._include):
            self._other_case += is_other_case
            yield source, under

    def _none_in(self, given: _Input) -> PictureNotFound:
        where = without_secrets(given.given)
        if given.kind == "pattern":
            base = given.root or os.curdir
            there = "" if Path(base).is_dir() else f" There is no folder {base}."
            return PictureNotFound(
                f"No picture matches {where}.{there}", "* stands for a name, ** for any folders: shop/**/*.jpg."
            )
        return PictureNotFound(
            f"There is no picture in {where}{' that matches' if self._include else ''}.",
            "Hidden files are left out, and in a store all whose suffix is no picture's.",
        )
