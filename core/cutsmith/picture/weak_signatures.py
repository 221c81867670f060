"""Formats whose first bytes are too few to tell them: their whole header must make sense, so that no other file passes.

Netpbm begins with two letters, which texts do, too; an icon with a 1 among zeros; a TGA has nothing of the kind.
"""

from __future__ import annotations

import re
import struct

_GAP = rb"(?:[ \t\r\n\v\f]|#[^\r\n]*[\r\n])+"
# A header with long comments may end behind the bytes that are looked at.
_NETPBM = re.compile(
    rb"P[1-6]" + _GAP + rb"(?:\d{1,9}" + _GAP + rb"\d{1,9}[\s#]|#[^\r\n]*\Z)"
    rb"|P[Ff]\s+\d{1,9}\s+\d{1,9}\s+-?[\d.]"
    rb"|P7\s*\n(?:#[^\n]*\n|WIDTH|HEIGHT|DEPTH|MAXVAL|TUPLTYPE)"
)
_TGA_TYPES = {1: (8,), 9: (8,), 3: (8, 16), 11: (8, 16), 2: (16, 24, 32), 10: (16, 24, 32)}
"""Type of picture (indexed, gray, colour; from 8 on run-length encoded) -> bits of a pixel."""
_TGA_ALPHA_BITS = {8: (0,), 16: (0, 1, 8), 24: (0,), 32: (0, 8)}


def is_netpbm(head: bytes) -> bool:
    """Whether `head`, the first 4 KB of a file, begins a PBM, PGM, PPM, PAM or PFM."""
    return _NETPBM.match(head) is not None


def is_icon(head: bytes) -> bool:
    """Whether `head` begins a Windows icon."""
    if head[:4] != b"\0\0\1\0" or len(head) < 22:
        return False
    (count,) = struct.unpack_from("<H", head, 4)
    reserved, planes, size, start = head[9], *struct.unpack_from("<H2xII", head, 10)
    return count > 0 and reserved in (0, 255) and planes <= 1 and size > 0 and start >= 6 + 16 * count


def is_tga(head: bytes) -> bool:
    """Whether `head` begins a Truevision TGA."""
    if len(head) < 18:
        return False
    _, has_map, kind, map_start, map_length, map_bits, left, top, width, height, bits, flags = struct.unpack_from(
        "<BBBHHBHHHHBB", head
    )
    if has_map > 1 or kind not in _TGA_TYPES or (has_map == 1) != (kind in (1, 9)):
        return False
    if has_map:
        is_map_plausible = map_bits in (16, 24, 32) and 0 < map_start + map_length <= 256
    else:
        is_map_plausible = map_start == map_length == map_bits == 0
    return (
        is_map_plausible
        and bits in _TGA_TYPES[kind]
        and flags & 0xC0 == 0
        and flags & 15 in _TGA_ALPHA_BITS[bits]
        and width > 0
        and height > 0
        and left == 0
        and top in (0, height, height - 1)
    )
