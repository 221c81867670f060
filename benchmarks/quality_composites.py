"""Composites with a true alpha, for calibrating quality: `python benchmarks/quality_composites.py OUT [--data FOLDER]`.

Each subject of the pictures of alphamatting.com in the folder (GTnn.png, GTnn_alpha.png; the set has no open licence
and is no part of this project) is put, at several sizes and places, into photographs of scikit-image, onto white with a
soft shadow, and onto gradients, as a catalogue's pictures look. Its colours are estimated from the true alpha. The same
seed gives the same pictures. OUT gets NAME.png with NAME_alpha.png, as `cutsmith evaluate` and `cutsmith calibrate`
read them; the name begins with that of the subject, by which the calibration splits: GT02-photograph-1.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from matting_alphamatting import BESIDE_THE_CHECKOUT
from second_look import Sample, photograph, read, read_samples

if TYPE_CHECKING:
    from numpy.typing import NDArray

SEED = 2026
LONGEST = 720
"""The longest side of a composite, in pixels."""
PHOTOGRAPHS = ("coffee", "rocket", "brick", "gravel", "grass", "ihc", "astronaut", "chelsea", "retina")
KINDS = {"photograph": 4, "white": 3, "gradient": 2}
"""How many composites of a kind each subject is in."""
SHARES = (0.9, 0.7, 0.5, 0.35)
"""The sizes of a subject, as shares of the side that limits it."""


def composites(samples: list[Sample], seed: int = SEED) -> Iterator[Sample]:
    """Every composite of every subject."""
    for number, sample in enumerate(samples):
        chance = np.random.default_rng([seed, number])
        subject, alpha = _subject(sample)
        for kind, count in KINDS.items():
            for each in range(count):
                share = SHARES[(each + number) % len(SHARES)]
                layer, truth = _placed(subject, alpha, share, chance)
                behind = _background(kind, number * 4 + each, truth, chance)
                mixed = truth[..., None] * layer + (1 - truth[..., None]) * behind
                noisy = mixed + chance.normal(0, 2, mixed.shape)
                pixels = np.round(np.clip(noisy, 0, 255)).astype(np.uint8)
                yield Sample(f"{sample.name}-{kind}-{each + 1}", pixels, truth)


def _subject(sample: Sample) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The subject's colours, float32 (h, w, 3) in [0, 255], and alpha, cropped to its box."""
    from cutsmith.matting.multilevel import multilevel

    colours = multilevel(sample.image, sample.truth, sample.truth > 0, np.zeros(sample.truth.shape, bool))
    rows, columns = np.nonzero(sample.truth > 0.02)
    box = (slice(rows.min(), rows.max() + 1), slice(columns.min(), columns.max() + 1))
    return colours[box].astype(np.float32), sample.truth[box]


def _placed(
    subject: NDArray[np.float32], alpha: NDArray[np.float32], share: float, chance: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The subject and its alpha in a frame of LONGEST pixels, one time in three on the frame's lower edge."""
    import cv2

    height, width = (LONGEST, round(LONGEST * 0.75)) if chance.random() < 0.5 else (round(LONGEST * 0.75), LONGEST)
    scale = share * min(height / alpha.shape[0], width / alpha.shape[1])
    size = (max(round(alpha.shape[1] * scale), 8), max(round(alpha.shape[0] * scale), 8))
    small, small_alpha = (cv2.resize(plane, size, interpolation=cv2.INTER_AREA) for plane in (subject, alpha))
    left = int(chance.integers(0, width - size[0] + 1))
    top = height - size[1] if chance.random() < 1 / 3 else int(chance.integers(0, height - size[1] + 1))
    place = (slice(top, top + size[1]), slice(left, left + size[0]))
    layer, truth = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    layer[place], truth[place] = small, small_alpha
    return layer, truth


def _background(kind: str, number: int, truth: NDArray[np.float32], chance: np.random.Generator) -> NDArray[Any]:
    """float32 (H, W, 3) in [0, 255]."""
    import cv2

    height, width = truth.shape
    if kind == "photograph":
        behind = read(photograph(PHOTOGRAPHS[number % len(PHOTOGRAPHS)]))
        large = cv2.resize(behind, (width, height), interpolation=cv2.INTER_CUBIC)
        blurred: NDArray[Any] = cv2.GaussianBlur(large, (0, 0), float(chance.uniform(0.5, 3)))
        return blurred.astype(np.float32)
    if kind == "white":
        down, right = round(height / 30), round(width / 50)
        fall = np.zeros_like(truth)
        fall[down:, right:] = truth[:-down, :-right]
        shadow = cv2.GaussianBlur(fall, (0, 0), height / 40)[..., None] * float(chance.uniform(0.1, 0.4))
        return np.asarray(float(chance.uniform(244, 255)) * (1 - shadow), np.float32).repeat(3, axis=2)
    ends = chance.uniform(60, 245, (2, 3))
    turn = chance.uniform(0, 2 * np.pi)
    rows, columns = np.mgrid[:height, :width]
    along = np.cos(turn) * columns / width + np.sin(turn) * rows / height
    along = (along - along.min()) / (along.max() - along.min())
    return np.asarray(ends[0] + along[..., None] * (ends[1] - ends[0]), np.float32)


def main() -> None:
    """Write the composites."""
    from PIL import Image

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path, help="the folder that the composites go to")
    parser.add_argument("--data", type=Path, default=BESIDE_THE_CHECKOUT, help="pictures of alphamatting.com")
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    count = 0
    for sample in composites(read_samples(given.data), given.seed):
        Image.fromarray(sample.image).save(given.out / f"{sample.name}.png")
        alpha = np.round(sample.truth * 255).astype(np.uint8)
        Image.fromarray(alpha).save(given.out / f"{sample.name}_alpha.png")
        count += 1
    print(f"{count} composites in {given.out}")


if __name__ == "__main__":
    main()
