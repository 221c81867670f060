"""Lists: text files with one path or address a line."""

from __future__ import annotations

import os
from collections.abc import Iterator

from cutsmith.batch.sources.entries import entry_source
from cutsmith.batch.sources.picture import SourcePicture
from cutsmith.batch.sources.text_files import lines_of, names_nothing, read_text

_COMMENT = "#"


def pictures_of_list(path: str) -> Iterator[SourcePicture]:
    """The pictures that the text file at `path` names, one path or address a line.

    Blank lines, and lines that begin with #, are left out; a file whose name begins so is written ./#1.jpg. What a
    relative path is relative to is said at `entry_source`. A line that names a folder becomes a picture with an error.

    Raises:
        BadOption: see `read_text`; or the list names nothing.
    """
    folder = os.path.dirname(path)  # noqa: PTH120 - "" for the current folder
    is_empty = True
    for line in lines_of(read_text(path)):
        entry = line.strip()
        if not entry or entry.startswith(_COMMENT):
            continue
        is_empty = False
        source, under, error = entry_source(entry, folder)
        yield SourcePicture(source, under, error=error)
    if is_empty:
        raise names_nothing(path)
