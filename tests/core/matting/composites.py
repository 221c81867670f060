"""Small pictures whose alpha is known, because they are made from it: alpha x subject + (1 - alpha) x background.

Each has one difficulty: hair, a soft edge, parts that are thinner than the unknown band, gaps between parts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 200, 160
COLUMNS, ROWS = np.meshgrid(np.arange(WIDTH, dtype=np.float64), np.arange(HEIGHT, dtype=np.float64))


@dataclass(frozen=True)
class Composite:
    """`image` uint8 (H, W, 3) and its true `alpha`, float32 (H, W) in [0, 1]."""

    image: np.ndarray
    alpha: np.ndarray


def composite(alpha: np.ndarray) -> Composite:
    """A brown subject before blue-green leaves; both vary smoothly, as surfaces in photographs do."""
    light = 0.5 + 0.5 * np.sin(COLUMNS / 31 + ROWS / 47)
    leaves = 0.5 + 0.5 * np.sin(COLUMNS / 23) * np.cos(ROWS / 19)
    subject = np.stack((120 + 60 * light, 70 + 40 * light, 40 + 30 * light), axis=-1)
    background = np.stack((60 + 30 * leaves, 140 + 60 * leaves, 150 + 50 * leaves), axis=-1)
    mixed = background + alpha[..., None] * (subject - background)
    return Composite(np.rint(mixed).astype(np.uint8), alpha.astype(np.float32))


def disk(x: float, y: float, radius: float, softness: float = 1.0) -> np.ndarray:
    """Coverage of a disk, whose edge is a ramp of `softness` pixels."""
    return np.clip((radius - np.hypot(COLUMNS - x, ROWS - y)) / softness + 0.5, 0, 1)


def strand(x0: float, y0: float, x1: float, y1: float, width: float) -> np.ndarray:
    """Coverage of a straight strand, `width` pixels thick, with smooth edges."""
    along_x, along_y = x1 - x0, y1 - y0
    share = ((COLUMNS - x0) * along_x + (ROWS - y0) * along_y) / (along_x**2 + along_y**2)
    share = np.clip(share, 0, 1)
    distance = np.hypot(COLUMNS - (x0 + share * along_x), ROWS - (y0 + share * along_y))
    return np.clip(width / 2 - distance + 0.5, 0, 1)


def hair() -> Composite:
    """A head with strands 1 to 3 pixels thick that reach 28 pixels out of it."""
    alpha = disk(100, 84, 46)
    for number in range(18):
        angle = 2 * np.pi * number / 18
        x, y = np.cos(angle), np.sin(angle)
        reach = 46 + 28 * (0.7 + 0.3 * np.sin(5 * angle))
        tip = 100 + reach * x + 4 * y, 84 + reach * y - 4 * x
        alpha = np.maximum(alpha, strand(100 + 40 * x, 84 + 40 * y, *tip, width=1 + number % 3))
    return composite(alpha)


def soft_disk() -> Composite:
    """A ball out of focus: its edge is a ramp of 10 pixels."""
    return composite(disk(100, 80, 48, softness=10))


def thin_parts() -> Composite:
    """A ball, and bars 2 to 6 pixels thick (twice the band at most) that do not touch it."""
    alpha = disk(60, 90, 36)
    for number, width in enumerate((2, 3, 4, 5, 6)):
        x = 116 + 16 * number
        alpha = np.maximum(alpha, strand(x, 24, x, 136, width))
    return composite(alpha)


def slots() -> Composite:
    """A board with slots 2 to 6 pixels wide, through which the background is seen."""
    alpha = ((abs(COLUMNS - 100) <= 76) & (abs(ROWS - 80) <= 56)).astype(np.float64)
    for number, width in enumerate((2, 3, 4, 5, 6)):
        x = 46 + 27 * number
        alpha = np.minimum(alpha, 1 - strand(x, 48, x, 112, width))
    return composite(alpha)


COMPOSITES: dict[str, Callable[[], Composite]] = {
    "hair": hair,
    "soft disk": soft_disk,
    "thin parts": thin_parts,
    "slots": slots,
}


def hard(alpha: np.ndarray) -> np.ndarray:
    """The mask of somebody who paints with a hard brush, exactly."""
    return (alpha >= 0.5).astype(np.float32)


def blurred(alpha: np.ndarray) -> np.ndarray:
    """The mask of a network that sees the picture smaller than it is."""
    import cv2

    return np.clip(cv2.GaussianBlur(alpha, (0, 0), 1.5), 0, 1)


def eroded(alpha: np.ndarray) -> np.ndarray:
    """A hard mask that is two pixels too small all around."""
    import cv2

    return cv2.erode(hard(alpha), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))


def dilated(alpha: np.ndarray) -> np.ndarray:
    """A hard mask that is two pixels too large all around."""
    import cv2

    return cv2.dilate(hard(alpha), cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5)))


MASKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "hard": hard,
    "blurred": blurred,
    "eroded": eroded,
    "dilated": dilated,
}
