"""EXIF tags keep their types, bytes and byte order, whatever the rest of the block is like."""

import random
import struct

import pytest
from PIL import Image

from cutsmith.picture.exif_block import Entry, ExifTags, kept_exif, read_tags, with_own_tags

ARTIST, BIAS, COMMENT, VERSION, OWNER = 315, 0x9204, 0x9286, 0x9000, 0xA430


def block(order):
    """Tags that libraries often change as they copy them."""
    tags = ExifTags(order)
    artist = "J\u00f6rg M\u00fcller".encode() + b"\0"
    comment = b"UNICODE\0" + "\u5199\u771f".encode("utf-16-le" if order == "<" else "utf-16-be")
    tags.main[ARTIST] = Entry(2, len(artist), artist)
    tags.camera[BIAS] = Entry(10, 1, struct.pack(f"{order}ii", 0, 3))
    tags.camera[COMMENT] = Entry(7, len(comment), comment)
    tags.camera[VERSION] = Entry(7, 4, b"0232")
    tags.camera[OWNER] = Entry(2, 7, b"M\xfcller\0")  # Latin-1
    tags.place[1] = Entry(2, 2, b"N\0")
    return tags


def kept(data, **options):
    return kept_exif(data, 40, 30, **({"is_srgb": True, "with_rest": True, "with_place": False} | options))


@pytest.mark.parametrize("order", ["<", ">"])
def test_values_keep_their_types_bytes_and_byte_order(order):
    tags = block(order)
    found = read_tags(kept(tags.to_bytes()), 10_000)
    assert (found.order, found.main, found.place) == (order, tags.main, {})
    assert found.camera == tags.camera


def test_size_and_colour_space_are_the_results():
    for is_srgb, told in ((True, 1), (False, 0xFFFF)):
        exif = Image.Exif()
        exif.load(kept(block(">").to_bytes(), is_srgb=is_srgb))
        camera = exif.get_ifd(0x8769)
        assert (camera[0xA001], camera[0xA002], camera[0xA003]) == (told, 40, 30)


def test_the_place_alone_has_nothing_beside_it():
    found = read_tags(kept(block("<").to_bytes(), with_rest=False, with_place=True), 1000)
    assert (found.main, found.camera) == ({}, {})
    assert found.place == {1: Entry(2, 2, b"N\0")}


def test_a_block_without_known_tags_gives_none():
    private = b"II*\0\x08\0\0\0\1\0" + struct.pack("<HHI4s", 0xC4A5, 7, 4, b"mine") + bytes(4)
    assert kept(private) is None
    assert with_own_tags(None, None, None) is None


def test_our_own_tags_replace_those_of_the_block_and_leave_the_rest():
    data = with_own_tags(kept(block("<").to_bytes()), {"description": "{}", "software": "Cutsmith"}, (300.0, 150.5))
    exif = Image.Exif()
    exif.load(data)
    assert (exif[270], exif[305], exif[282], exif[283], exif[296]) == ("{}", "Cutsmith", 300, 150.5, 2)
    assert exif.get_ifd(0x8769)[0xA002] == 40
    assert "M\u00fcller".encode() in data


def test_values_that_all_are_the_same_megabytes_are_read_once():
    size = 1_000_000
    entries = b"".join(struct.pack("<HHII", tag, 7, size, 8 + 2 + 12 * 5 + 4) for tag in (270, 271, 272, 305, 306))
    data = b"II*\0\x08\0\0\0\5\0" + entries + bytes(4) + bytes(size)
    assert len(kept(data)) < 2 * size


def test_directories_that_point_at_themselves_end():
    data = (
        b"II*\0\x08\0\0\0\2\0"
        + struct.pack("<HHII", 0x8769, 4, 1, 8)
        + struct.pack("<HHII", 0x8825, 4, 1, 8)
        + b"\x08\0\0\0"
    )
    assert kept(data, with_place=True) is None


def test_mutated_blocks_never_raise():
    chance = random.Random(7)
    whole = block("<").to_bytes()
    for _ in range(3000):
        data = bytearray(whole[: chance.randrange(len(whole) + 1)] if chance.random() < 0.3 else whole)
        for _ in range(chance.randrange(6)):
            if data:
                data[chance.randrange(len(data))] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))
        found = kept(bytes(data), with_place=True)
        assert found is None or len(found) < 2 * len(whole) + 200
