"""Which page of a TIFF is the picture: thumbnails, masks and reduced copies come first in some files.

Only their tags say what they are (TIFF 6.0, NewSubfileType and SubfileType; Adobe's Supplement 1, SubIFDs). Pages
without such a tag are pictures of their own, whatever their size.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import NamedTuple

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _WIDTH, _LENGTH, _PHOTOMETRIC = 254, 255, 256, 257, 262
_ORIENTATION, _SUB_IFDS, _ICC_PROFILE, _DNG_VERSION = 274, 330, 34675, 50706
_WANTED = frozenset((_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _WIDTH, _LENGTH, _PHOTOMETRIC))
_WANTED |= frozenset((_ORIENTATION, _SUB_IFDS, _ICC_PROFILE, _DNG_VERSION))
# Bits of NewSubfileType, and the older SubfileType.
_REDUCED, _MASK, _OLD_REDUCED = 1, 4, 2
_MASK_PHOTOMETRIC = 4
_RAW_PHOTOMETRICS = frozenset((32803, 34892))  # a colour filter array; linear raw
# Type of a value -> its bytes, and its letter in `struct` where it is a whole number.
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
_WHOLE_NUMBERS = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
_MOST_VALUES = 64
_MOST_ENTRIES = 2_000_000
"""Of all directories together: a damaged file may chain directories that overlap."""


class MainPage(NamedTuple):
    """A TIFF file whose first page is the picture.

    Attributes:
        data: the file; a copy that begins with another page, where a thumbnail, say, comes before the picture.
        is_raw: whether the picture is a camera's raw data, which must be developed.
        orientation: EXIF orientation that only the thumbnail has; None where the picture has its own.
        icc: the colour profile that only the thumbnail has.
        warnings: that there are further pages, or that they are damaged.
    """

    data: bytes
    is_raw: bool = False
    orientation: int | None = None
    icc: bytes | None = None
    warnings: tuple[str, ...] = ()


@dataclass
class _Page:
    """A directory of the file: where it and the next one start, and the values of the tags that count here."""

    offset: int
    following: int
    entries: int
    values: dict[int, tuple[int, ...]] = field(default_factory=dict)
    profile: slice | None = None

    def first(self, tag: int, default: int = 0) -> int:
        return (self.values.get(tag) or (default,))[0]

    @property
    def is_mask(self) -> bool:
        return bool(self.first(_NEW_SUBFILE_TYPE) & _MASK) or self.first(_PHOTOMETRIC) == _MASK_PHOTOMETRIC

    @property
    def is_picture(self) -> bool:
        if _NEW_SUBFILE_TYPE in self.values:
            is_reduced = bool(self.first(_NEW_SUBFILE_TYPE) & _REDUCED)
        else:
            is_reduced = self.first(_SUBFILE_TYPE) == _OLD_REDUCED
        return not is_reduced and not self.is_mask

    @property
    def area(self) -> int:
        return self.first(_WIDTH) * self.first(_LENGTH)

    @property
    def is_raw(self) -> bool:
        return _DNG_VERSION in self.values or self.first(_PHOTOMETRIC) in _RAW_PHOTOMETRICS


class _Layout(NamedTuple):
    """How the file stores its numbers, in the letters of `struct`: TIFF or BigTIFF, of one byte order or the other."""

    order: str
    first_at: int
    offset: str
    entries: str
    entry: str


def main_page(data: bytes) -> MainPage:
    """The TIFF file `data` with the page that is the picture as its first; as it is where its directory is broken."""
    layout = _layout_of(data)
    pages, is_whole = _chain(data, layout) if layout else ([], False)
    if layout is None or not pages:
        return MainPage(data)
    first = pages[0]
    inner = _inner_pages(data, layout, pages)
    is_raw = first.is_raw or any(page.is_raw for page in inner)
    chosen = first if first.is_picture else _chosen(pages, inner)
    warnings = _page_warnings(sum(page.is_picture for page in pages), is_whole)
    if chosen is first:
        return MainPage(data, is_raw, warnings=warnings)
    start = struct.pack(layout.order + layout.offset, chosen.offset)
    orientation = first.first(_ORIENTATION)
    return MainPage(
        data[: layout.first_at] + start + data[layout.first_at + len(start) :],
        is_raw,
        orientation if 1 <= orientation <= 8 and _ORIENTATION not in chosen.values else None,
        data[first.profile] if first.profile and chosen.profile is None else None,
        warnings,
    )


def _layout_of(data: bytes) -> _Layout | None:
    order = {b"II": "<", b"MM": ">"}.get(data[:2])
    if order is None or len(data) < 16:
        return None
    (version,) = struct.unpack_from(order + "H", data, 2)
    layouts = {42: _Layout(order, 4, "I", "H", "HHI"), 43: _Layout(order, 8, "Q", "Q", "HHQ")}
    return layouts.get(version)


def _chain(data: bytes, layout: _Layout) -> tuple[list[_Page], bool]:
    """The pages in their order, and whether their chain ends as it should."""
    pages: list[_Page] = []
    seen: set[int] = set()
    entries = 0
    (offset,) = struct.unpack_from(layout.order + layout.offset, data, layout.first_at)
    while offset:
        page = _page_at(data, layout, offset) if offset not in seen and entries < _MOST_ENTRIES else None
        if page is None:
            return pages, False
        seen.add(offset)
        pages.append(page)
        entries += page.entries
        offset = page.following
    return pages, True


def _inner_pages(data: bytes, layout: _Layout, pages: list[_Page]) -> list[_Page]:
    """The SubIFDs of the first pages; broken ones are left out."""
    offsets = [offset for page in pages[:_MOST_VALUES] for offset in page.values.get(_SUB_IFDS, ())]
    found = (_page_at(data, layout, offset) for offset in offsets[:_MOST_VALUES])
    return [page for page in found if page is not None]


def _chosen(pages: list[_Page], inner: list[_Page]) -> _Page:
    """The first picture of the chain, else of the SubIFDs; if all are reduced, the largest of them."""
    pictures = [page for page in [*pages, *inner] if page.is_picture]
    if pictures:
        return pictures[0]
    reduced = [page for page in [*pages, *inner] if not page.is_mask]
    return max(reduced, key=lambda page: page.area, default=pages[0])


def _page_warnings(pictures: int, is_whole: bool) -> tuple[str, ...]:
    if not is_whole:
        return ("only the first page is used; the later ones are damaged",)
    return (f"only the first of {pictures} pages is used",) if pictures > 1 else ()


def _page_at(data: bytes, layout: _Layout, offset: int) -> _Page | None:
    """The directory at `offset`, None where it is broken."""
    entry = struct.Struct(layout.order + layout.entry)
    number = struct.Struct(layout.order + layout.offset)
    start = offset + struct.calcsize(layout.order + layout.entries)
    if start > len(data):
        return None
    (count,) = struct.unpack_from(layout.order + layout.entries, data, offset)
    step = entry.size + number.size
    end = start + count * step
    if not count or end > len(data):
        return None
    # Some writers end the file before this number.
    following = number.unpack_from(data, end)[0] if end + number.size <= len(data) else 0
    page = _Page(offset, following, count)
    for at in range(start, end, step):
        tag, kind, values = entry.unpack_from(data, at)
        size = _SIZES.get(kind, 0) * values
        if tag not in _WANTED or not size:
            continue
        value_at = at + entry.size if size <= number.size else number.unpack_from(data, at + entry.size)[0]
        if value_at + size > len(data):
            continue
        if tag == _ICC_PROFILE:
            page.profile = slice(value_at, value_at + size)
        elif kind in _WHOLE_NUMBERS and values <= _MOST_VALUES:
            page.values[tag] = struct.unpack_from(f"{layout.order}{values}{_WHOLE_NUMBERS[kind]}", data, value_at)
    return page
