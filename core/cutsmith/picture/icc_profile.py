"""The part of ICC profiles that needs no colour engine (ICC.1:2022).

It is enough to tell that a profile is plain sRGB (most are), and to convert gray through its tone curve at full depth.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

_HEADER_BYTES = 128
# sRGB's primaries, adapted to D50 by Bradford's matrix, as ICC profiles carry them: the columns X, Y, Z of each.
_SRGB_PRIMARIES = np.array([[0.4361, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [0.1431, 0.0606, 0.7142]])
_PRIMARY_TOLERANCE = 0.002
_CURVE_TOLERANCE = 0.002
_PARAMETERS = (1, 3, 4, 5, 7)
"""Number of parameters of each function type of a parametric curve."""


@dataclass(frozen=True)
class IccProfile:
    """The header's colour space ("RGB", "GRAY", "CMYK", "Lab") and the raw tags, by their four-letter names."""

    colour_space: str
    tags: dict[str, bytes]


@lru_cache(maxsize=8)
def parse_profile(icc: bytes) -> IccProfile | None:
    """The profile in `icc`, or None where it is broken: wrong signature, wrong length, tags that lie outside."""
    if len(icc) < _HEADER_BYTES + 4 or icc[36:40] != b"acsp":
        return None
    size, count = struct.unpack_from(">I", icc)[0], struct.unpack_from(">I", icc, _HEADER_BYTES)[0]
    if size > len(icc) or count > 1000 or _HEADER_BYTES + 4 + 12 * count > len(icc):
        return None
    tags = {}
    for index in range(count):
        name, start, length = struct.unpack_from(">4sII", icc, _HEADER_BYTES + 4 + 12 * index)
        if start + length > len(icc):
            return None
        tags[name.decode("latin-1")] = icc[start : start + length]
    return IccProfile(icc[16:20].decode("latin-1").strip(), tags)


@lru_cache(maxsize=8)
def is_srgb(icc: bytes) -> bool:
    """Whether `icc` means sRGB: its primaries and tone curves, not its name, which writers choose freely."""
    profile = parse_profile(icc)
    if profile is None or profile.colour_space != "RGB" or "A2B0" in profile.tags:
        return False
    at = np.linspace(0, 1, 33)
    for index, channel in enumerate("rgb"):
        primary = _xyz(profile.tags.get(f"{channel}XYZ", b""))
        curve = tone_curve(profile.tags.get(f"{channel}TRC", b""), at)
        if primary is None or np.abs(primary - _SRGB_PRIMARIES[index]).max() > _PRIMARY_TOLERANCE:
            return False
        if curve is None or np.abs(curve - linear_from_srgb(at)).max() > _CURVE_TOLERANCE:
            return False
    return True


def gray_to_srgb_table(icc: bytes) -> NDArray[np.uint16] | None:
    """uint16 (65536,): 16-bit gray of the profile `icc` -> 16-bit sRGB gray, through its tone curve.

    None where the profile is not for gray, or has no tone curve.
    """
    profile = parse_profile(icc)
    if profile is None or profile.colour_space != "GRAY":
        return None
    linear = tone_curve(profile.tags.get("kTRC", b""), np.linspace(0, 1, 65536))
    if linear is None:
        return None
    return np.rint(srgb_from_linear(linear) * 65535).astype(np.uint16)


def tone_curve(tag: bytes, at: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """A `curv` or `para` tag's values, in [0, 1], at the positions `at`, in [0, 1]; None where it is broken."""
    if len(tag) < 12:
        return None
    if tag[:4] == b"curv":
        return _sampled_curve(tag, at)
    if tag[:4] == b"para":
        return _parametric_curve(tag, at)
    return None


def linear_from_srgb(encoded: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linear light in [0, 1] of sRGB values in [0, 1] (IEC 61966-2-1)."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def srgb_from_linear(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    """sRGB values in [0, 1] of linear light in [0, 1] (IEC 61966-2-1)."""
    return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)


def _xyz(tag: bytes) -> NDArray[np.float64] | None:
    return np.frombuffer(tag, ">i4", 3, 8) / 65536 if len(tag) >= 20 and tag[:4] == b"XYZ " else None


def _sampled_curve(tag: bytes, at: NDArray[np.float64]) -> NDArray[np.float64] | None:
    count = struct.unpack_from(">I", tag, 8)[0]
    if len(tag) < 12 + 2 * count:
        return None
    values = np.frombuffer(tag, ">u2", count, 12)
    if count == 0:
        return at.copy()
    if count == 1:
        return np.power(at, float(values[0]) / 256)
    values_at: NDArray[np.float64] = np.interp(at, np.linspace(0, 1, count), values / 65535)
    return values_at


def _parametric_curve(tag: bytes, at: NDArray[np.float64]) -> NDArray[np.float64] | None:
    kind = struct.unpack_from(">H", tag, 8)[0]
    if kind >= len(_PARAMETERS) or len(tag) < 12 + 4 * _PARAMETERS[kind]:
        return None
    found = (np.frombuffer(tag, ">i4", _PARAMETERS[kind], 12) / 65536).tolist()
    gamma, a, b, c, d, e, f = 1.0, 1.0, 0.0, 0.0, -1.0, 0.0, 0.0
    gamma = found[0]
    if kind in (1, 2):
        a, b = found[1:3]
        d = -b / a if a else 0.0
        e = f = found[3] if kind == 2 else 0.0
    elif kind in (3, 4):
        a, b, c, d = found[1:5]
        e, f = found[5:7] if kind == 4 else (0.0, 0.0)
    upper = np.maximum(a * at + b, 0.0) ** gamma + e
    with np.errstate(all="ignore"):
        curve: NDArray[np.float64] = np.clip(np.nan_to_num(np.where(at >= d, upper, c * at + f)), 0.0, 1.0)
    return curve
