"""The tags of an EXIF block, or of a TIFF file, which has the same form: read, chosen and written as they were.

Values keep their types, bytes and byte order: texts stay in whatever encoding they have, and signs stay. Tags that are
not known to be true of any copy of the photograph are left behind, above all maker notes and thumbnails, and what
editors put into TIFFs: layers, geographic data, private tags. See EXIF 3.0, 4.6, and TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

# Description, maker, model, software, time, artist, host, rating, copyright; and Windows' title, comment, author,
# keywords and subject.
_OF_THE_PHOTOGRAPH = frozenset({270, 271, 272, 305, 306, 315, 316, 18246, 18249, 33432, *range(40091, 40096)})
# Of the EXIF directory all that EXIF 3.0 has, but: the way the file was compressed (0x9101, 0x9102), positions in the
# source's pixels (0x9214, 0xA214), the maker note (0x927C), other files (0xA004, 0xA005); size and colour space
# (0xA001 to 0xA003) are written anew. Some cameras put these tags into the first directory.
_OF_THE_CAMERA = frozenset(
    {0x829A, 0x829D, 0x8822, 0x8824, 0x8827, 0x8828, *range(0x8830, 0x8836), 0x9000, 0x9003, 0x9004}
    | {*range(0x9010, 0x9013), *range(0x9201, 0x920B), 0x9286, *range(0x9290, 0x9293), *range(0x9400, 0x9406)}
    | {0xA000, 0xA20B, 0xA20C, *range(0xA20E, 0xA211), 0xA215, 0xA217, *range(0xA300, 0xA303)}
    | {*range(0xA401, 0xA40D), 0xA420, *range(0xA430, 0xA43D), *range(0xA460, 0xA463), 0xA500}
)
_OF_THE_PLACE = frozenset(range(0x20))
_EXIF_IFD, _GPS_IFD = 0x8769, 0x8825
_COLOUR_SPACE, _WIDTH, _HEIGHT = 0xA001, 0xA002, 0xA003
_SRGB, _UNCALIBRATED = 1, 0xFFFF
_DESCRIPTION, _SOFTWARE, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _INCHES = 270, 305, 282, 283, 296, 2
_WRITTEN_BY_US = frozenset({_DESCRIPTION, _SOFTWARE, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT})
_WRITTEN_BY_US |= {_COLOUR_SPACE, _WIDTH, _HEIGHT}
_TEXT, _SHORT, _LONG, _RATIONAL = 2, 3, 4, 5
# Type -> the bytes of one value; 129 is EXIF 3.0's text in UTF-8.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 129: 1}


class Entry(NamedTuple):
    """A tag's value: its type, how many there are, and their bytes in the block's byte order."""

    kind: int
    values: int
    data: bytes


@dataclass
class ExifTags:
    """What was read of a block, by directory: tag -> value. `order` is "<" (Intel) or ">" (Motorola)."""

    order: str = ">"
    main: dict[int, Entry] = field(default_factory=dict)
    camera: dict[int, Entry] = field(default_factory=dict)
    place: dict[int, Entry] = field(default_factory=dict)

    @property
    def subordinate(self) -> dict[int, dict[int, Entry]]:
        """The other directories that have tags, by the tag of the first one that points at each."""
        return {tag: tags for tag, tags in ((_EXIF_IFD, self.camera), (_GPS_IFD, self.place)) if tags}

    def to_bytes(self) -> bytes | None:
        """The block, from the byte order on; None where it would have no tags."""
        main = dict(self.main)
        block = (b"II*\0" if self.order == "<" else b"MM\0*") + struct.pack(f"{self.order}I", 8)
        if not main and not self.subordinate:
            return None
        pointer = Entry(_LONG, 1, bytes(4))
        at = 8 + len(_directory(main | dict.fromkeys(self.subordinate, pointer), 8, self.order))
        after = b""
        for tag, tags in self.subordinate.items():
            main[tag] = Entry(_LONG, 1, struct.pack(f"{self.order}I", at + len(after)))
            after += _directory(tags, at + len(after), self.order)
        return block + _directory(main, 8, self.order) + after


def tiff_with_tags(file: bytes, tags: ExifTags) -> bytes:
    """The TIFF `file` of one page, whose byte order is that of `tags`, with those that it does not have.

    The first directory is written anew behind the pixels; what it points at stays in its place.

    Raises:
        ValueError: `file` is a BigTIFF.
    """
    order = tags.order
    version, first = struct.unpack_from(f"{order}HI", file, 2)
    if version != 42:
        raise ValueError("a BigTIFF keeps no metadata")
    (count,) = struct.unpack_from(f"{order}H", file, first)
    fields = [file[at : at + 12] for at in range(first + 2, first + 2 + 12 * count, 12)]
    own = {struct.unpack_from(f"{order}H", each)[0] for each in fields}
    main = {tag: entry for tag, entry in tags.main.items() if tag not in own}
    whole = bytearray(file + bytes(len(file) % 2))
    for tag, directory in tags.subordinate.items():
        main[tag] = Entry(_LONG, 1, struct.pack(f"{order}I", len(whole)))
        whole += _directory(directory, len(whole), order)
    for tag, (kind, values, data) in main.items():
        value = data.ljust(4, b"\0")
        if len(data) > 4:
            value = struct.pack(f"{order}I", len(whole))
            whole += data + bytes(len(data) % 2)
        fields.append(struct.pack(f"{order}HHI", tag, kind, values) + value)
    struct.pack_into(f"{order}I", whole, 4, len(whole))
    fields.sort(key=lambda each: struct.unpack_from(f"{order}H", each))
    return bytes(whole) + struct.pack(f"{order}H", len(fields)) + b"".join(fields) + bytes(4)


def read_tags(block: bytes, most_bytes: int, further: Collection[int] = ()) -> ExifTags | None:
    """The tags of `block` that a copy of the photograph may have; None where it is no such block.

    Entries whose values lie outside the block are left out. `block` may be a whole TIFF file, a BigTIFF, too.

    Args:
        block: from the byte order on.
        most_bytes: of all values together. In a broken block any number of them may be the same megabytes.
        further: tags of the first directory and of EXIF's that are wanted, too.
    """
    order = {b"II": "<", b"MM": ">"}.get(block[:2])
    if order is None or len(block) < 8:
        return None
    reader = _Reader(block, order, most_bytes, is_big=struct.unpack(f"{order}H", block[2:4])[0] == 43)
    of_camera = _OF_THE_CAMERA | frozenset(further)
    main = reader.directory(reader.first, _OF_THE_PHOTOGRAPH | of_camera | {_EXIF_IFD, _GPS_IFD})
    camera = reader.directory(reader.pointed_at(main.pop(_EXIF_IFD, None)), of_camera)
    place = reader.directory(reader.pointed_at(main.pop(_GPS_IFD, None)), _OF_THE_PLACE)
    return ExifTags(order, main, camera, place)


def kept_exif(
    block: bytes, width: int, height: int, *, is_srgb: bool, with_rest: bool, with_place: bool
) -> bytes | None:
    """What a result of `width` x `height` pixels keeps of `block`: the place, the rest, or both; None where nothing is.

    `is_srgb` says whether the result is in sRGB.
    """
    found = read_tags(block, len(block))
    if found is None:
        return None
    if not with_place:
        found.place = {}
    if not with_rest:
        found.main, found.camera = {}, {}
    elif found.main or found.camera:
        found.camera |= {
            _COLOUR_SPACE: _numbers(found.order, "H", _SHORT, _SRGB if is_srgb else _UNCALIBRATED),
            _WIDTH: _numbers(found.order, "I", _LONG, width),
            _HEIGHT: _numbers(found.order, "I", _LONG, height),
        }
    return found.to_bytes()


def tags_of_kept(block: bytes | None, order: str = ">") -> ExifTags:
    """All tags of a `block` that `kept_exif` made; none, in the byte order `order`, where it is None."""
    found = read_tags(block, len(block), _WRITTEN_BY_US) if block else None
    return found or ExifTags(order)


def with_own_tags(
    block: bytes | None, texts: Mapping[str, str] | None, dpi: tuple[float, float] | None
) -> bytes | None:
    """`block` with a "description" and "software" of `texts`, and the resolution `dpi`; None where all is None."""
    tags = tags_of_kept(block)
    for name, tag in (("description", _DESCRIPTION), ("software", _SOFTWARE)):
        if texts is not None:
            data = texts[name].encode("ascii", "replace") + b"\0"
            tags.main[tag] = Entry(_TEXT, len(data), data)
    if dpi is not None:
        for tag, value in zip((_X_RESOLUTION, _Y_RESOLUTION), dpi, strict=True):
            share = Fraction(value).limit_denominator(1000)
            tags.main[tag] = _numbers(tags.order, "II", _RATIONAL, share.numerator, share.denominator)
        tags.main[_RESOLUTION_UNIT] = _numbers(tags.order, "H", _SHORT, _INCHES)
    return tags.to_bytes()


def _numbers(order: str, letters: str, kind: int, *values: int) -> Entry:
    return Entry(kind, 1, struct.pack(order + letters, *values))


class _Reader:
    """Reads directories of `block`; `most_bytes` is what all their values may take."""

    def __init__(self, block: bytes, order: str, most_bytes: int, *, is_big: bool) -> None:
        self._block, self._order, self._left = block, order, most_bytes
        self._offset = f"{order}{'Q' if is_big else 'I'}"
        self._count, self._entry = (f"{order}Q", f"{order}HHQ") if is_big else (f"{order}H", f"{order}HHI")
        self.first = self._number(self._offset, 8 if is_big else 4)

    def pointed_at(self, entry: Entry | None) -> int:
        """Where the directory starts that `entry` points at; 0 where there is none."""
        if entry is None or len(entry.data) not in (4, 8):
            return 0
        return int.from_bytes(entry.data, "little" if self._order == "<" else "big")

    def directory(self, start: int, wanted: frozenset[int]) -> dict[int, Entry]:
        """The entries of the directory at `start` whose tags are `wanted`, the first of each."""
        found: dict[int, Entry] = {}
        room = struct.calcsize(self._offset)
        head, size = struct.calcsize(self._count), struct.calcsize(self._entry) + room
        if start < 8 or start + head > len(self._block):
            return found
        most = (len(self._block) - start - head) // size
        for number in range(min(self._number(self._count, start), most, 0xFFFF)):
            at = start + head + number * size
            tag, kind, count = struct.unpack_from(self._entry, self._block, at)
            length = _SIZES.get(kind, 8 if kind in (16, 17, 18) else 0) * count
            if tag not in wanted or tag in found or not 0 < length <= self._left:
                continue
            place = at + size - room if length <= room else self._number(self._offset, at + size - room)
            if place + length <= len(self._block):
                found[tag] = Entry(kind, count, bytes(self._block[place : place + length]))
                self._left -= length
        return found

    def _number(self, letter: str, at: int) -> int:
        if at + struct.calcsize(letter) > len(self._block):
            return 0
        return int(struct.unpack_from(letter, self._block, at)[0])


def _directory(tags: Mapping[int, Entry], start: int, order: str) -> bytes:
    """A directory that is to stand at `start`, with its values behind it."""
    entries, values = struct.pack(f"{order}H", len(tags)), b""
    after = start + 2 + 12 * len(tags) + 4
    for tag, (kind, count, data) in sorted(tags.items()):
        field_ = data.ljust(4, b"\0")
        if len(data) > 4:
            field_ = struct.pack(f"{order}I", after + len(values))
            values += data + bytes(len(data) % 2)
        entries += struct.pack(f"{order}HHI", tag, kind, count) + field_
    return entries + bytes(4) + values
