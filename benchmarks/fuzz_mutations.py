"""How fuzz_reader.py damages files: bits, numbers, pieces, ends, beginnings and the chunks of a PNG."""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Callable

INTERESTING = (
    0,
    1,
    2,
    4,
    127,
    128,
    255,
    256,
    4096,
    9999,
    32767,
    32768,
    65535,
    65536,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
)


def _flip_bits(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return data


def _truncate(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    return data[: rng.randrange(1, len(data) + 1)]


def _splice(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    donor = rng.choice([bytes(data), rng.choice(others)])
    start = rng.randrange(len(donor))
    piece = donor[start : start + rng.randrange(1, 200)]
    at = rng.randrange(len(data))
    data[at : at + rng.choice((0, len(piece), rng.randrange(200)))] = piece
    return data


def _wrong_number(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    for _ in range(rng.choice((1, 1, 2))):
        size, order = rng.choice((2, 4)), rng.choice("<>")
        reach = len(data) if rng.random() < 0.5 else min(len(data), 200)
        at = rng.randrange(max(1, reach - size))
        number = rng.choice(INTERESTING) & (256**size - 1)
        data[at : at + size] = struct.pack(order + {2: "H", 4: "I"}[size], number)
    return data


def _inflate(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    """Make the width or height large, at the place where the format stores it."""
    side = rng.choice((3, 300, 4000, 9000, 30000, 65535, 2**20, 2**31 - 1))
    if data[:4] == b"\x89PNG":
        struct.pack_into(">I", data, rng.choice((16, 20)), side)
    elif data[:2] == b"\xff\xd8":
        at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
        struct.pack_into(">H", data, at + rng.choice((5, 7)), side & 65535)
    elif data[:3] == b"GIF":
        frame = data.find(b"\x2c", 13)
        struct.pack_into("<H", data, rng.choice((6, 8, frame + 5, frame + 7)), side & 65535)
    elif data[:2] == b"BM":
        struct.pack_into("<I", data, rng.choice((18, 22)), side)
    elif data[:4] == b"RIFF":
        struct.pack_into("<I", data, rng.choice((21, 24, 27)), side)
    elif data[4:8] == b"ftyp":
        struct.pack_into(">I", data, data.find(b"ispe") + rng.choice((8, 12)), side)
    else:
        order = "<" if data[:2] == b"II" else ">"
        tag = struct.pack(order + "H", rng.choice((256, 257, 258, 277, 278, 322, 323)))
        at = data.find(tag, 8)
        struct.pack_into(order + "I", data, max(0, min(at + 8, len(data) - 4)), side)
    return data


def _fill_end(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    """Lose the end, and fill it up as interrupted downloads do, or not at all."""
    lost = rng.choice((1, 2, 3, 10, rng.randrange(1, len(data) + 1)))
    return data[: max(1, len(data) - lost)] + rng.choice((b"", b"\0", b"\xff")) * rng.choice((lost, 2, 5000))


def _put_before(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    """Put white space before the picture, or something that is read as text."""
    before = rng.choice(
        (b"\n", b"\xef\xbb\xbf", b" \r\n" * rng.randrange(1, 1500), b"<br />\n", b"\0" * 128, b"data:,")
    )
    return bytearray(before) + data


def _damage_chunk(data: bytearray, rng: random.Random, others: list[bytes]) -> bytearray:
    """Rename, cut, swell or repeat a chunk of a PNG, or give it a wrong checksum."""
    places, at = [], 8
    while data[:4] == b"\x89PNG" and at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        places.append((at, min(end, len(data))))
        at = end
    if not places:
        return data
    start, end = rng.choice(places)
    body = bytes(data[start + 8 : max(start + 8, end - 4)])
    kind = bytes(data[start + 4 : start + 8]) if rng.random() < 0.5 else rng.choice(CHUNKS)
    body = rng.choice(
        (body, body[: rng.randrange(len(body) + 1)], body * 3, b"k\0\0" + zlib.compress(bytes(3_000_000)))
    )
    checksum = zlib.crc32(kind + body) ^ rng.choice((0, 0, 1))
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)
    data[start : rng.choice((start, end, end))] = chunk * rng.choice((1, 1, 2, 50))
    return data


CHUNKS = tuple(
    b"IHDR PLTE IDAT IEND iCCP tRNS tEXt zTXt iTXt pHYs eXIf gAMA cHRM sRGB cICP tIME acTL fcTL fdAT CgBI prVt".split()
)
MUTATIONS: tuple[Callable[[bytearray, random.Random, list[bytes]], bytearray], ...] = (
    _flip_bits,
    _truncate,
    _splice,
    _wrong_number,
    _inflate,
    _fill_end,
    _put_before,
    _damage_chunk,
)


def mutated(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    """`data` after one to three mutations; half of the time, PNG checksums are corrected, to get past them."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 3))):
        if not result:
            break
        try:
            result = rng.choice(MUTATIONS)(result, rng, others)
        except struct.error:  # an earlier mutation removed the place
            continue
    return _checksums_mended(bytes(result)) if rng.random() < 0.5 else bytes(result)


def _checksums_mended(data: bytes) -> bytes:
    if data[:4] != b"\x89PNG":
        return data
    result, at = bytearray(data), 8
    while at + 12 <= len(result):
        length = int.from_bytes(result[at : at + 4], "big")
        end = at + 8 + length
        if end + 4 > len(result):
            break
        struct.pack_into(">I", result, end, zlib.crc32(result[at + 4 : end]))
        at = end + 4
    return bytes(result)
