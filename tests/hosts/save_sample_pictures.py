"""Draws the pictures that the saved workflows open with: `python -m tests.hosts.save_sample_pictures`.

They are this project's own, made by this program from nothing: a mug, three things on a table, a furry animal, a beach.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tests.hosts.sample_scene import apple, duck, mug, render

SAMPLES = Path(__file__).resolve().parents[2] / "workflows" / "samples"
TEAL, GREY, WOOD = (0.03, 0.28, 0.32), (0.5, 0.52, 0.55), (0.42, 0.26, 0.14)
FUR_SIZE = 640
_LARGER = 3  # fur is drawn at this many times the size, so that its strands have soft edges
Pixels = NDArray[np.uint8]


def main() -> None:
    """Draw all of them."""
    SAMPLES.mkdir(parents=True, exist_ok=True)
    pictures = {
        "mug": render(mug(-0.08, -0.6, TEAL), 560, 440, GREY, WOOD),
        "three-things": render([*mug(-1.2, 0.1, TEAL), *apple(0.05, -0.25), *duck(1.2, 0.1)], 640, 448, GREY, WOOD),
        "apple": render(apple(0.0, -0.6), 480, 360, GREY, WOOD),
        "duck": render(duck(0.05, -0.4), 480, 360, GREY, WOOD),
        "red-mug": render(mug(-0.1, -0.3, (0.5, 0.03, 0.05)), 480, 360, GREY, WOOD),
        "animal": animal(FUR_SIZE),
        "beach": beach(FUR_SIZE),
    }
    for name, pixels in pictures.items():
        Image.fromarray(pixels).save(SAMPLES / f"cutsmith-{name}.jpg", quality=88, optimize=True)
    painted = painted_over(pictures["animal"])
    Image.fromarray(painted).save(SAMPLES / "cutsmith-painted-over.webp", quality=88, alpha_quality=100, exact=True)


def painted_over(pixels: Pixels) -> Pixels:
    """The animal as ComfyUI's mask editor saves it: transparent where a coarse brush went over it, uint8 (H, W, 4)."""
    height, width = pixels.shape[:2]
    alpha = np.full((height, width), 255, np.uint8)
    middle = (width // 2, int(0.59 * height))
    cv2.ellipse(alpha, middle, (int(0.3 * width), int(0.33 * height)), 0, 0, 360, 0, -1)
    for ear in (-1, 1):
        cv2.circle(alpha, (middle[0] + int(0.17 * ear * width), int(0.25 * height)), int(0.145 * width), 0, -1)
    return np.dstack((pixels, alpha))


def animal(size: int) -> Pixels:
    """A furry round animal before a blurred wood, uint8 (size, size, 3)."""
    random = np.random.default_rng(3)
    side = size * _LARGER
    picture = cv2.resize(_blurred_wood(size, random), (side, side), interpolation=cv2.INTER_CUBIC)
    centre = np.array((0.5, 0.59)) * side
    for ear in (-1, 1):
        _fur(picture, centre + np.array((0.17 * ear, -0.34)) * side, (0.075 * side, 0.13 * side), 900, random)
    _fur(picture, centre, (0.25 * side, 0.27 * side), 7000, random)
    for eye in (-1, 1):
        spot = (centre + np.array((0.1 * eye, -0.1)) * side).astype(int)
        cv2.circle(picture, spot.tolist(), int(0.036 * side), (18, 12, 10), -1, cv2.LINE_AA)
        cv2.circle(
            picture, (spot + int(0.012 * side) * np.array((-1, -1))).tolist(), int(0.011 * side), (240, 240, 245), -1
        )
    nose = (centre + np.array((0, 0.0)) * side).astype(int)
    cv2.ellipse(
        picture, nose.tolist(), (int(0.032 * side), int(0.022 * side)), 0, 0, 360, (52, 26, 28), -1, cv2.LINE_AA
    )
    return cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)


def beach(size: int) -> Pixels:
    """Sand, sea and an evening sky, uint8 (size, size, 3)."""
    random = np.random.default_rng(5)
    rows = np.linspace(0, 1, size)[:, None, None]
    columns = np.linspace(0, 1, size)[None, :, None]
    sky = (1 - rows / 0.62) * np.array((70, 110, 190)) + rows / 0.62 * np.array((255, 196, 150))
    sun = np.exp(-(((columns - 0.72) ** 2 + (rows - 0.45) ** 2) / 0.006))
    sea = np.array((44, 92, 120)) + 50 * np.exp(-((columns - 0.72) ** 2) / 0.02) * (
        1 + np.sin(rows * 420 + 5 * np.sin(columns * 9))
    )
    sand = np.array((214, 182, 138)) * (0.86 + 0.2 * (rows - 0.8))
    picture = np.where(rows < 0.62, sky + sun * np.array((60, 55, 40)), np.where(rows < 0.78, sea, sand))
    speckle = cv2.GaussianBlur(random.normal(0, 1, (size, size)).astype(np.float32), (0, 0), 1.2)[..., None]
    return np.clip(picture + speckle * np.where(rows > 0.78, 22, 3), 0, 255).astype(np.uint8)


def _blurred_wood(size: int, random: np.random.Generator) -> Pixels:
    """Green and brown spots out of focus."""
    picture = np.full((size, size, 3), (54, 74, 40), np.uint8)
    for _ in range(140):
        place = random.integers(0, size, 2).tolist()
        shade = random.choice([(92, 128, 58), (38, 60, 34), (120, 150, 82), (78, 62, 40), (160, 170, 120)])
        cv2.circle(picture, place, int(random.integers(size // 40, size // 9)), [int(each) for each in shade], -1)
    return cv2.GaussianBlur(picture, (0, 0), size / 38)


def _fur(
    picture: Pixels, centre: NDArray[np.float64], radii: tuple[float, float], count: int, random: np.random.Generator
) -> None:
    """Draw an ellipse of hair: each strand begins in it and bends outwards and down."""
    cv2.ellipse(
        picture, centre.astype(int).tolist(), [int(each * 0.97) for each in radii], 0, 0, 360, (104, 66, 38), -1
    )
    angles = random.uniform(0, 2 * np.pi, count)
    depths = np.sqrt(random.uniform(0.02, 1, count))
    # From the middle outwards, as fur lies: the outermost strands last would cover nothing.
    for angle, depth in sorted(zip(angles, depths, strict=True), key=lambda each: each[1]):
        direction = np.array((np.cos(angle), np.sin(angle)))
        root = centre + direction * depth * np.array(radii)
        length = picture.shape[0] * random.uniform(0.035, 0.085) * (0.6 + 0.7 * depth)
        bend = np.array((random.normal(0, 0.35), random.normal(0.35, 0.3)))
        steps = np.linspace(0, 1, 9)[:, None]
        strand = root + length * (direction * steps + bend * steps**2 * 0.6)
        light = 0.55 + 0.45 * max(0.0, -direction[1] * 0.6 - direction[0] * 0.5) + random.normal(0, 0.12)
        colour = np.clip(np.array((196, 136, 82)) * light + random.normal(0, 6, 3), 0, 255)
        cv2.polylines(
            picture, [strand.astype(np.int32)], False, colour.tolist(), int(random.integers(2, 5)), cv2.LINE_AA
        )


if __name__ == "__main__":
    main()
