"""Held-out pictures for tests: shapes on a noisy ground, with their true masks."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cutsmith.finetuning.examples import Example
from cutsmith.finetuning.measuring import Measured
from cutsmith.picture import Picture


@dataclass(frozen=True)
class GivenTruth:
    """Masks that are at hand."""

    given: tuple[np.ndarray, ...]

    def masks(self) -> list[np.ndarray]:
        return list(self.given)

    def identity(self) -> str:
        return hashlib.sha256(b"".join(mask.tobytes() for mask in self.given)).hexdigest()


def disc(width: int, height: int, x: float, y: float, radius: float) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return (columns - x) ** 2 + (rows - y) ** 2 < radius**2


def example(folder: Path, name: str, *masks: np.ndarray, group: str = "", size=(120, 90), seed: int = 0) -> Example:
    """A picture in which each of `masks` is orange on a blue ground."""
    width, height = size
    inside = np.any(masks, axis=0) if masks else np.zeros((height, width), bool)
    noise = np.random.default_rng(seed).normal(0, 10, (height, width, 3))
    pixels = np.where(inside[..., None], (220, 120, 30), (50, 80, 150)) + noise
    path = folder / f"{name.replace('/', '-')}.png"
    Picture(np.clip(pixels, 0, 255).astype(np.uint8)).save(path)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Example(name, path, GivenTruth(masks), group or name.partition("/")[0], sha256)


def measured(name: str, iou: float | None, *, predicted: float = 0.5, boundary: float | None = None, **figures):
    return Measured(
        name,
        figures.pop("number", 1),
        name.partition("/")[0],
        Path(f"{name}.png"),
        predicted,
        iou,
        (iou if boundary is None else boundary),
        figures.get("sad"),
    )
