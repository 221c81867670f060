"""Colour: ICC profiles to sRGB and back, through LittleCMS (Pillow's ImageCms), only where a profile is not sRGB."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from cutsmith.machine.telling import tell
from cutsmith.picture.icc_profile import gray_to_srgb_table, is_srgb, parse_profile
from cutsmith.picture.samples import to_8_bit, to_depth

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageCms import ImageCmsProfile

_RELATIVE_COLORIMETRIC = 1
_BLACK_POINT_COMPENSATION = 0x2000


def settle_profile(pixels: NDArray[Any], icc: bytes | None, warnings: list[str]) -> tuple[NDArray[Any], bytes | None]:
    """(colours (H, W, 3) of the depth of `pixels`, the RGB profile that they are in or None for sRGB).

    `pixels` are uint8 or uint16, (H, W) where gray, else (H, W, 3). Gray with a gray profile becomes sRGB, since a
    file with three channels cannot carry the profile. A profile that is broken or of another colour space is dropped,
    and `warnings` grows by a line that says so.
    """
    gray = pixels.ndim == 2
    if icc is not None and gray:
        table = gray_to_srgb_table(icc)
        if table is None:
            table = _gray_table_of_engine(icc)
        if table is not None:
            pixels = table[pixels] if pixels.dtype == np.uint16 else to_8_bit(table[::257])[pixels]
            icc = None
    if icc is not None:
        fault = _fault_of(icc)
        if fault is not None:
            warnings.append(f"the colour profile is {fault}: it is dropped, and the colours are taken as sRGB")
            icc = None
    return (np.repeat(pixels[..., None], 3, axis=2) if gray else pixels), icc


def _fault_of(icc: bytes) -> str | None:
    """What is wrong with `icc` as the profile of RGB colours; None where LittleCMS can use it both ways."""
    profile = parse_profile(icc)
    if profile is None:
        return "broken"
    if profile.colour_space != "RGB":
        return f"one for {profile.colour_space}"
    if is_srgb(icc):
        return None
    probe = np.zeros((1, 1, 3), np.uint8)
    # Some profiles are made for input devices only and cannot be a destination: from_srgb() then keeps sRGB's numbers.
    return "broken" if _transformed(probe, _opened(icc), _srgb()) is None else None


def _gray_table_of_engine(icc: bytes) -> NDArray[np.uint16] | None:
    """As `gray_to_srgb_table`, by LittleCMS: for gray profiles that have tables instead of a tone curve."""
    from PIL import Image

    profile = parse_profile(icc)
    if profile is None or profile.colour_space != "GRAY":
        return None
    ramp = Image.fromarray(np.arange(256, dtype=np.uint8)[None])
    converted = _transformed_image(ramp, _opened(icc), _srgb())
    if converted is None:
        return None
    levels = np.asarray(converted)[0, :, 1].astype(np.float64) * 257
    return np.rint(np.interp(np.arange(65536), np.arange(256) * 257, levels)).astype(np.uint16)


def srgb_from_profile(colours: NDArray[np.uint8], icc: bytes | None) -> NDArray[np.uint8]:
    """`colours`, uint8 (H, W, 3) in the colour space of `icc` (None: sRGB), in sRGB."""
    if icc is None or is_srgb(icc):
        return colours
    converted = _transformed(colours, _opened(icc), _srgb())
    return colours if converted is None else converted


def profile_from_srgb(colours: NDArray[np.uint8], icc: bytes | None, dtype: np.dtype[Any]) -> NDArray[Any]:
    """sRGB `colours`, uint8 (H, W, 3), in the colour space of `icc` (None: sRGB) and the depth `dtype`."""
    if icc is not None and not is_srgb(icc):
        converted = _transformed(colours, _srgb(), _opened(icc))
        if converted is None:
            tell("The picture's colour profile cannot be a destination: added colours keep their sRGB values.")
        else:
            colours = converted
    return to_depth(colours, dtype)


def cmyk_samples_to_srgb(samples: NDArray[Any], icc: bytes | None, warnings: list[str]) -> NDArray[np.uint8]:
    """sRGB uint8 (H, W, 3) of CMYK samples, uint8 or uint16 (H, W, 4), of which 0 is no ink; see `cmyk_to_srgb`."""
    from PIL import Image

    image = Image.frombytes("CMYK", (samples.shape[1], samples.shape[0]), to_8_bit(samples).tobytes())
    if icc:
        image.info["icc_profile"] = icc
    return cmyk_to_srgb(image, warnings)


def cmyk_to_srgb(image: Image, warnings: list[str]) -> NDArray[np.uint8]:
    """sRGB uint8 (H, W, 3) of a CMYK image, through its profile where it has one. Takes the profile from the image.

    Without a profile that can be used the colours are an approximation, and `warnings` grows by a line that says so.
    """
    icc = image.info.pop("icc_profile", None)
    profile = parse_profile(icc) if icc else None
    if icc and profile is not None and profile.colour_space == "CMYK":
        converted = _transformed_image(image, _opened(icc), _srgb())
        if converted is not None:
            return np.asarray(converted)
    reason = "the colour profile cannot be used" if icc else "there is no colour profile"
    warnings.append(f"{reason}: the CMYK colours are converted approximately")
    return np.asarray(image.convert("RGB"))


def lab_to_srgb(image: Image) -> NDArray[np.uint8]:
    """sRGB uint8 (H, W, 3) of a CIE L*a*b* image (D50)."""
    from PIL import ImageCms

    image.info.pop("icc_profile", None)
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB"))
    converted = _transformed_image(image, lab, _srgb())
    if converted is None:
        raise ValueError("the L*a*b* colours cannot be converted")
    return np.asarray(converted)


def _srgb() -> ImageCmsProfile:
    from PIL import ImageCms

    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def _opened(icc: bytes) -> ImageCmsProfile | None:
    from PIL import ImageCms

    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(icc))
    except (OSError, ValueError, TypeError):
        return None


def _transformed(
    colours: NDArray[np.uint8], source: ImageCmsProfile | None, target: ImageCmsProfile | None
) -> NDArray[np.uint8] | None:
    from PIL import Image

    converted = _transformed_image(Image.fromarray(np.ascontiguousarray(colours)), source, target)
    return None if converted is None else np.asarray(converted)


def _transformed_image(image: Image, source: ImageCmsProfile | None, target: ImageCmsProfile | None) -> Image | None:
    """`image` as RGB, converted relative colorimetric with black point compensation; None where a profile is unfit."""
    from PIL import ImageCms

    if source is None or target is None:
        return None
    try:
        return ImageCms.profileToProfile(
            image,
            source,
            target,
            renderingIntent=ImageCms.Intent(_RELATIVE_COLORIMETRIC),
            outputMode="RGB",
            flags=ImageCms.Flags(_BLACK_POINT_COMPENSATION),
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
