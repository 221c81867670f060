"""Lists and tables: the bytes of the file -> text."""

from __future__ import annotations

from pathlib import Path

from cutsmith.errors import BadOption, shown

_OTHER_ENCODINGS = ((b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"))
_AS_UTF8 = "Save it as UTF-8: a text editor and a spreadsheet offer that (CSV UTF-8)."


def read_text(path: str) -> str:
    """The text of the list or table at `path`: UTF-8, with or without a byte order mark. Line ends stay as they are.

    Raises:
        BadOption: there is no such file, it may not be read, it is a folder, or it is no UTF-8 text; the message names
            the line.
    """
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError as error:
        raise BadOption(
            f"There is no list {path}.", "Check its name, and the folder that it is relative to.", found=shown(path)
        ) from error
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        cure = "Give a file that names pictures." if Path(path).is_dir() else "Change its permissions so that you may."
        raise BadOption(f"The list {path} cannot be read: {reason}.", cure, found=shown(path)) from error
    for mark, name in _OTHER_ENCODINGS:
        if data.startswith(mark):
            raise BadOption(f"The list {path} must be UTF-8, but is {name}.", _AS_UTF8, found=name, wanted="UTF-8")
    if (at := data.find(b"\0")) >= 0:
        raise BadOption(
            f"The list {path} must be a text that names pictures, but line {_line(data, at)} has a zero byte: it is no "
            "text.",
            "Give a list or a table; a picture is given without an @.",
            found="a binary file",
            wanted="a text",
        )
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        at = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        raise BadOption(
            f"The list {path} must be UTF-8, but line {_line(data, at)} has the byte {data[at]:02x}, which is none.",
            _AS_UTF8,
            found=f"the byte {data[at]:02x}",
            wanted="UTF-8",
        ) from error


def _line(data: bytes, at: int) -> int:
    """The number, from 1, of the line of `data` that the byte at `at` is in."""
    return data.count(b"\n", 0, at) + 1


def lines_of(text: str) -> list[str]:
    """The lines of `text`, whatever system ended them."""
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def names_nothing(path: str) -> BadOption:
    """The error about a list or a table without a picture."""
    return BadOption(f"The list {path} names no picture.", "Write one path or address a line.", found="an empty list")
