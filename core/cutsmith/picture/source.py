"""Where a picture's bytes come from: a path, bytes, an open file, standard input."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import BinaryIO

from cutsmith.errors import (
    BadOption,
    PictureEmpty,
    PictureError,
    PictureIsFolder,
    PictureNotFound,
    PictureUnreadable,
)
from cutsmith.picture.formats import blank_start, recognise

HEAD_BYTES = 4096

FileSource = str | os.PathLike[str] | bytes | BinaryIO


class NamedBytes(io.BytesIO):
    """The bytes of a file, with the name that messages call it by."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def read_source(source: FileSource) -> tuple[bytes, str, str]:
    """(the file's bytes, the format's name, what to call the picture) of `source`; "-" is standard input.

    The first 4 KB tell the format, so that a film given by mistake is never read as a whole.

    Raises:
        PictureNotFound, PictureIsFolder, PictureUnreadable, PictureEmpty, PictureFormatUnsupported: the file.
        BadOption: standard input is the keyboard.
        TypeError: `source` is none of these types, or a file that is open as text.
    """
    if isinstance(source, bytes | bytearray | memoryview):
        data = bytes(source)
        start = blank_start(data[:HEAD_BYTES])
        data = data[start:] if start else data
        return data, _recognised(data[:HEAD_BYTES], "<bytes>"), "<bytes>"
    if isinstance(source, str | os.PathLike):
        return _read_standard_input() if os.fspath(source) == "-" else _read_path(Path(source))
    if not hasattr(source, "read"):
        raise TypeError(f"a picture must be a path, bytes or a binary file, not {type(source).__name__}")
    name = getattr(source, "name", "<stream>")
    return _read_stream(source, name if isinstance(name, str) else "<stream>")


def _read_path(path: Path) -> tuple[bytes, str, str]:
    name = str(path)
    try:
        with path.open("rb") as stream:
            return _read_stream(stream, name)
    except PictureError:
        raise
    except IsADirectoryError as error:
        raise _is_folder(name) from error
    except (FileNotFoundError, NotADirectoryError) as error:
        raise PictureNotFound(f"There is no file {name}.", _nearest_names(path)) from error
    except PermissionError as error:
        if os.path.isdir(path):  # noqa: PTH112 - how Windows says "a folder"; Path.is_dir() may itself be denied
            raise _is_folder(name) from error
        raise PictureUnreadable(
            f"{name} may not be read: {error.strerror}.", "Change its permissions so that you may read it."
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise PictureUnreadable(f"{name} cannot be read: {_reason(error)}.") from error


def _read_standard_input() -> tuple[bytes, str, str]:
    if sys.stdin is None or sys.stdin.isatty():
        raise BadOption(
            "Standard input must be a picture from a file or a pipe, but got the keyboard.",
            "Give the path of a picture, or send one to standard input.",
            option="source",
            found="the keyboard",
            wanted="a picture from a file or a pipe",
        )
    try:
        return _read_stream(sys.stdin.buffer, "<stdin>")
    except OSError as error:
        raise PictureUnreadable(f"Standard input cannot be read: {_reason(error)}.") from error


def _read_stream(stream: BinaryIO, name: str) -> tuple[bytes, str, str]:
    head = b""
    while len(head) < HEAD_BYTES and (more := stream.read(HEAD_BYTES - len(head))):
        if not isinstance(more, bytes):
            raise TypeError(f"{name} must be open as binary, open(path, 'rb'), but is open as text")
        head += more
    start = blank_start(head)
    format_name = _recognised(head[start:], name)
    head = head[start:] if start else head
    return head + (stream.read() if len(head) + start == HEAD_BYTES else b""), format_name, name


def _recognised(head: bytes, name: str) -> str:
    if not head:
        raise PictureEmpty(f"{name} is empty: 0 bytes.", "The download or the copy was probably cut off. Repeat it.")
    return recognise(head, name)


def _is_folder(name: str) -> PictureIsFolder:
    return PictureIsFolder(
        f"{name} must be a picture, but is a folder.", "Give one picture, or all those in the folder."
    )


def _reason(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__


def _nearest_names(path: Path) -> str:
    """Advice with names in the same folder that look like the missing one."""
    from difflib import get_close_matches

    try:
        present = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"There is no folder {path.parent} either."
    near = get_close_matches(path.name, present, n=3, cutoff=0.6)
    return f"Did you mean {' or '.join(near)}?" if near else "Check the name, and the folder that it is relative to."
