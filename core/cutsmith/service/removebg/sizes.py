"""The field size -> how many pixels the result has at most."""

from __future__ import annotations

from cutsmith.service.removebg.refusal import invalid

_PREVIEW, _MEDIUM, _HD, _FULL, _MOST = 250_000, 1_500_000, 4_000_000, 25_000_000, 50_000_000
_SIZES = {
    "preview": _PREVIEW,
    "small": _PREVIEW,
    "regular": _PREVIEW,
    "medium": _MEDIUM,
    "hd": _HD,
    "full": _FULL,
    "4k": _FULL,
    "auto": _FULL,
    "50mp": _MOST,
}
MOST_PNG = 10_000_000
"""A PNG has no more, whatever the size."""

# A removal model sees about 1024 x 1024 pixels: on fewer it would see less than there is.
_LEAST_CUT = 1024 * 1024


def most_pixels_of(text: str) -> int:
    """How many pixels the result has at most.

    Raises:
        Refused: there is no such size.
    """
    if (most := _SIZES.get(text.lower())) is None:
        raise invalid("size", text, "preview, small, regular, medium, hd, full, 4k, 50MP or auto")
    return most


def most_cut(most_pixels: int) -> int:
    """On how many pixels at most the subject is cut out, for a result of at most `most_pixels`.

    More would take time, and nobody would see them.
    """
    return max(most_pixels, _LEAST_CUT)
