"""From a source to a `Picture`: recognise, decode, turn upright, settle the colour profile."""

from __future__ import annotations

from cutsmith.picture.colour import settle_profile
from cutsmith.picture.decoded import Decoded, damage_named
from cutsmith.picture.orientation import SIDEWAYS, upright
from cutsmith.picture.picture import Picture
from cutsmith.picture.samples import alpha_from_samples
from cutsmith.picture.source import Source, read_source


def read_picture(source: Source, max_pixels: int) -> Picture:
    """What `Picture.read` returns; see there."""
    data, format_name, name = read_source(source)
    decoded = _decode(data, format_name, name, max_pixels)
    with damage_named(name):  # for what the machine's memory does not hold
        pixels, icc = settle_profile(upright(decoded.pixels, decoded.orientation), decoded.icc, decoded.warnings)
        alpha = None if decoded.alpha is None else alpha_from_samples(upright(decoded.alpha, decoded.orientation))
    dpi = decoded.dpi[::-1] if decoded.dpi and decoded.orientation in SIDEWAYS else decoded.dpi
    return Picture(pixels, alpha, icc, dpi, name, tuple(decoded.warnings))


def _decode(data: bytes, format_name: str, name: str, max_pixels: int) -> Decoded:
    if format_name == "HEIC":
        from cutsmith.picture.heic_decoder import decode_heic

        return decode_heic(data, name, max_pixels)
    from cutsmith.picture.pillow_decoder import decode_with_pillow

    return decode_with_pillow(data, format_name, name, max_pixels)
