"""A row of a table -> a picture with the request of its row, or with what is wrong about it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

from cutsmith.batch.sources.entries import entry_source
from cutsmith.batch.sources.picture import NO_FIELDS, SourcePicture
from cutsmith.batch.sources.safe_names import folder_of_row, name_of_row
from cutsmith.batch.sources.tables import FOLDER, INPUT, NAME, Row, rows_of
from cutsmith.cures import give
from cutsmith.errors import BadOption, CutsmithError, PictureError, shown
from cutsmith.option_text import from_text
from cutsmith.options import OPTIONS
from cutsmith.request import Request
from cutsmith.request_json import from_json

# Kinds whose values a text says in a form of its own, in JSON lines too.
_SAID_IN_TEXT = frozenset({"box", "points", "band", "number", "whole", "flag"})
# Beside which an option that is checked alone must stand.
_COMPANIONS: Mapping[str, Mapping[str, Any]] = {"objects": {"text": "subject"}}


def pictures_of_table(path: str, request: Request | None = None) -> Iterator[SourcePicture]:
    """The pictures of the table at `path`, one a row, each with the options of its row.

    A row that cannot be done becomes a picture with an error, which names the file and the line; the others go on.

    Args:
        path: a CSV or JSON lines (`tables.rows_of` says what they hold).
        request: what all rows have in common. With it, options that exclude each other are found too.

    Raises:
        BadOption: the table as a whole is wrong; see `rows_of`.
    """
    folder = os.path.dirname(path)  # noqa: PTH120 - "" for the current folder
    for row in rows_of(path):
        yield _picture(row, path, folder, request)


def _picture(row: Row, path: str, folder: str, request: Request | None) -> SourcePicture:
    where = f"{path}, line {row.line}"
    source = under = ""
    try:
        if row.error is not None:
            raise row.error
        source, under, wrong = _entry(row.values, folder)
        if wrong is not None:
            raise wrong
        name = name_of_row(row.values[NAME]) if NAME in row.values else None
        if FOLDER in row.values:
            under = folder_of_row(row.values[FOLDER])
        elif name is not None:
            under = ""
        fields = _fields(row.values)
        if request is not None and fields:
            request.updated({each: from_json(each, value) for each, value in fields.items()}).checked()
    except CutsmithError as error:
        source = source or _told_input(row.values) or f"{path}:{row.line}"
        return SourcePicture(source, "", error=_told_with(where, error))
    return SourcePicture(source, under, name, fields or NO_FIELDS)


def _entry(values: Mapping[str, Any], folder: str) -> tuple[str, str, CutsmithError | None]:
    entry = values.get(INPUT)
    if not isinstance(entry, str) or not entry.strip():
        found = "nothing" if entry is None else shown(entry)
        raise BadOption(
            f"The {INPUT} must be the path or the address of a picture, but got {found}.",
            give(INPUT, "shop/a.jpg"),
            found=found,
            wanted="a path or an address",
        )
    return entry_source(entry.strip(), folder)


def _told_input(values: Mapping[str, Any]) -> str:
    entry = values.get(INPUT)
    return entry.strip() if isinstance(entry, str) else ""


def _fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The options of a row in JSON's form, each checked by itself.

    Raises:
        BadBox, BadPoint, BadPhrases, BadArray, BadOption: a value is wrong.
    """
    fields: dict[str, Any] = {}
    for name, value in values.items():
        if name not in OPTIONS:
            continue
        option = OPTIONS[name]
        is_text = isinstance(value, str) and option.kind in _SAID_IN_TEXT
        fields[name] = from_text(option, value) if is_text else value
        Request.from_fields({**_COMPANIONS.get(name, {}), name: fields[name]})
    return fields


def _told_with(where: str, error: CutsmithError) -> CutsmithError:
    """`error` as that of a row: with its file and line, and its cures as the table has them, not as flags."""
    kind = PictureError if isinstance(error, PictureError) else BadOption
    what = error.what[:1].lower() + error.what[1:] if error.what[1:2].islower() else error.what
    cures = (cure if cure.action == "advise" else str(cure) for cure in error.cures)
    return kind(f"{where}: {what}", *cures, found=error.found, wanted=error.wanted)
