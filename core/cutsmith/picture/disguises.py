"""Pictures in disguise: written as text, behind other bytes, or only named like a picture; and what to do then."""

from __future__ import annotations

import binascii
import re
from collections.abc import Callable
from typing import NamedTuple

COMPRESSED_TO_NOISE = frozenset({"JPEG", "WEBP", "GIF"})
"""Formats whose pixels look like noise, byte by byte, so that missing values are a sign of damage."""

_WINDOW = 65536
_SEVERAL = 6
"""Line feeds: that so many come after carriage returns by chance happens never."""

_BASE64 = re.compile(rb"[A-Za-z0-9+/_-]{64}")
_HEXADECIMAL = re.compile(rb"(?:0x)?((?:[0-9a-fA-F]{2}){32})")
_STARTS = re.compile(rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff[\xc0-\xfe]|GIF8[79]a|RIFF....WEBP", re.DOTALL)


class Disguise(NamedTuple):
    """What a file looks like, in words that follow "looks like", and what the user can do."""

    found: str
    remedy: str


_CONVERT = "Convert it to PNG with the program that wrote it, or with an image viewer."
_AS_TEXT = Disguise("a picture written as text (Base64)", "Decode it from Base64 first.")
_AS_DIGITS = Disguise("a picture written as text (hexadecimal digits)", "Turn the digits into bytes first.")
_DATA_URI = Disguise("a data URI, which has the picture as text", "Decode what follows the comma from Base64 first.")
_MESSAGE = Disguise(
    "a message of a web server's script", "Look into it with a text editor, and download the picture itself."
)
_SHORTCUT = Disguise("a shortcut to another place, not the picture", "Give the file that it points to.")
_SCRIPT_BEFORE = Disguise(
    "a picture behind the message of a script", "Mend the script, and download the picture again."
)
_HEADER_BEFORE = Disguise(
    "a picture behind the header of its transfer", "Save the body alone, without the lines that come before it."
)

_BEGINNINGS = (
    (
        b"\0\x05\x16\x07",
        "the companion that macOS puts beside a file, not the picture",
        'Give the file of the same name without "._" before it.',
    ),
    (b"\0\x05\x16\0", "a file in macOS's AppleSingle packing", "Unpack it on a Mac first."),
    (b"\0\0\0\x01Bud1", "a folder's settings (.DS_Store), not a picture", "Leave it out."),
    (b"\xd0\xcf\x11\xe0", "an office document or a folder's thumbnails (Thumbs.db)", "Give the picture itself."),
    (b"\x8aMNG", "an MNG animation", _CONVERT),
    (b"\x8bJNG", "a JNG picture", _CONVERT),
    (b"FLIF", "a FLIF picture", _CONVERT),
    (b"BPG\xfb", "a BPG picture", _CONVERT),
    (b"II\xbc", "a JPEG XR picture", _CONVERT),
    (b"DDS ", "a DirectDraw texture (DDS)", _CONVERT),
    (b"\x01\xda", "an SGI picture", _CONVERT),
    (b"qoif", "a QOI picture", _CONVERT),
    (b"\xc5\xd0\xd3\xc6", "a PostScript document (EPS)", "Export it as a PNG of 300 dots per inch first."),
    (b"AT&TFORM", "a DjVu document", "Export the page as a PNG first."),
    (b"\xd7\xcd\xc6\x9a", "a Windows metafile (WMF)", "Export it as a PNG first."),
    (b"L\0\0\0\x01\x14\x02\0", *_SHORTCUT),
    (b"[InternetShortcut]", *_SHORTCUT),
    (b"FOVb", "a camera's raw file", "Develop it first: export a 16-bit TIFF or a JPEG from your raw converter."),
    (b"IIRO", "a camera's raw file", "Develop it first: export a 16-bit TIFF or a JPEG from your raw converter."),
    (b"IIRS", "a camera's raw file", "Develop it first: export a 16-bit TIFF or a JPEG from your raw converter."),
    (b"MMOR", "a camera's raw file", "Develop it first: export a 16-bit TIFF or a JPEG from your raw converter."),
)
_HEIF_CODINGS = {
    b"avci": "AVC (H.264)",
    b"avcs": "AVC (H.264)",
    b"jpeg": "JPEG",
    b"jpgs": "JPEG",
    b"vvic": "VVC (H.266)",
    b"vvis": "VVC (H.266)",
    b"j2ki": "JPEG 2000",
    b"j2is": "JPEG 2000",
    b"mif1": "an unknown way",
    b"msf1": "an unknown way",
}


def disguise(head: bytes, known_format: Callable[[bytes], str | None]) -> Disguise | None:
    """What the file that begins with `head` is, if it is one of these; `known_format` names the format of a picture."""
    for beginning, found, remedy in _BEGINNINGS:
        if head.startswith(beginning):
            return Disguise(found, remedy)
    if head[40:44] == b" EMF":
        return Disguise("a Windows metafile (EMF)", "Export it as a PNG first.")
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_CODINGS:
        coding = next((_HEIF_CODINGS[each] for each in _brands(head) if each in _HEIF_CODINGS), "an unknown way")
        return Disguise(f"a HEIF picture that is coded in {coding} instead of HEVC or AV1", _CONVERT)
    return _behind_other_bytes(head) or _as_text(head, known_format)


def _brands(head: bytes) -> list[bytes]:
    """The brands, the neutral ones last."""
    found = [head[at : at + 4] for at in (8, *range(16, min(int.from_bytes(head[:4], "big"), len(head)) - 3, 4))]
    return sorted(found, key=lambda brand: brand in (b"mif1", b"msf1"))


def _behind_other_bytes(head: bytes) -> Disguise | None:
    start = _STARTS.search(head)
    if start is None or start.start() == 0:
        return None
    before = head[: start.start()].lstrip(b"\xef\xbb\xbf \t\r\n")
    if before.startswith((b"HTTP/", b"Content-", b"--")):
        return _HEADER_BEFORE
    if before.startswith(b"<"):
        return _SCRIPT_BEFORE
    bytes_before = f"{start.start()} other byte" + ("s" if start.start() > 1 else "")
    return Disguise(f"a picture behind {bytes_before}", "Remove the bytes before it, or export it again.")


def _as_text(head: bytes, known_format: Callable[[bytes], str | None]) -> Disguise | None:
    text = head.replace(b"\xef\xbb\xbf", b"").lstrip(b" \t\r\n\"'")
    if text[:5].lower() == b"data:":
        return _DATA_URI
    if text[:5].lower() in (b"<br /", b"<b>wa", b"<b>no", b"<b>fa") or text[:9].lower() == b"php fatal":
        return _MESSAGE
    if text.startswith(b"<!--") and b"<html" in text.lower():
        return Disguise(
            "a web page (HTML)", "The server sent a page instead of the picture. Download the picture itself."
        )
    digits = _HEXADECIMAL.match(text)
    if digits and known_format(bytes.fromhex(digits[1].decode())):
        return _AS_DIGITS
    packed = re.sub(rb"\s", b"", text[:512])
    if _BASE64.match(packed) and known_format(binascii.a2b_base64(packed[:64].translate(_URL_SAFE))):
        return _AS_TEXT
    if b"\nContent-Transfer-Encoding:" in head:
        return Disguise("an e-mail", "Save its attachment, the picture, with your e-mail program.")
    if len(head) >= 8 and (not any(head[1:200:2]) or not any(head[0:200:2])) and any(head):
        letters = bytes(each for each in head[:200] if each)
        if letters.isascii() and len(letters) * 2 >= len(head[:200]) - 1:
            return Disguise("text (UTF-16)", "Give a picture.")
    return None


_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def was_copied_as_text(noise: bytes) -> bool:
    """Whether each line feed in `noise`, compressed data, got a carriage return before it.

    FTP in its text mode does that on its way to Windows. Costs a look at the last 64 KB.
    """
    window = noise[-_WINDOW:]
    lines = window.count(b"\n")
    return lines >= _SEVERAL and window.count(b"\r\n") >= lines - 1
