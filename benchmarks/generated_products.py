"""Pictures of products that nobody has made: `python benchmarks/generated_products.py FOLDER`, seeded.

Each product is a shape of its own (a mug, a ring, a frame, a fork, a blob) with holes, a handle and thin parts, and
with its own colours and texture. Its pictures show it at another place, size and angle on scikit-image's photographs,
lit differently, with a shadow. FOLDER/pictures and FOLDER/masks hold files of equal stems: PRODUCT-NN.jpg and .png.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

SIZE = (400, 400)
PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket", "brick", "grass", "gravel")
GLAZES = ((150, 40, 190), (175, 165, 30), (205, 70, 120))
"""BGR of a magenta, a turquoise and a violet: one shop's products look alike, and little in the photographs does."""

_DRAWN = 400
"""Pixels of the square in which a product is drawn."""


def main() -> int:
    """Write the set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    parser.add_argument("--products", type=int, default=24)
    parser.add_argument("--pictures", type=int, default=6, help="of each product")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--shuffled", action="store_true", help="masks of other pictures: there is nothing to learn")
    options = parser.parse_args()
    write_products(options.folder, options.products, options.pictures, seed=options.seed, is_shuffled=options.shuffled)
    print(f"{options.products} products, {options.pictures} pictures each, in {options.folder}")
    return 0


def write_products(folder: Path, products: int, pictures: int, *, seed: int = 0, is_shuffled: bool = False) -> None:
    """Write pictures and masks of generated products; with `is_shuffled` the masks belong to other pictures."""
    for name in ("pictures", "masks"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    grounds = _grounds()
    names, masks = [], []
    for product in range(products):
        generator = np.random.default_rng([seed, product])
        shape = _shape(generator)
        colours = _texture(generator)
        for number in range(pictures):
            picture, mask = _picture(shape, colours, grounds, generator)
            name = f"product{product:03d}-{number:02d}"
            cv2.imwrite(str(folder / "pictures" / f"{name}.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
            names.append(name)
            masks.append(mask)
    order = np.random.default_rng(seed).permutation(len(masks)) if is_shuffled else range(len(masks))
    for name, at in zip(names, order, strict=True):
        cv2.imwrite(str(folder / "masks" / f"{name}.png"), masks[at])


def _grounds() -> list[NDArray[np.uint8]]:
    from skimage import data

    found = []
    for name in PHOTOGRAPHS:
        image: NDArray[Any] = getattr(data, name)()
        colours = np.dstack([image] * 3) if image.ndim == 2 else image[..., 2::-1]
        scale = max(SIZE[0] / colours.shape[0], SIZE[1] / colours.shape[1]) * 1.2
        found.append(cv2.resize(np.ascontiguousarray(colours), None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA))
    return found


def _shape(generator: Generator) -> NDArray[np.uint8]:
    """The product's outline, uint8 (400, 400) of 0 and 255: one of five kinds, each with measures of its own."""
    kinds = (_mug, _ring, _frame, _fork, _blob)
    shape = np.zeros((_DRAWN, _DRAWN), np.uint8)
    kinds[int(generator.integers(len(kinds)))](shape, generator)
    return shape


def _mug(shape: NDArray[np.uint8], generator: Generator) -> None:
    width, height = (int(value) for value in generator.integers((110, 140), (170, 240)))
    x, y = 200 - width // 2 - 30, 200 - height // 2
    cv2.rectangle(shape, (x, y), (x + width, y + height), 255, -1)
    cv2.ellipse(shape, (x + width // 2, y + height), (width // 2, 24), 0, 0, 180, 255, -1)
    thick, reach = int(generator.integers(14, 26)), int(generator.integers(45, 75))
    cv2.ellipse(shape, (x + width, y + height // 2), (reach, height // 3), 0, -90, 90, 255, thick)


def _ring(shape: NDArray[np.uint8], generator: Generator) -> None:
    outer, thick = int(generator.integers(90, 150)), int(generator.integers(18, 50))
    cv2.ellipse(shape, (200, 200), (outer, int(outer * generator.uniform(0.6, 1))), 0, 0, 360, 255, thick)
    cv2.circle(shape, (200, 200 - int(outer * 0.75)), int(generator.integers(14, 30)), 255, -1)


def _frame(shape: NDArray[np.uint8], generator: Generator) -> None:
    width, height, thick = (int(value) for value in generator.integers((80, 80, 24), (140, 140, 44)))
    cv2.rectangle(shape, (200 - width, 200 - height), (200 + width, 200 + height), 255, thick)
    cv2.line(shape, (200, 200 - height), (200, 200 + height), 255, thick // 2)
    if generator.random() < 0.5:
        cv2.line(shape, (200 - width, 200), (200 + width, 200), 255, thick // 2)


def _fork(shape: NDArray[np.uint8], generator: Generator) -> None:
    tines, gap, thick = (int(value) for value in generator.integers((3, 34, 14), (5, 44, 21)))
    left = 200 - gap * (tines - 1) // 2
    for tine in range(tines):
        cv2.line(shape, (left + tine * gap, 60), (left + tine * gap, 180), 255, thick)
    cv2.line(shape, (left, 180), (left + gap * (tines - 1), 180), 255, thick + 6)
    cv2.line(shape, (200, 180), (200, 345), 255, thick + int(generator.integers(4, 14)))


def _blob(shape: NDArray[np.uint8], generator: Generator) -> None:
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    radius = 110 + sum(
        generator.uniform(-26, 26) * np.sin(k * angles + generator.uniform(0, 6.3)) for k in (2, 3, 4, 5)
    )
    outline = np.stack([200 + radius * np.cos(angles), 200 + radius * np.sin(angles)], 1).astype(np.int32)
    cv2.fillPoly(shape, [outline], 255)
    for _ in range(int(generator.integers(1, 4))):
        x, y = (int(value) for value in 200 + generator.integers(-55, 55, 2))
        cv2.circle(shape, (x, y), int(generator.integers(12, 30)), 0, -1)


def _glaze(generator: Generator) -> NDArray[np.float64]:
    """A colour, BGR in [0, 255], near one of the shop's own."""
    return np.clip(np.array(GLAZES[int(generator.integers(len(GLAZES)))]) + generator.normal(0, 14, 3), 0, 255)


def _texture(generator: Generator) -> NDArray[np.uint8]:
    """The product's surface, uint8 (400, 400, 3): stripes, dots or speckles in two colours of its own."""
    first, second = (_glaze(generator) for _ in range(2))
    rows, columns = np.mgrid[:_DRAWN, :_DRAWN]
    period, angle = generator.uniform(14, 50), generator.uniform(0, np.pi)
    along = rows * np.sin(angle) + columns * np.cos(angle)
    across = rows * np.cos(angle) - columns * np.sin(angle)
    kind = int(generator.integers(3))
    if kind == 0:
        share = (np.sin(2 * np.pi * along / period) > generator.uniform(-0.5, 0.7)).astype(float)
    elif kind == 1:
        share = (np.sin(2 * np.pi * along / period) * np.sin(2 * np.pi * across / period) > 0.3).astype(float)
    else:
        share = cv2.GaussianBlur(generator.random((_DRAWN, _DRAWN)), (0, 0), period / 6)
        share = (share - share.min()) / np.ptp(share)
    shade = 0.75 + 0.25 * np.cos((columns - 200) / 160)
    surface = (first + (second - first) * share[..., None]) * shade[..., None]
    return np.asarray(np.clip(surface, 0, 255), np.uint8)


def _picture(
    shape: NDArray[np.uint8], colours: NDArray[np.uint8], grounds: list[NDArray[np.uint8]], generator: Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The product somewhere on a photograph: BGR uint8 (400, 400, 3), and its mask, uint8 of 0 and 255."""
    height, width = SIZE
    ground = grounds[int(generator.integers(len(grounds)))]
    top, left = (int(generator.integers(0, most + 1)) for most in np.array(ground.shape[:2]) - SIZE)
    canvas = ground[top : top + height, left : left + width].astype(np.float32)
    scale, angle = generator.uniform(0.65, 0.95), generator.uniform(-35, 35)
    placed = cv2.getRotationMatrix2D((200, 200), angle, scale)
    placed[:, 2] += generator.uniform((0.3 * width, 0.35 * height), (0.7 * width, 0.65 * height)) - 200
    alpha = cv2.warpAffine(shape, placed, (width, height), flags=cv2.INTER_AREA).astype(np.float32) / 255
    surface = cv2.warpAffine(colours, placed, (width, height), borderMode=cv2.BORDER_REFLECT).astype(np.float32)
    shadow = cv2.GaussianBlur(np.roll(alpha, (8, 10), (0, 1)), (0, 0), 7)
    canvas *= 1 - 0.45 * shadow[..., None]
    light = generator.uniform(0.7, 1.2)
    whole = canvas * (1 - alpha[..., None]) + surface * light * alpha[..., None]
    whole += generator.normal(0, 3, whole.shape)
    return np.clip(whole, 0, 255).astype(np.uint8), ((alpha >= 0.5) * 255).astype(np.uint8)


if __name__ == "__main__":
    raise SystemExit(main())
