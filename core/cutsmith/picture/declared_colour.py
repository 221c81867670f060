"""Colour spaces that a file names by numbers in its format's own fields, instead of carrying a profile.

EXIF: a camera's Adobe RGB (DCF 2.0, "R03"). PNG: cICP, sRGB, gAMA and cHRM (W3C, third edition, 11.3.2). AVIF: the box
`colr` of the type nclx. Code points are those of ITU-T H.273. The profile that is made says the same as the numbers.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from cutsmith.picture.icc_profile import ADOBE_RGB_GAMMA, Primaries, matrix_profile
from cutsmith.picture.png_chunks import chunks

if TYPE_CHECKING:
    from PIL.Image import Exif

_EXIF_IFD, _INTEROPERABILITY_IFD = 0x8769, 0xA005
_COLOUR_SPACE = 0xA001
_UNCALIBRATED = 0xFFFF

_D65 = (0.3127, 0.3290)
SRGB = Primaries((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), _D65)
ADOBE_RGB = Primaries((0.64, 0.33), (0.21, 0.71), (0.15, 0.06), _D65)
DISPLAY_P3 = Primaries((0.680, 0.320), (0.265, 0.690), (0.150, 0.060), _D65)
BT_2020 = Primaries((0.708, 0.292), (0.170, 0.797), (0.131, 0.046), _D65)

_PRIMARIES = {1: SRGB, 9: BT_2020, 12: DISPLAY_P3}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}
_HDR = {16: "PQ", 18: "HLG"}
_UNSPECIFIED = 2
# Written for 1/2.2, which stands for sRGB where nothing else is said.
_USUAL_GAMMA = 45455
_GAMMA_TOLERANCE = 2300


def declared_profile(data: bytes, format_name: str, exif: Exif | None, warnings: list[str]) -> bytes | None:
    """The ICC profile for what the file `data`, which has none, says about its colours; None for sRGB or nothing.

    `warnings` grows where the colours cannot be described by a profile: those of HDR.

    Args:
        data: the file.
        format_name: Pillow's name of its format.
        exif: its EXIF data.
        warnings: grows by what the user should know.
    """
    find_codes = {"PNG": _codes_of_png, "AVIF": _codes_of_container}.get(format_name)
    codes = None if find_codes is None else find_codes(data)
    if codes is not None:
        return profile_of_code_points(*codes, warnings)
    if format_name == "PNG":
        return _profile_of_png(data)
    return None if exif is None else _profile_of_exif(exif, warnings)


def _profile_of_exif(exif: Exif, warnings: list[str]) -> bytes | None:
    try:
        space = exif.get_ifd(_EXIF_IFD).get(_COLOUR_SPACE)
        index = exif.get_ifd(_INTEROPERABILITY_IFD).get(1)
    except Exception:  # noqa: BLE001 - a broken directory raises nearly anything; the picture is fine without
        return None
    if isinstance(index, bytes):
        index = index.decode("latin-1")
    is_option_file = isinstance(index, str) and index.strip("\0 ") == "R03"
    # 2 is outside the standard; cameras that write it mean Adobe RGB.
    if space == 2 or (space in (None, _UNCALIBRATED) and is_option_file):
        return matrix_profile(ADOBE_RGB, ADOBE_RGB_GAMMA)
    if space == _UNCALIBRATED:
        warnings.append(
            "the EXIF data says that the colours are not sRGB, but not what they are: they are taken as sRGB"
        )
    return None


def profile_of_code_points(primaries: int, transfer: int, warnings: list[str]) -> bytes | None:
    """The ICC profile for code points of H.273; None for sRGB. `warnings` grows where they are those of HDR."""
    if transfer in _HDR:
        warnings.append(f"the colours are for HDR displays ({_HDR[transfer]}): they are taken as sRGB, and look dull")
        return None
    known, gamma = _PRIMARIES.get(primaries, SRGB), _GAMMAS.get(transfer)
    return None if known is SRGB and gamma is None else matrix_profile(known, gamma)


def _codes_of_png(data: bytes) -> tuple[int, int] | None:
    """(primaries, transfer) of the chunk cICP."""
    for chunk in chunks(data):
        if chunk.kind == b"cICP" and chunk.is_intact and chunk.end - chunk.start == 16:
            return data[chunk.start + 8], data[chunk.start + 9]
        if chunk.kind == b"IDAT":
            return None
    return None


def _codes_of_container(data: bytes) -> tuple[int, int] | None:
    """(primaries, transfer) of the first box `colr` of an AVIF or HEIC file that has numbers."""
    at = data.find(b"colrnclx", 0, 65536)
    if at < 0 or at + 12 > len(data):
        return None
    primaries, transfer = struct.unpack_from(">HH", data, at + 8)
    return None if primaries == transfer == _UNSPECIFIED else (primaries, transfer)


def _profile_of_png(data: bytes) -> bytes | None:
    gamma, primaries = None, SRGB
    for chunk in chunks(data):
        body = data[chunk.start + 8 : chunk.end - 4] if chunk.kind in (b"gAMA", b"cHRM") else b""
        if chunk.kind == b"sRGB":
            return None
        if chunk.kind == b"gAMA" and len(body) == 4:
            (gamma,) = struct.unpack(">I", body)
        elif chunk.kind == b"cHRM" and len(body) == 32:
            points = [value / 100_000 for value in struct.unpack(">8I", body)]
            white, red, green, blue = zip(points[::2], points[1::2], strict=True)
            primaries = Primaries(red, green, blue, white)
        elif chunk.kind == b"IDAT":
            break
    if primaries.is_near(SRGB):
        primaries = SRGB
    if not gamma:
        return None  # primaries alone do not say what the numbers mean
    if abs(gamma - _USUAL_GAMMA) <= _GAMMA_TOLERANCE:
        return None if primaries is SRGB else matrix_profile(primaries, None if gamma == _USUAL_GAMMA else 1e5 / gamma)
    return matrix_profile(primaries, 100_000 / gamma)


def srgb_profile() -> bytes:
    """An ICC profile of sRGB, the same bytes each time, for files that must name their colour space."""
    profile = matrix_profile(SRGB, None, "sRGB")
    assert profile is not None, "sRGB's primaries lie on no line"
    return profile
