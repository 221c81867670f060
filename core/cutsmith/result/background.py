"""Backgrounds for a cut-out: a colour, a picture, or the photograph's own background, blurred."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cutsmith.cures import Cure, advise, give, leave_out
from cutsmith.errors import BadColour, shown
from cutsmith.machine.files import is_folder, may_exist
from cutsmith.picture import Picture

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.Image import Image

Background: TypeAlias = "str | os.PathLike[str] | Sequence[float] | Picture | NDArray[Any] | Image"
"""What can be laid behind a subject."""

TRANSPARENT = "transparent"
BLUR = "blur"
# Standard deviation of the blur, as a share of the picture's longer side: far out of focus, colours still in place.
_BLUR_SHARE = 0.03
_A_COLOUR = "#rrggbb, rgb(...), hsl(...) or a CSS colour name"
_A_BACKGROUND = "#rrggbb, a CSS colour name, transparent, blur, or an existing picture"


def background_pixels(background: Background, photo: Picture, alpha: NDArray[np.float32]) -> NDArray[Any]:
    """The background as pixels of the photograph's size, depth and colour space: (H, W, 3).

    Args:
        background: "blur"; a colour (`#rrggbb`, a CSS name, `rgb(...)`, `hsl(...)`, three or four numbers of 0-255),
            sRGB; or a picture: its path, a `Picture`, a PIL image or an array. A file comes before a colour of the same
            name, a folder does not.
        photo: the photograph that was cut out.
        alpha: the subject's alpha, float32 (H, W).

    Raises:
        BadColour: neither a colour nor a picture.
        PictureError: the background's file cannot be read.
        BadArray: the array is no picture.
    """
    if _is_picture(background):
        return _covering(Picture.of(background), photo)  # type: ignore[arg-type]
    if not isinstance(background, str | os.PathLike):
        return _filled(_colour_of_numbers(background), photo)
    if os.fspath(background) == BLUR:
        return _blurred(photo, alpha)
    if is_picture_path(background):
        return _covering(Picture.read(Path(background)), photo)
    return _filled(parse_colour(os.fspath(background), _A_BACKGROUND), photo)


def _is_picture(background: object) -> bool:
    """Whether `background` is a picture in memory: a `Picture`, a PIL image, or an array of more than one axis."""
    if isinstance(background, Picture) or hasattr(background, "getbands"):
        return True
    try:
        return np.ndim(background) >= 2  # type: ignore[arg-type]
    except (ValueError, TypeError, RuntimeError):  # rows of several lengths; a tensor on a GPU
        return False


def is_picture_path(background: str | os.PathLike[str]) -> bool:
    """Whether `background` is read as a picture's path: a file, or a folder that is not called like a colour."""
    text = os.fspath(background)
    if not text.strip() or not may_exist(text):
        return False
    if not is_folder(text):
        return True
    try:
        parse_colour(text)
    except BadColour:
        return True  # the reader tells that it is a folder
    return False


def _colour_of_numbers(numbers: object) -> tuple[int, int, int]:
    """(red, green, blue) of three numbers of 0-255, or of four of which the last is 255.

    Raises:
        BadColour: anything else.
    """
    try:
        values = [float(value) for value in numbers]  # type: ignore[attr-defined]
    except (TypeError, ValueError, OverflowError):
        values = []
    is_whole = all(math.isfinite(value) and 0 <= value <= 255 and value == int(value) for value in values)
    if not is_whole or len(values) not in (3, 4) or values[3:] not in ([], [255]):
        raise BadColour(
            "",
            give("background", "#ffffff"),
            option="background",
            found=shown(numbers),
            wanted="a colour (three whole numbers of 0-255, #rrggbb or a CSS name), blur, or a picture",
        )
    red, green, blue = (int(value) for value in values[:3])
    return red, green, blue


def parse_colour(text: str, wanted: str = _A_COLOUR) -> tuple[int, int, int]:
    """The sRGB colour, (red, green, blue) of 0-255 each, that `text` names.

    Args:
        text: as CSS writes a colour.
        wanted: what `text` must be, for the message.

    Raises:
        BadColour: `text` is not a colour, or is not opaque.
    """
    from PIL import ImageColor

    try:
        red, green, blue, *alpha = ImageColor.getrgb(text.strip())
    except ValueError as error:
        raise _bad_colour(text, wanted, ImageColor.colormap) from error
    if not all(0 <= value <= 255 for value in (red, green, blue)):
        # Pillow takes rgb(300, 0, 0), and hsl() with a lightness of 500 %.
        raise _bad_colour(text, wanted, ImageColor.colormap)
    if alpha and alpha[0] != 255:
        raise BadColour(
            "",
            leave_out("background", text="For a transparent background"),
            option="background",
            found=shown(text),
            wanted="an opaque colour, without an alpha value",
        )
    return red, green, blue


def ready_background(background: str) -> str | Picture:
    """Check `background` before any work is done, and return it for `Cutout.on`; a file is read once for all pictures.

    Raises:
        BadColour: it is neither "transparent", "blur", a file, nor a colour.
        PictureError: the file cannot be read.
    """
    if background in (TRANSPARENT, BLUR):
        return background
    if is_picture_path(background):
        return Picture.read(background)
    parse_colour(background, _A_BACKGROUND)
    return background


def _bad_colour(text: str, wanted: str, names: object) -> BadColour:
    from difflib import get_close_matches

    near = get_close_matches(text.lower(), list(names), 3) if isinstance(names, dict) else []
    cure: Cure = advise(f"Did you mean {' or '.join(near)}?") if near else give("background", "#ffffff")
    return BadColour("", cure, option="background", found=shown(text), wanted=wanted)


def _filled(colour: tuple[int, int, int], photo: Picture) -> NDArray[np.uint8] | NDArray[np.uint16]:
    one = photo.from_srgb(np.array([[colour]], np.uint8))
    return np.broadcast_to(one, photo.pixels.shape)


def _covering(picture: Picture, photo: Picture) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """`picture` resized so that it covers the photograph, with the overhanging sides cut off."""
    from PIL import Image, ImageOps

    size = (photo.width, photo.height)
    fitted = ImageOps.fit(Image.fromarray(picture.srgb()), size, Image.Resampling.LANCZOS)
    return photo.from_srgb(np.asarray(fitted))


def _blurred(photo: Picture, alpha: NDArray[np.float32]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Blur the background's own colours without the subject's, so that no halo surrounds the subject."""
    import cv2

    # Blur at a quarter of the size: the result has no detail that would show the difference.
    small = (max(photo.width // 4, 1), max(photo.height // 4, 1))
    weight = cv2.resize(1 - alpha, small, interpolation=cv2.INTER_AREA)[..., None]
    colours = cv2.resize(photo.pixels, small, interpolation=cv2.INTER_AREA).astype(np.float32) * weight
    deviation = _BLUR_SHARE * max(small)
    spread = cv2.GaussianBlur(weight, (0, 0), deviation)[..., None]
    # Deep inside a large subject there is no background nearby, so the mean background colour is used.
    total = max(float(weight.sum()), 1e-6)
    mean = colours.sum(axis=(0, 1)) / total
    blurred = (cv2.GaussianBlur(colours, (0, 0), deviation) + 1e-3 * mean) / (spread + 1e-3)
    full = cv2.resize(blurred, (photo.width, photo.height), interpolation=cv2.INTER_LINEAR)
    limit = np.iinfo(photo.pixels.dtype).max
    pixels: NDArray[np.uint8] | NDArray[np.uint16] = np.clip(np.rint(full), 0, limit).astype(photo.pixels.dtype)
    return pixels
