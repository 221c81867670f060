"""Compressed TIFFs of kinds that Pillow does not decode, and whose compression tifffile does not know."""

import io
import struct

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from cutsmith.errors import PictureDamaged, PictureFormatUnsupported
from cutsmith.picture import Picture

DEEP = np.cumsum(np.random.default_rng(3).integers(0, 900, (40, 50, 3)), axis=1).astype(np.uint16)
COMPRESSIONS = {"tiff_lzw": 5, "tiff_adobe_deflate": 8, "packbits": 32773}
PHOTOMETRIC, EXTRA, FORMAT = 262, 338, 339


def _handmade(samples, compression, tags, *, order="<", predictor=1, tile=None):
    """A TIFF of `samples` (H, W, N), whose parts Pillow has compressed as gray bytes."""
    height, width, channels = samples.shape
    rows, columns = tile or (height, width)
    parts = []
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            part = np.zeros((rows, columns, channels), samples.dtype)
            piece = samples[top : top + rows, left : left + columns]
            part[: len(piece), : piece.shape[1]] = piece
            parts.append(_compressed(_predicted(part, predictor, order), compression))
    head = 8 + sum(map(len, parts))
    offsets = [8 + sum(map(len, parts[:index])) for index in range(len(parts))]
    places = {322: [columns], 323: [rows], 324: offsets, 325: list(map(len, parts))}
    if tile is None:
        places = {273: offsets, 278: [rows], 279: list(map(len, parts))}
    kind = {"u": 1, "f": 3}[samples.dtype.kind]
    entries = {256: [width], 257: [height], 258: [samples.dtype.itemsize * 8] * channels}
    entries |= {259: [COMPRESSIONS[compression]], 277: [channels], 317: [predictor], FORMAT: [kind] * channels}
    entries |= places | tags
    at, table, values = head + 2 + 12 * len(entries) + 4, b"", b""
    for tag, numbers in sorted(entries.items()):
        packed = struct.pack(f"{order}{len(numbers)}I", *numbers)
        table += struct.pack(order + "HHI", tag, 4, len(numbers))
        table += packed if len(numbers) == 1 else struct.pack(order + "I", at + len(values))
        values += packed if len(numbers) > 1 else b""
    start = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", head)
    return start + b"".join(parts) + struct.pack(order + "H", len(entries)) + table + bytes(4) + values


def _predicted(part, predictor, order):
    height, _, channels = part.shape
    size = part.dtype.itemsize
    if predictor == 2:
        part = np.diff(part, axis=1, prepend=part[:, :1] * 0)
    if predictor == 3:
        planes = part.astype(part.dtype.newbyteorder(">")).view(np.uint8).reshape(height, -1, size).swapaxes(1, 2)
        by_channel = planes.reshape(height, -1, channels)
        return np.diff(by_channel, axis=1, prepend=by_channel[:, :1] * 0).reshape(height, -1)
    return part.astype(part.dtype.newbyteorder(order)).view(np.uint8).reshape(height, -1)


def _compressed(rows, compression):
    stream = io.BytesIO()
    Image.fromarray(rows).save(stream, "TIFF", compression=compression, tiffinfo={278: len(rows)})
    with tifffile.TiffFile(io.BytesIO(stream.getvalue())) as file:
        page = file.pages[0]
        return stream.getvalue()[page.dataoffsets[0] :][: page.databytecounts[0]]


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("predictor", [1, 3])
def test_floats(compression, predictor, order, tile):
    samples = (DEEP / 65535).astype(np.float32)
    data = _handmade(samples, compression, {PHOTOMETRIC: [2]}, predictor=predictor, order=order, tile=tile)
    assert np.array_equal(Picture.read(data).pixels, DEEP)


@pytest.mark.parametrize("tile", [None, (16, 32)])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("predictor", [1, 2])
def test_gray_of_16_bits_with_alpha(predictor, order, tile):
    tags = {PHOTOMETRIC: [1], EXTRA: [2]}
    picture = Picture.read(_handmade(DEEP[..., :2], "tiff_lzw", tags, predictor=predictor, order=order, tile=tile))
    assert np.array_equal(picture.pixels, np.repeat(DEEP[..., :1], 3, axis=2))
    assert np.array_equal(np.rint(picture.alpha * 65535), DEEP[..., 1])


@pytest.mark.parametrize("predictor", [1, 2])
def test_cmyk_with_alpha(noise, predictor):
    """As Photoshop writes it."""
    samples = noise(40, 50, 5)
    tags = {PHOTOMETRIC: [5], EXTRA: [2]}
    picture = Picture.read(_handmade(samples, "tiff_lzw", tags, predictor=predictor))
    inks = Image.frombytes("CMYK", (50, 40), samples[..., :4].tobytes())
    assert np.array_equal(picture.pixels, np.asarray(inks.convert("RGB")))
    assert np.array_equal(np.rint(picture.alpha * 255), samples[..., 4])


def test_truncated_samples():
    data = _handmade((DEEP / 65535).astype(np.float32), "tiff_lzw", {PHOTOMETRIC: [2]})
    middle = len(data) // 2
    with pytest.raises(PictureDamaged):
        Picture.read(data[: middle - 500] + bytes(1000) + data[middle + 500 :])


def test_missing_parts_are_no_black_areas():
    data = bytearray(_handmade((DEEP / 65535).astype(np.float32), "tiff_adobe_deflate", {PHOTOMETRIC: [2]}))
    at = data.rindex(struct.pack("<HHII", 278, 4, 1, 40))
    struct.pack_into("<I", data, at + 8, 10)  # ten rows a strip would make four of them
    with pytest.raises(PictureDamaged, match="missing"):
        Picture.read(bytes(data))


def test_more_channels_than_any_picture_has_are_refused():
    data = _handmade(np.zeros((8, 8, 33), np.float32), "tiff_lzw", {PHOTOMETRIC: [1], EXTRA: [0] * 32})
    with pytest.raises(PictureFormatUnsupported, match="33 channels"):
        Picture.read(data)


def test_floats_of_another_writer():
    samples = (DEEP / 65535).astype(np.float32)
    for predictor in (1, 2, 3):
        parameters = [cv2.IMWRITE_TIFF_COMPRESSION, 5, cv2.IMWRITE_TIFF_PREDICTOR, predictor]
        data = cv2.imencode(".tiff", samples[..., ::-1], parameters)[1].tobytes()
        assert np.array_equal(Picture.read(data).pixels, DEEP), predictor
