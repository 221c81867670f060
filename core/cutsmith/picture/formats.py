"""Which format a file is, from its first bytes (never from its name), and which formats are written."""

from __future__ import annotations

from pathlib import PurePath

from cutsmith.cures import give
from cutsmith.errors import OutputFormatUnsupported, PictureFormatUnsupported, shown
from cutsmith.picture.disguises import disguise
from cutsmith.picture.weak_signatures import is_icon, is_netpbm, is_tga

READ_FORMATS = "PNG, JPEG, WebP, TIFF, BMP, AVIF, GIF, HEIC, JPEG 2000, JPEG XL, Netpbm (PPM), TGA and ICO"

OUTPUT_FORMATS = {
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".avif": "AVIF",
    ".bmp": "BMP",
}
"""Suffix -> format, of the formats that are written."""

OPAQUE_FORMATS = frozenset({"JPEG", "BMP"})
"""Formats that cannot hold transparency."""

_MAGIC = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"II+\0", "TIFF"),
    (b"MM\0+", "TIFF"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
    (b"\xff\x4f\xff\x51", "JPEG 2000"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
    (b"\xff\x0a", "JPEG XL"),
)
_BMP_HEADER_SIZES = (12, 16, 40, 52, 56, 64, 108, 124)
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})

_PNG_AS_TEXT = "a PNG that was damaged because it was handled as text"
_BASE64 = "a picture written as text (Base64)"

_STRANGERS = (
    (b"\x89PNG\n", _PNG_AS_TEXT),
    (b"\x89PNG\r\n\x1a\r\n", _PNG_AS_TEXT),
    (b"\x89PNG\r\r\n", _PNG_AS_TEXT),
    (b"\tPNG\r\n\x1a\n", _PNG_AS_TEXT),
    (b"\xc2\x89PNG", _PNG_AS_TEXT),
    (b"\xef\xbf\xbdPNG", _PNG_AS_TEXT),
    (b"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "a picture that was handled as text"),
    (b"data:image/", "a data URI, which has the picture as text"),
    (b"iVBORw0KGgo", _BASE64),
    (b"/9j/", _BASE64),
    (b"UklGR", _BASE64),
    (b"%PDF", "a PDF document"),
    (b"%!PS", "a PostScript document"),
    (b"8BPS", "a Photoshop document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x1aE\xdf\xa3", "a Matroska or WebM video"),
    (b"\0\0\x01\xba", "an MPEG video"),
    (b"\0\0\x01\xb3", "an MPEG video"),
    (b"OggS", "an Ogg recording"),
    (b"ID3", "an MP3 recording"),
    (b"v/1\x01", "an OpenEXR picture"),
    (b"#?RADIANCE", "a Radiance HDR picture"),
    (b"gimp xcf", "a GIMP document"),
    (b"FUJIFILM", "a camera's raw file"),
    (b"IIU\0", "a camera's raw file"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself"),
)

_VAGUE = ("an unknown format", "text", "a JSON document", "an MP4 or QuickTime video")
"""Descriptions that a closer look may replace."""

_REMEDIES = {
    _PNG_AS_TEXT: "Copy or download it again as binary (in FTP: type binary).",
    "a picture that was handled as text": "Copy or download it again as binary.",
    "a data URI, which has the picture as text": "Decode what follows the comma from Base64 first.",
    _BASE64: "Decode it from Base64 first.",
    "a camera's raw file": "Develop it first: export a 16-bit TIFF or a JPEG from your raw converter.",
    "a PDF document": "Export the page as a PNG of 300 dots per inch first.",
    "an SVG drawing": "Export it as a PNG first.",
    "an error message of a server (XML)": "Look into it with a text editor, and download the picture itself.",
    "a web page (HTML)": "The server sent a page instead of the picture. Download the picture itself.",
    "a Git LFS pointer, not the file itself": "Fetch the file itself with Git LFS.",
}


def blank_start(head: bytes) -> int:
    """How many bytes of white space come before the picture that begins in `head`; 0 where none begins after them.

    Scripts on web servers send them, when a line break stands before or after their code.
    """
    start = len(head) - len(head.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n"))
    return start if start and _known_format(head[start:]) is not None else 0


def recognise(head: bytes, name: str) -> str:
    """The format of the file that begins with `head` (its first 4 KB).

    PNG, JPEG, WEBP, TIFF, BMP, AVIF, GIF, HEIC, JPEG 2000, JPEG XL, NETPBM, TGA or ICO.

    Raises:
        PictureFormatUnsupported: any other, with what the bytes look like; `name` is for the message.
    """
    format_name = _known_format(head)
    if format_name is not None:
        return format_name
    found = _looks_like(head)
    if found is None and is_tga(head):  # last: it has no magic number
        return "TGA"
    found = found or "an unknown format (first bytes " + head[:8].hex(" ") + ")"
    disguised = disguise(head, _known_format) if found.startswith(_VAGUE) else None
    found = disguised.found if disguised else found
    remedy = _REMEDIES.get(found, "Give a picture, or convert this to one of these formats first.")
    raise PictureFormatUnsupported(
        f"{name} must be a picture ({READ_FORMATS}), but looks like {found}.",
        disguised.remedy if disguised else remedy,
        found=found,
        wanted=f"a picture ({READ_FORMATS})",
    )


def _known_format(head: bytes) -> str | None:
    for magic, format_name in _MAGIC:
        if head.startswith(magic):
            return None if format_name == "TIFF" and head[8:10] == b"CR" else format_name  # "CR": Canon's raw
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[:2] == b"BM" and int.from_bytes(head[14:18], "little") in _BMP_HEADER_SIZES:
        return "BMP"
    if is_netpbm(head):
        return "NETPBM"
    if is_icon(head):
        return "ICO"
    brands = _isobmff_brands(head)
    if brands and brands[0] not in (b"crx ",):
        # The first brand decides; mif1 and msf1 are neutral, and then the compatible brands do.
        for brand in brands:
            if brand in _AVIF_BRANDS:
                return "AVIF"
            if brand in _HEIC_BRANDS:
                return "HEIC"
            if brand not in (b"mif1", b"msf1", b"miaf", b"MiHE", b"MiHB", b"tmap"):
                break
    return None


def _isobmff_brands(head: bytes) -> list[bytes]:
    """Major and compatible brands of an ISO base media file (ISO/IEC 14496-12), [] where `head` is not one."""
    if head[4:8] != b"ftyp":
        return []
    end = min(int.from_bytes(head[:4], "big"), len(head))
    return [head[8:12]] + [head[at : at + 4] for at in range(16, end - 3, 4)]


def _looks_like(head: bytes) -> str | None:
    """What a file in none of our formats seems to be, in words; None if nothing is known about it."""
    for magic, description in _STRANGERS:
        if head.startswith(magic):
            return description
    if head[:4] == b"RIFF":
        return {b"AVI ": "an AVI video", b"WAVE": "a WAV recording"}.get(head[8:12], "a RIFF file other than WebP")
    if head[:4] == b"\0\0\2\0" and any(head[4:6]):  # with none in its directory it is a TGA
        return "a Windows cursor"
    if head[8:10] == b"CR" or head[8:12] == b"crx ":
        return "a camera's raw file"
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide"):
        return "an MP4 or QuickTime video"
    if not any(head):
        return "zeros only, as an interrupted copy leaves them"
    return _looks_like_text(head)


def _looks_like_text(head: bytes) -> str | None:
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8"
    text = head.decode(encoding, errors="ignore")
    lost = len(head) - len(text.encode(encoding, errors="ignore"))
    printable = sum(letter.isprintable() or letter in "\t\r\n\f\ufeff" for letter in text)
    if not text or abs(lost) > 4 or printable < 0.95 * len(text):
        return None
    beginning = text.lstrip("\ufeff \t\r\n").lower()
    if "<svg" in beginning and beginning.startswith("<"):
        return "an SVG drawing"
    if beginning.startswith(("<!doctype html", "<html", "<head", "<body")):
        return "a web page (HTML)"
    if "<error>" in beginning and beginning.startswith(("<?xml", "<error>")):
        return "an error message of a server (XML)"
    if beginning.startswith("<?xml"):
        return "an XML document"
    if beginning.startswith(("{", "[")):
        return "a JSON document"
    return "text"


def output_format(path: str | PurePath) -> str:
    """The format that the suffix of `path` stands for: PNG, TIFF, WEBP, JPEG, AVIF or BMP.

    Raises:
        OutputFormatUnsupported: there is no suffix, or it belongs to a format that is not written.
    """
    suffix = str(path).lower() if str(path).startswith(".") and "/" not in str(path) else ""
    suffix = suffix if suffix in OUTPUT_FORMATS else PurePath(path).suffix.lower()
    if suffix in OUTPUT_FORMATS:
        return OUTPUT_FORMATS[suffix]
    wanted = f"one of {', '.join(OUTPUT_FORMATS)}"
    raise OutputFormatUnsupported(
        f"The suffix of an output must be {wanted}, but {str(path)!r} has {suffix or 'none'}.",
        give("output", "cut.png", text="To keep transparency and 16 bits"),
        option="output",
        found=shown(str(path)),
        wanted=f"a name that ends in {wanted}",
    )
