"""What a path or an address in a list or a table means, and which folders its result keeps."""

from __future__ import annotations

import os
from pathlib import PurePath

from cutsmith.batch.sources.addresses import is_address, local_path
from cutsmith.errors import BadOption, CutsmithError, PictureIsFolder, shown
from cutsmith.machine.files import is_folder


def entry_source(entry: str, folder: str) -> tuple[str, str, CutsmithError | None]:
    """(the source, the folders that its result keeps, what is wrong) for the `entry` of a list that lies in `folder`.

    A relative path is relative to the list's folder; if nothing is there, but something is below the current folder, it
    is that. Its result keeps its folders, unless they lead upwards; that of an absolute path or an address keeps none.

    Args:
        entry: a path, or an address such as s3://bucket/a.jpg.
        folder: the folder of the list; "" for the current one.
    """
    if "\0" in entry:
        return entry, "", BadOption(f"The path {shown(entry)} has a zero character, which no file's name has.")
    entry = local_path(entry)
    if is_address(entry):
        if entry.endswith("/"):
            return entry, "", _is_folder(entry)
        return entry, "", None
    path = entry if os.sep == "/" else entry.replace("/", os.sep)
    if os.path.isabs(path) or PurePath(path).drive:  # noqa: PTH117 - thousands of paths
        return path, "", _is_folder(path) if is_folder(path) else None
    beside = os.path.join(folder, path) if folder else path  # noqa: PTH118
    source = path if folder and not os.path.lexists(beside) and os.path.lexists(path) else beside
    parts = PurePath(path).parent.parts
    under = "" if ".." in parts else "/".join(parts)
    return source, under, _is_folder(source) if is_folder(source) else None


def _is_folder(source: str) -> PictureIsFolder:
    return PictureIsFolder(
        f"{source} must be a picture, but is a folder.", "A list names pictures one by one. Give the folder itself."
    )
