"""How small and how large a picture may be, checked on the header before anything is decoded."""

from __future__ import annotations

from cutsmith.errors import PictureTooLarge, PictureTooSmall
from cutsmith.options import DEFAULT_MAX_PIXELS

__all__ = ["DEFAULT_MAX_PIXELS", "MINIMUM_SIDE", "check_size"]

MINIMUM_SIDE = 4
"""Pixels: below this a subject cannot be told from its background."""


def check_size(width: int, height: int, name: str, max_pixels: int) -> None:
    """Refuse a picture of `width` x `height` pixels that is too small, or has more than `max_pixels`.

    Raises:
        PictureTooSmall, PictureTooLarge: with the size found and the size wanted; `name` says which picture.
    """
    if width < MINIMUM_SIDE or height < MINIMUM_SIDE:
        raise PictureTooSmall(
            f"{name} is {width} x {height} pixels: wanted at least {MINIMUM_SIDE} on each side.",
            "Use the picture itself, not a thumbnail or a tracking pixel.",
        )
    if width * height > max_pixels:
        raise PictureTooLarge(
            f"{name} is {width} x {height} = {width * height:,} pixels: wanted at most {max_pixels:,}.",
            f"If you trust the file and have the memory: --max-pixels {width * height}",
        )
