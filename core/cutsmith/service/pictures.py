"""Uploads -> pictures, masks and backgrounds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cutsmith.picture import NamedBytes, Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray


def read_picture(data: bytes, name: str, max_pixels: int) -> Picture:
    """The picture in `data`, which messages call by `name`; errors as for `Picture.read`."""
    return Picture.read(NamedBytes(data, name), max_pixels=max_pixels)


def read_plane(data: bytes, name: str, max_pixels: int) -> NDArray[Any]:
    """The plane that a gray picture shows: uint8 or uint16 (H, W), white for the subject.

    A picture with transparency that hides something says it by that, as a cut-out does; colours count by their
    lightness.

    Raises:
        PictureError: `data` is no picture.
    """
    import numpy as np

    picture = read_picture(data, f"the {name}", max_pixels)
    if picture.alpha is not None and float(picture.alpha.min()) < 1:
        return picture.alpha
    pixels = picture.pixels
    if (pixels == pixels[..., :1]).all():
        return np.ascontiguousarray(pixels[..., 0])
    # Rec. 601, as gray pictures are made of colours everywhere.
    gray = pixels @ np.array([0.299, 0.587, 0.114])
    return np.asarray(np.rint(gray), pixels.dtype)
