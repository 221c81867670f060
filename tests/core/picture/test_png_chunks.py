"""PNGs whose ancillary chunks are damaged or large: the picture is read as viewers show it."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from cutsmith.errors import PictureDamaged
from cutsmith.picture import Picture
from cutsmith.picture.png_chunks import LARGEST_TEXT, mended_png

PIXELS = np.random.default_rng(5).integers(0, 256, (12, 17, 3), dtype=np.uint8)
MEGABYTE = 2**20


def chunk(kind, body, checksum=None):
    checksum = zlib.crc32(kind + body) if checksum is None else checksum
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", checksum)


def png(before=b"", after=b"", end=b"", pixels=PIXELS):
    """A PNG of `pixels` with raw chunks before and after its pixels, and bytes after its end."""
    height, width, channels = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 1: 0}[channels], 0, 0, 0)
    body = chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(rows)) + after
    return b"\x89PNG\r\n\x1a\n" + body + chunk(b"IEND", b"") + end


def packed_text(size, kind=b"zTXt"):
    packed = zlib.compress(b"x" * size)
    return chunk(kind, b"Comment\0\0" + packed if kind == b"zTXt" else b"XML:com.adobe.xmp\0\1\0\0\0" + packed)


SHOWN_NOWHERE = {
    "a packed text of 3 MB": packed_text(3 * MEGABYTE),
    "a packed international text of 3 MB": packed_text(3 * MEGABYTE, b"iTXt"),
    "a plain text of 2 MB": chunk(b"tEXt", b"Workflow\0" + b"y" * 2 * MEGABYTE),
    "eighty texts of 1 MB": packed_text(MEGABYTE - 100) * 80,
    "a text with a wrong checksum": chunk(b"tEXt", b"Author\0me", checksum=1),
    "a text without a separator": chunk(b"tEXt", b"Author"),
    "a text that is not packed as it says": chunk(b"zTXt", b"Author\0\0nonsense"),
    "a text packed by no known method": chunk(b"zTXt", b"Author\0\1" + zlib.compress(b"me")),
    "an international text whose flag is neither 0 nor 1": chunk(
        b"iTXt", b"Author\0\2\0\0\0" + zlib.compress(b"x" * 3 * MEGABYTE)
    ),
    "an international text that ends early": chunk(b"iTXt", b"Author\0\1"),
    "a wrong checksum of the gamma": chunk(b"gAMA", struct.pack(">I", 45455), checksum=0),
    "a time too long": chunk(b"tIME", bytes(11)),
    "primaries too short": chunk(b"cHRM", bytes(8)),
    "an unknown chunk with a wrong checksum": chunk(b"prVt", b"whatever", checksum=9),
}


@pytest.mark.parametrize("name", SHOWN_NOWHERE)
@pytest.mark.parametrize("place", ["before", "after"])
def test_what_shows_nowhere_is_left_out_and_told_once(name, place):
    picture = Picture.read(png(**{place: SHOWN_NOWHERE[name]}))
    assert np.array_equal(picture.pixels, PIXELS)
    (warning,) = picture.warnings
    told = {"text": "a text in the file", "gamma": "the colours", "prim": "the colours", "time": "tIME", "unkn": "prVt"}
    assert any(word in name and what in warning for word, what in told.items())
    assert "left out" in warning


def test_a_chunk_that_nobody_knows_stays_in_silence():
    assert Picture.read(png(chunk(b"prVt", b"whatever") + chunk(b"hIST", bytes(3)))).warnings == ()


LEFT_OUT_AND_TOLD = {
    "a profile with a wrong checksum": (chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(300)), checksum=3), "profile"),
    "a profile that is cut off": (chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(range(256)) * 9)[:40]), "profile"),
    "a profile of noise, 1.5 MB": (
        chunk(b"iCCP", b"p\0\0" + zlib.compress(np.random.default_rng(0).bytes(1_500_000))),
        "profile is broken",
    ),
    "transparency too short": (chunk(b"tRNS", b"\0\1"), "opaque"),
    "transparency with a wrong checksum": (chunk(b"tRNS", bytes(6), checksum=5), "opaque"),
    "a resolution with a wrong checksum": (chunk(b"pHYs", struct.pack(">IIB", 11811, 11811, 1), checksum=2), "resolut"),
    "a resolution too short": (chunk(b"pHYs", bytes(2)), "resolution"),
    "EXIF with a wrong checksum": (chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\0", checksum=7), "EXIF"),
}


@pytest.mark.parametrize(("extra", "told"), LEFT_OUT_AND_TOLD.values(), ids=LEFT_OUT_AND_TOLD)
def test_what_would_show_is_left_out_and_told(extra, told):
    picture = Picture.read(png(extra))
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.alpha is None
    assert picture.dpi is None
    (warning,) = picture.warnings
    assert told in warning


def test_a_genuine_profile_of_more_than_a_megabyte_is_used():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    large = bytearray(srgb + np.random.default_rng(1).bytes(2 * MEGABYTE))
    large[:4] = struct.pack(">I", len(large))
    picture = Picture.read(png(chunk(b"iCCP", b"p\0\0" + zlib.compress(bytes(large)))))
    assert picture.icc == bytes(large)
    assert picture.warnings == ()


def test_chunks_that_are_right_stay():
    exif = Image.Exif()
    exif[274] = 6
    stream = io.BytesIO()
    Image.fromarray(PIXELS).save(stream, "PNG", dpi=(300, 300), exif=exif.tobytes())
    picture = Picture.read(stream.getvalue())
    assert (picture.width, picture.height) == (12, 17)
    assert picture.dpi == pytest.approx((300, 300), abs=0.01)
    whole = stream.getvalue()
    assert mended_png(whole).data is whole


def test_a_transparent_colour_is_still_heeded_beside_a_damaged_text():
    red, green, blue = PIXELS[0, 0].tolist()
    key = chunk(b"tRNS", struct.pack(">HHH", red, green, blue))
    picture = Picture.read(png(chunk(b"tEXt", b"a\0b", checksum=0) + key))
    assert picture.alpha is not None
    assert picture.alpha[0, 0] == 0


def test_bytes_after_the_end_do_not_matter():
    assert np.array_equal(Picture.read(png(end=b"\0" * 5000 + b"trailer")).pixels, PIXELS)


def test_a_damaged_palette_beside_true_colours_is_only_a_suggestion():
    picture = Picture.read(png(chunk(b"PLTE", bytes(30), checksum=4)))
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.warnings == ()


@pytest.mark.parametrize("checksum", [None, 6])
def test_a_transparent_colour_beside_alpha_means_nothing(checksum):
    rgba = Image.fromarray(np.dstack([PIXELS, np.full(PIXELS.shape[:2], 99, np.uint8)]))
    stream = io.BytesIO()
    rgba.save(stream, "PNG")
    data = stream.getvalue()
    picture = Picture.read(data[:33] + chunk(b"tRNS", bytes(6), checksum=checksum) + data[33:])
    assert picture.alpha == pytest.approx(np.full(PIXELS.shape[:2], 99 / 255), abs=1e-6)
    assert picture.warnings == ()


def test_a_transparent_colour_after_the_pixels_comes_too_late():
    key = chunk(b"tRNS", struct.pack(">HHH", *PIXELS[0, 0].tolist()))
    assert Picture.read(png(key)).alpha is not None
    assert Picture.read(png(after=key)).alpha is None


def animation():
    stream = io.BytesIO()
    frames = [Image.fromarray(PIXELS), Image.fromarray(255 - PIXELS)]
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    return stream.getvalue()


@pytest.mark.parametrize("kind", [b"fcTL", b"fdAT"])
@pytest.mark.parametrize("damage", ["checksum", "length", "content"])
def test_damage_in_later_frames_leaves_the_first(kind, damage):
    data = animation()
    at = data.index(kind) - 4
    end = at + 12 + int.from_bytes(data[at : at + 4], "big")
    body = data[at + 8 : end - 4]
    replacement = {
        "checksum": chunk(kind, body, checksum=8),
        "length": chunk(kind, body[:3]),
        "content": chunk(kind, b"\xff" * len(body)),
    }[damage]
    picture = Picture.read(data[:at] + replacement + data[end:])
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.warnings == ("only the first of 2 frames is used",)


def test_a_picture_beside_the_animation_counts_as_a_frame():
    stream = io.BytesIO()
    frames = [Image.fromarray(each) for each in (PIXELS, 255 - PIXELS, PIXELS // 2)]
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:], default_image=True)
    picture = Picture.read(stream.getvalue())
    assert np.array_equal(picture.pixels, PIXELS)
    assert picture.warnings == ("only the first of 3 frames is used",)


def test_the_first_of_two_profiles_counts():
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    second = chunk(b"iCCP", b"q\0\0" + zlib.compress(bytes(500)))
    picture = Picture.read(png(chunk(b"iCCP", b"p\0\0" + zlib.compress(srgb)) + second))
    assert picture.icc == srgb
    assert picture.warnings == ()


def test_texts_too_long_are_not_unpacked_by_the_thousand(monkeypatch):
    from cutsmith.picture import png_chunks

    unpacked = []
    inflated = png_chunks._inflated
    monkeypatch.setattr(
        png_chunks, "_inflated", lambda packed, limit: unpacked.append(limit) or inflated(packed, limit)
    )
    mended_png(png(packed_text(2 * MEGABYTE) * 500))
    assert sum(unpacked) <= png_chunks.LARGEST_TEXTS


def test_a_text_that_unpacks_to_gigabytes_takes_no_memory():
    inflater = zlib.compressobj(9)
    bomb = b"".join(inflater.compress(bytes(MEGABYTE)) for _ in range(64)) + inflater.flush()
    data = png(chunk(b"zTXt", b"k\0\0" + bomb))
    mended = mended_png(data)
    assert len(mended.data) < 2000
    assert LARGEST_TEXT == MEGABYTE


@pytest.mark.parametrize("lost", [30, 200, 500])
def test_a_cut_off_picture_stays_damaged(lost):
    whole = png(chunk(b"tEXt", b"a\0b", checksum=0))
    with pytest.raises(PictureDamaged):
        Picture.read(whole[: -12 - lost])


def test_a_header_with_a_wrong_checksum_stays_damaged():
    damaged = bytearray(png())
    damaged[30] ^= 255
    with pytest.raises(PictureDamaged):
        Picture.read(bytes(damaged))


class TestAppleVariant:
    """PNGs with the chunk CgBI, as Xcode writes them."""

    @staticmethod
    def file(pixels, *, cut=0):
        height, width, channels = pixels.shape
        stored = pixels.astype(np.uint16)
        if channels == 4:
            stored[..., :3] = (stored[..., :3] * stored[..., 3:] + 127) // 255
        stored = stored[..., [2, 1, 0, 3][:channels]].astype(np.uint8)
        packer = zlib.compressobj(9, zlib.DEFLATED, -15)
        rows = packer.compress(b"".join(b"\0" + row.tobytes() for row in stored)) + packer.flush()
        header = struct.pack(">IIBBBBB", width, height, 8, {3: 2, 4: 6}[channels], 0, 0, 0)
        chunks = chunk(b"CgBI", b"\x50\0\x20\x02") + chunk(b"IHDR", header)
        return b"\x89PNG\r\n\x1a\n" + chunks + chunk(b"IDAT", rows[: len(rows) - cut]) + chunk(b"IEND", b"")

    def test_colours_are_put_in_order(self):
        assert np.array_equal(Picture.read(self.file(PIXELS)).pixels, PIXELS)

    def test_colours_are_divided_by_alpha(self):
        pixels = np.dstack([PIXELS, np.full(PIXELS.shape[:2], 128, np.uint8)])
        picture = Picture.read(self.file(pixels))
        assert np.abs(picture.pixels.astype(int) - PIXELS).max() <= 1
        assert picture.alpha == pytest.approx(np.full(PIXELS.shape[:2], 128 / 255), abs=1e-6)

    def test_a_wrong_checksum_of_the_pixels_is_damage(self):
        data = bytearray(self.file(PIXELS))
        data[data.index(b"IDAT") + 60] ^= 1
        with pytest.raises(PictureDamaged, match="checksum"):
            Picture.read(bytes(data))

    def test_a_cut_off_file_is_damaged(self):
        with pytest.raises(PictureDamaged, match="not all there"):
            Picture.read(self.file(PIXELS, cut=40))
