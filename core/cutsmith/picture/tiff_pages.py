"""Which page of a TIFF is the picture: thumbnails, smaller copies and masks come before it in some files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from PIL.ImageFile import ImageFile

_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _SUB_IFDS = 254, 255, 330
# Bits of NewSubfileType (TIFF 6.0, section 8): a reduced version of another page, and a transparency mask.
_NO_PICTURE = 1 | 4
_REDUCED = 2
_MOST_PAGES = 10_000


class Page(NamedTuple):
    """The page to read: its number from 0, and how many pages of full size the file has.

    `is_elsewhere` says that Pillow finds thumbnails only: the picture is below one of them (SubIFDs), or a page of a
    kind that it does not know.
    """

    number: int
    full_pages: int
    is_elsewhere: bool = False


def picture_page(image: ImageFile) -> Page:
    """The page of the opened TIFF `image` that is the picture: the first that is neither reduced nor a mask.

    Leaves `image` at that page. Where all say that they are reduced, the first one is taken.
    """
    tags: list[dict[int, Any]] = []
    is_cut_short = False
    try:
        for number in range(_MOST_PAGES):
            image.seek(number)
            found = image.tag_v2  # type: ignore[attr-defined]
            tags.append({tag: found.get(tag) for tag in (_NEW_SUBFILE_TYPE, _SUBFILE_TYPE, _SUB_IFDS)})
    except EOFError:
        pass
    except (SyntaxError, OSError, ValueError, TypeError, KeyError, RuntimeError):
        is_cut_short = True  # a kind of pixel that Pillow does not know; or a later page is damaged
    full = [number for number, each in enumerate(tags) if not _is_no_picture(each)]
    number = full[0] if full else 0
    image.seek(number)
    has_more = is_cut_short or (bool(tags) and tags[0].get(_SUB_IFDS) is not None)
    return Page(number, max(len(full), 1), not full and has_more)


def _is_no_picture(tags: dict[int, Any]) -> bool:
    kind = tags.get(_NEW_SUBFILE_TYPE)
    if isinstance(kind, int) and kind & _NO_PICTURE:
        return True
    return kind is None and tags.get(_SUBFILE_TYPE) == _REDUCED
