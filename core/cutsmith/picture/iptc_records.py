"""IPTC-IIM records, and the blocks of Photoshop and ImageMagick in which files have them."""

from __future__ import annotations

import binascii

_RESOURCE = b"8BIM"
_IPTC_RESOURCE = 0x0404
# Records 7 to 9 are the object itself; of record 2 these are a preview of it.
_FIRST_RECORD_OF_THE_OBJECT, _PREVIEWS = 7, frozenset({(2, 200), (2, 201), (2, 202)})


def kept_iptc(records: bytes) -> bytes | None:
    """`records` without previews; None where there are none. What follows damage is left out."""
    kept, at = [], 0
    while at + 5 <= len(records) and records[at] == 0x1C:
        start, record, number = at, records[at + 1], records[at + 2]
        length = int.from_bytes(records[at + 3 : at + 5], "big")
        at += 5
        if length & 0x8000:  # the length of the length
            width = length & 0x7FFF
            length = int.from_bytes(records[at : at + width], "big") if width <= 4 else len(records)
            at += width
        at += length
        if at > len(records):
            break
        if record < _FIRST_RECORD_OF_THE_OBJECT and (record, number) not in _PREVIEWS:
            kept.append(records[start:at])
    return b"".join(kept) or None


def iptc_of_photoshop(block: bytes) -> bytes | None:
    """The IPTC records among Photoshop's resources, or in a bare `block`; None where there are none."""
    at = 0
    while block[at : at + 4] == _RESOURCE and at + 12 <= len(block):
        kind = int.from_bytes(block[at + 4 : at + 6], "big")
        at += 6 + (block[at + 6] + 2) // 2 * 2  # a name, whose length comes first; both are padded to an even number
        length = int.from_bytes(block[at : at + 4], "big")
        if kind == _IPTC_RESOURCE:
            return block[at + 4 : at + 4 + length] or None
        at += 4 + (length + 1) // 2 * 2
    return block if block[:1] == b"\x1c" else None


def photoshop_segment(iptc: bytes) -> bytes:
    """The JPEG segment (APP13) that holds `iptc`.

    Raises:
        ValueError: it is longer than a segment.
    """
    content = b"Photoshop 3.0\0" + _photoshop_resource(iptc)
    if len(content) + 2 > 0xFFFF:
        raise ValueError("the IPTC data is longer than a JPEG segment")
    return b"\xff\xed" + (len(content) + 2).to_bytes(2, "big") + content


def iptc_text(iptc: bytes) -> bytes:
    """What a PNG's text "Raw profile type iptc" says of `iptc`, as ImageMagick writes it; PNG has no chunk for it."""
    resource = _photoshop_resource(iptc)
    digits = resource.hex()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    return "\n".join(["", "iptc", f"{len(resource):8d}", *lines, ""]).encode("ascii")


def _photoshop_resource(iptc: bytes) -> bytes:
    head = _RESOURCE + _IPTC_RESOURCE.to_bytes(2, "big") + b"\0\0" + len(iptc).to_bytes(4, "big")
    return head + iptc + bytes(len(iptc) % 2)


def raw_profile(text: object) -> bytes | None:
    """The block in a PNG's text as ImageMagick and darktable write it: a name, a length and hexadecimal digits."""
    if not isinstance(text, str):
        return None
    lines = text.strip().split("\n", 2)
    try:
        return binascii.unhexlify("".join(lines[2].split()))[: int(lines[1])]
    except (IndexError, ValueError):
        return None
