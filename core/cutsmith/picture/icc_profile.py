"""The part of ICC profiles that needs no colour engine (ICC.1:2022).

It is enough to tell that a profile is plain sRGB (most are), and to convert gray through its tone curve at full depth.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_HEADER_BYTES = 128
# sRGB's primaries, adapted to D50 by Bradford's matrix, as ICC profiles carry them: the columns X, Y, Z of each.
_SRGB_PRIMARIES = np.array([[0.4361, 0.2225, 0.0139], [0.3851, 0.7169, 0.0971], [0.1431, 0.0606, 0.7142]])
_PRIMARY_TOLERANCE = 0.002
_CURVE_TOLERANCE = 0.002
ADOBE_RGB_GAMMA = 563 / 256
"""The exponent of Adobe RGB (1998): 2.19921875."""
_D50 = np.array([0.9642, 1.0, 0.8249])
_BRADFORD = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
_PARAMETERS = (1, 3, 4, 5, 7)
"""Number of parameters of each function type of a parametric curve."""


class Primaries(NamedTuple):
    """Chromaticities (x, y) of a display's primaries and its white."""

    red: tuple[float, float]
    green: tuple[float, float]
    blue: tuple[float, float]
    white: tuple[float, float]

    def is_near(self, other: Primaries) -> bool:
        """Whether all coordinates differ by 0.003 at most."""
        return bool(np.abs(np.array(self) - np.array(other)).max() <= 0.003)


@dataclass(frozen=True)
class IccProfile:
    """The header's colour space ("RGB", "GRAY", "CMYK", "Lab"), the space to which the profile leads ("XYZ" or "Lab"),
    and the raw tags, by their four-letter names."""

    colour_space: str
    connection_space: str
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
    return IccProfile(icc[16:20].decode("latin-1").strip(), icc[20:24].decode("latin-1").strip(), tags)


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

    The curve gives the luminance Y, or the lightness L* where the profile leads to Lab. None where the profile is not
    for gray, or has no tone curve, or tables that come before it.
    """
    profile = parse_profile(icc)
    if profile is None or profile.colour_space != "GRAY" or "A2B0" in profile.tags:
        return None
    linear = tone_curve(profile.tags.get("kTRC", b""), np.linspace(0, 1, 65536))
    if linear is None:
        return None
    if profile.connection_space == "Lab":
        linear = luminance_from_lightness(linear)
    return np.rint(srgb_from_linear(linear) * 65535).astype(np.uint16)


@lru_cache(maxsize=8)
def matrix_profile(
    primaries: Primaries, gamma: float | None, name: str = "Colours as the picture's file describes them"
) -> bytes | None:
    """An ICC profile (version 4.2) of a display with `primaries` and the exponent `gamma`; sRGB's curve where None.

    None where the primaries lie on a line, or are no chromaticities.
    """
    if min(y for _, y in primaries) <= 0 or (gamma is not None and not 0.1 < gamma < 20):
        return None
    columns = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in primaries[:3]]).T
    x, y = primaries.white
    white = np.array([x / y, 1.0, (1 - x - y) / y])
    try:
        to_xyz = columns * np.linalg.solve(columns, white)
    except np.linalg.LinAlgError:
        return None
    cones = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    adapted = np.linalg.inv(_BRADFORD) @ np.diag(cones) @ _BRADFORD @ to_xyz
    if not np.isfinite(adapted).all() or np.abs(adapted).max() > 10:
        return None
    if gamma is None:
        parameters = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
        curve = b"para" + struct.pack(">IHH", 0, 3, 0) + _fixed(parameters)
    else:
        curve = b"para" + struct.pack(">IHH", 0, 0, 0) + _fixed((gamma,))
    text = name.encode("utf-16-be")
    localised = b"mluc" + struct.pack(">III4sII", 0, 1, 12, b"enUS", len(text), 28) + text
    tags = {b"desc": localised, b"cprt": localised, b"wtpt": b"XYZ " + bytes(4) + _fixed(_D50)}
    for index, channel in enumerate((b"r", b"g", b"b")):
        tags[channel + b"XYZ"] = b"XYZ " + bytes(4) + _fixed(adapted[:, index])
        tags[channel + b"TRC"] = curve
    return _profile_of_tags(tags)


def _profile_of_tags(tags: dict[bytes, bytes]) -> bytes:
    at, table, body = _HEADER_BYTES + 4 + 12 * len(tags), b"", b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, at + len(body), len(content))
        body += content + bytes(-len(content) % 4)
    size = at + len(body)
    header = struct.pack(">I4sI4s4s4s", size, bytes(4), 0x04200000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(24) + bytes(4) + _fixed(_D50) + bytes(48)
    return header + struct.pack(">I", len(tags)) + table + body


def _fixed(numbers: Iterable[float]) -> bytes:
    """`numbers` as s15Fixed16Number."""
    return b"".join(struct.pack(">i", round(float(number) * 65536)) for number in numbers)


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


def luminance_from_lightness(lightness: NDArray[np.float64]) -> NDArray[np.float64]:
    """Y in [0, 1] of L*/100 in [0, 1] (CIE 1976)."""
    lightness = lightness * 100
    return np.where(lightness > 8, ((lightness + 16) / 116) ** 3, lightness * 27 / 24389)


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
