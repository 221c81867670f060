"""How small and how large a picture may be: checked by the header, before anything is decoded."""

from __future__ import annotations

from cutsmith.cures import set_option
from cutsmith.errors import PictureTooLarge, PictureTooSmall
from cutsmith.options import DEFAULT_MAX_PIXELS, MINIMUM_SIDE

__all__ = ["DEFAULT_MAX_PIXELS", "MINIMUM_SIDE", "check_size"]


def check_size(width: int, height: int, name: str, max_pixels: int) -> None:
    """Refuse a picture of `width` x `height` pixels that is too small or has more than `max_pixels`.

    Raises:
        PictureTooSmall, PictureTooLarge: with the size that was found and the limit; `name` says which picture.
    """
    if width < MINIMUM_SIDE or height < MINIMUM_SIDE:
        raise PictureTooSmall(
            f"{name} must have at least {MINIMUM_SIDE} pixels on each side, but is {width} x {height} pixels.",
            "Use the picture itself, not a thumbnail or a tracking pixel.",
            found=f"{width} x {height} pixels",
            wanted=f"at least {MINIMUM_SIDE} pixels wide and high",
        )
    if width * height > max_pixels:
        raise PictureTooLarge(
            f"{name} must have at most {max_pixels:,} pixels, but has {width} x {height} = {width * height:,}.",
            set_option("max_pixels", width * height, text="If you trust the file and have the memory"),
            found=f"{width} x {height} = {width * height:,} pixels",
            wanted=f"at most {max_pixels:,} pixels",
        )
