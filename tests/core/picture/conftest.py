"""Pictures and colour profiles made for these tests."""

from __future__ import annotations

import io
import struct
import zlib

import numpy as np
import pytest

SRGB_PRIMARIES = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7142))
DISPLAY_P3_PRIMARIES = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))


def _tag(kind, content):
    return kind + bytes(4) + content + bytes(-len(content) % 4)


def _xyz(values):
    return _tag(b"XYZ ", struct.pack(">3i", *(round(value * 65536) for value in values)))


def _profile(colour_space, tags):
    names, blobs, at = b"", b"", 132 + 12 * len(tags)
    for name, blob in tags.items():
        names += struct.pack(">4sII", name, at + len(blobs), len(blob))
        blobs += blob
    body = struct.pack(">I", len(tags)) + names + blobs
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), bytes(4), 0x02400000, b"mntr", colour_space, b"XYZ ")
    header += bytes(12) + b"acsp" + bytes(28) + struct.pack(">3i", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + body


def _texts():
    return {
        b"desc": _tag(b"desc", struct.pack(">I", 5) + b"test\0" + bytes(78)),
        b"cprt": _tag(b"text", b"none\0"),
        b"wtpt": _xyz((0.9642, 1.0, 0.8249)),
    }


@pytest.fixture
def matrix_profile():
    """primaries, tone curve (1024 linear values in [0, 1]) -> an RGB matrix profile."""

    def build(primaries, curve):
        table = _tag(b"curv", struct.pack(">I", len(curve)) + np.rint(curve * 65535).astype(">u2").tobytes())
        tags = _texts()
        for channel, primary in zip("rgb", primaries, strict=True):
            tags[f"{channel}XYZ".encode()] = _xyz(primary)
            tags[f"{channel}TRC".encode()] = table
        return _profile(b"RGB ", tags)

    return build


@pytest.fixture
def srgb_curve():
    at = np.linspace(0, 1, 1024)
    return np.where(at <= 0.04045, at / 12.92, ((at + 0.055) / 1.055) ** 2.4)


@pytest.fixture
def display_p3(matrix_profile, srgb_curve):
    return matrix_profile(DISPLAY_P3_PRIMARIES, srgb_curve)


@pytest.fixture
def handmade_srgb(matrix_profile, srgb_curve):
    return matrix_profile(SRGB_PRIMARIES, srgb_curve)


@pytest.fixture
def gray_profile():
    """gamma -> a gray profile."""

    def build(gamma):
        curve = _tag(b"curv", struct.pack(">IH", 1, round(gamma * 256)))
        return _profile(b"GRAY", {**_texts(), b"kTRC": curve})

    return build


@pytest.fixture
def quadrants():
    """uint8 (48, 64, 3): red and green above blue and yellow, so that each of the eight orientations differs."""
    pixels = np.zeros((48, 64, 3), np.uint8)
    pixels[:24, :32] = (220, 30, 30)
    pixels[:24, 32:] = (30, 200, 30)
    pixels[24:, :32] = (30, 30, 220)
    pixels[24:, 32:] = (230, 230, 40)
    return pixels


@pytest.fixture
def noise():
    """(height, width, channels), dtype -> random samples, always the same."""

    def make(*shape, dtype=np.uint8):
        full = int(np.iinfo(dtype).max)
        return np.random.default_rng(7).integers(0, full + 1, shape, dtype=dtype)

    return make


@pytest.fixture
def pillow_file():
    """Pillow image, format, options -> the file's bytes."""

    def encode(image, format_name, **options):
        stream = io.BytesIO()
        image.save(stream, format_name, **options)
        return stream.getvalue()

    return encode


@pytest.fixture
def cmyk_profile():
    """A CMYK profile with a table: the light of three inks and black, a bit darker than their plain product."""
    steps = 3
    levels = np.linspace(1, 0, steps)
    inks = np.stack(np.meshgrid(levels, levels, levels, levels, indexing="ij"), axis=-1)
    light = (inks[..., :3] * inks[..., 3:]) ** 1.5
    to_xyz = np.array(SRGB_PRIMARIES).T
    xyz = light @ to_xyz.T / np.array([0.9642, 1.0, 0.8249])
    root = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    lab = np.stack(
        [
            (116 * root[..., 1] - 16) / 100 * 65280,
            (500 * (root[..., 0] - root[..., 1]) + 128) * 256,
            (200 * (root[..., 1] - root[..., 2]) + 128) * 256,
        ],
        axis=-1,
    )
    ramp = np.array([0, 65535], ">u2").tobytes()
    table = struct.pack(">BBBB9i", 4, 3, steps, 0, *(65536 if index % 4 == 0 else 0 for index in range(9)))
    table += struct.pack(">HH", 2, 2) + ramp * 4 + np.clip(np.rint(lab), 0, 65535).astype(">u2").tobytes() + ramp * 3
    profile = bytearray(_profile(b"CMYK", {**_texts(), b"A2B0": _tag(b"mft2", table)}))
    profile[12:16], profile[20:24] = b"prtr", b"Lab "
    return bytes(profile)


@pytest.fixture
def png_chunk():
    """name, content -> a PNG chunk with its length and checksum."""

    def build(name, content=b""):
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    return build


@pytest.fixture
def png_file(png_chunk):
    """width, height, bits, colour type, the rows with their filter bytes, chunks before them -> a PNG file."""

    def build(width, height, bits, colour_type, rows, *, interlaced=False, chunks=b""):
        header = struct.pack(">IIBBBBB", width, height, bits, colour_type, 0, 0, interlaced)
        return b"".join(
            [
                b"\x89PNG\r\n\x1a\n",
                png_chunk(b"IHDR", header),
                chunks,
                png_chunk(b"IDAT", zlib.compress(rows)),
                png_chunk(b"IEND"),
            ]
        )

    return build
