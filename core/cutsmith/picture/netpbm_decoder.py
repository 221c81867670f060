"""Netpbm's formats, at their full depth: PBM, PGM and PPM, plain and raw, PAM, and PFM (floating point).

Pillow keeps 8 bits of a PPM of 16, and reads no PAM. See the manual pages pbm(5), pgm(5), ppm(5), pam(5) and pfm(5).
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutsmith.errors import PictureFormatUnsupported
from cutsmith.picture.decoded import Decoded, damage_named
from cutsmith.picture.limits import check_size
from cutsmith.picture.samples import whole_numbers

_GAP = rb"(?:[ \t\r\n\v\f]|#[^\r\n]*[\r\n])"
_NUMBER = _GAP + rb"+(\d{1,9})"
_BITMAP = re.compile(rb"P([14])" + _NUMBER * 2 + rb"[ \t\r\n\v\f]")
_MAP = re.compile(rb"P([2356])" + _NUMBER * 3 + rb"[ \t\r\n\v\f]")
_FLOATS = re.compile(rb"P([Ff])\s+(\d{1,9})\s+(\d{1,9})\s+(-?[0-9.]{1,20}(?:[eE][-+]?\d{1,3})?)\s")
_PAM = re.compile(rb"P7\s*\n((?:.*\n)*?)ENDHDR\s*?\n")
_PAM_CHANNELS = {
    b"BLACKANDWHITE": 1,
    b"GRAYSCALE": 1,
    b"RGB": 3,
    b"BLACKANDWHITE_ALPHA": 2,
    b"GRAYSCALE_ALPHA": 2,
    b"RGB_ALPHA": 4,
}
_HEADER_BYTES = 4096
_PLAIN = frozenset({1, 2, 3})


class _Header(NamedTuple):
    """What the file says of itself; `kind` is the digit after the P, or the letter of a PFM."""

    kind: str
    width: int
    height: int
    channels: int
    white: int
    end: int
    is_little_endian: bool = False


def decode_netpbm(data: bytes, name: str, max_pixels: int) -> Decoded:
    """Decode the first picture of the file `data`: 8 bits up to a white of 255, else 16; `name` is for messages.

    Raises:
        PictureTooSmall, PictureTooLarge, PictureFormatUnsupported, PictureDamaged.
    """
    with damage_named(name):
        header = _header(data[: 16 * _HEADER_BYTES])
        if header is None:
            raise ValueError("its header is incomplete")
        check_size(header.width, header.height, name, max_pixels)
        if not 0 < header.white <= 65535:
            raise ValueError(f"its header gives {header.white} for white, which must be 1 to 65535")
        warnings: list[str] = []
        if header.kind in "Ff":
            samples, end = _floats(data, header)
            samples = whole_numbers(samples, name, warnings)
        elif header.kind in "14":
            samples, end = _plain_bits(data, header) if header.kind == "1" else _packed_bits(data, header)
            samples = (1 - samples) * np.uint8(255)  # 1 is black
        else:
            samples, end = _plain(data, header) if header.kind in "23" else _raw(data, header)
            samples = _spread(samples, header.white)
        if header.kind not in "123" and data[end : end + 2] in _BEGINNINGS:
            warnings.append("only the first of several pictures is used")
        return _decoded(samples, header.channels, warnings)


_BEGINNINGS = frozenset(b"P%c" % letter for letter in b"14567Ff")


def _decoded(samples: NDArray[Any], channels: int, warnings: list[str]) -> Decoded:
    colours = samples[..., 0] if channels < 3 else samples[..., :3]
    alpha = np.ascontiguousarray(samples[..., -1]) if channels in (2, 4) else None
    return Decoded(np.ascontiguousarray(colours), alpha, warnings=warnings)


def _header(head: bytes) -> _Header | None:
    if found := _BITMAP.match(head):
        return _Header(found[1].decode(), int(found[2]), int(found[3]), 1, 1, found.end())
    if found := _MAP.match(head):
        channels = 3 if found[1] in b"36" else 1
        return _Header(found[1].decode(), int(found[2]), int(found[3]), channels, int(found[4]), found.end())
    if found := _FLOATS.match(head):
        channels = 3 if found[1] == b"F" else 1
        is_little_endian = found[4].startswith(b"-")
        return _Header(found[1].decode(), int(found[2]), int(found[3]), channels, 1, found.end(), is_little_endian)
    found = _PAM.match(head)
    return _pam_header(found) if found else None


def _pam_header(found: re.Match[bytes]) -> _Header | None:
    fields: dict[bytes, bytes] = {}
    for line in found[1].splitlines():
        word, _, value = line.strip().partition(b" ")
        if word and not word.startswith(b"#"):
            fields[word] = value.strip()
    try:
        width, height, depth, white = (int(fields[each][:9]) for each in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    except (KeyError, ValueError):
        return None
    kind = fields.get(b"TUPLTYPE", {1: b"GRAYSCALE", 2: b"GRAYSCALE_ALPHA", 3: b"RGB", 4: b"RGB_ALPHA"}.get(depth, b""))
    if _PAM_CHANNELS.get(kind) != depth:
        raise PictureFormatUnsupported(
            f"The PAM file must hold gray or RGB, with or without alpha, but holds {depth} channels of the kind "
            f"{kind.decode('latin-1')[:40]!r}.",
            "Convert it to a PNG first.",
        )
    return _Header("7", width, height, depth, white, found.end())


def _raw(data: bytes, header: _Header) -> tuple[NDArray[Any], int]:
    dtype = np.dtype(np.uint8 if header.white < 256 else ">u2")
    return _stored(data, header, dtype)


def _floats(data: bytes, header: _Header) -> tuple[NDArray[Any], int]:
    samples, end = _stored(data, header, np.dtype("<f4" if header.is_little_endian else ">f4"))
    return samples[::-1], end  # the lowest row comes first


def _stored(data: bytes, header: _Header, dtype: np.dtype[Any]) -> tuple[NDArray[Any], int]:
    count = header.width * header.height * header.channels
    end = header.end + count * dtype.itemsize
    _check_length(len(data), end)
    samples = np.frombuffer(data, dtype, count, header.end)
    return samples.reshape(header.height, header.width, header.channels), end


def _packed_bits(data: bytes, header: _Header) -> tuple[NDArray[np.uint8], int]:
    row_bytes = (header.width + 7) // 8
    end = header.end + row_bytes * header.height
    _check_length(len(data), end)
    rows = np.frombuffer(data, np.uint8, row_bytes * header.height, header.end).reshape(header.height, row_bytes)
    return np.unpackbits(rows, axis=1)[:, : header.width, None], end


def _plain_bits(data: bytes, header: _Header) -> tuple[NDArray[np.uint8], int]:
    """The digits 0 and 1, which need no space between them."""
    count = header.width * header.height
    digits = np.frombuffer(_without_comments(data[header.end :]), np.uint8)
    bits = digits[(digits == ord("0")) | (digits == ord("1"))] - np.uint8(ord("0"))
    _check_length(len(bits), count)
    return bits[:count].reshape(header.height, header.width, 1), len(data)


def _plain(data: bytes, header: _Header) -> tuple[NDArray[Any], int]:
    count = header.width * header.height * header.channels
    _check_length(len(data) - header.end, 2 * count - 1)  # a digit and a space each, before any memory is taken
    text = _without_comments(data[header.end :])
    if text.translate(None, b"0123456789 \t\r\n\v\f"):
        raise ValueError("there is something other than numbers among its samples")
    samples = np.fromstring(text.decode("ascii"), np.int64, count, sep=" ")
    _check_length(len(samples), count)
    return np.minimum(samples, 65535).astype(np.uint16).reshape(header.height, header.width, header.channels), len(data)


def _without_comments(text: bytes) -> bytes:
    return re.sub(rb"#[^\r\n]*", b"", text) if b"#" in text else text


def _spread(samples: NDArray[Any], white: int) -> NDArray[Any]:
    """`samples` of which `white` is the largest, over all of uint8 or uint16."""
    dtype, full = (np.uint8, 255) if white < 256 else (np.uint16, 65535)
    levels = np.minimum(np.arange(65536 if samples.dtype.itemsize > 1 else 256, dtype=np.uint32), white)
    table = ((levels * full + white // 2) // white).astype(dtype)
    return table[samples] if white != full else samples.astype(dtype)


def _check_length(found: int, wanted: int) -> None:
    if found < wanted:
        raise ValueError(f"it has {found:,} of {wanted:,} bytes or samples")
