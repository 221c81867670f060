"""Small pictures and masks that the tests of this room write."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from PIL import Image

from cutsmith.finetuning.examples import Example, Examples

SIZE = (24, 16)
"""Width and height of the pictures."""

_ORIENTATION = 274


def picture(path: Path, seed: int | None = None, *, size: tuple[int, int] = SIZE, orientation: int = 1) -> Path:
    """A picture of noise; no two names give the same, unless they have a seed together."""
    generator = np.random.default_rng(sum(str(path).encode()) * 31 + len(str(path)) if seed is None else seed)
    image = Image.fromarray(generator.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8))
    path.parent.mkdir(parents=True, exist_ok=True)
    exif = Image.Exif()
    if orientation != 1:
        exif[_ORIENTATION] = orientation
    image.save(path, exif=exif, **({"quality": 95} if path.suffix == ".jpg" else {}))
    return path


def disc(size: tuple[int, int] = SIZE, centre: tuple[float, float] | None = None) -> np.ndarray:
    """A disc, bool (H, W)."""
    x, y = centre or (size[0] / 2, size[1] / 2)
    rows, columns = np.mgrid[: size[1], : size[0]]
    return (rows - y) ** 2 + (columns - x) ** 2 < (min(size) / 4) ** 2


def two_discs() -> tuple[np.ndarray, np.ndarray]:
    return disc(centre=(5, 8)), disc(centre=(18, 8))


def gray(path: Path, values: np.ndarray) -> Path:
    """Gray `values`, bool as 0 and 255."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray((values * np.uint8(255)).astype(np.uint8) if values.dtype == bool else values).save(path)
    return path


def palette(path: Path, indices: np.ndarray, colours: list[int], **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(indices.astype(np.uint8), "L").copy()
    image.putpalette(colours)
    assert image.mode == "P"
    image.save(path, **options)
    return path


def cut_out(path: Path, alpha: np.ndarray) -> Path:
    """A cut-out whose transparency is `alpha`, uint8 (H, W)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    colours = np.full((*alpha.shape, 3), (200, 40, 90), np.uint8)
    Image.fromarray(np.dstack([colours, alpha])).save(path)
    return path


def encoded(kind: str = "JPEG", seed: int = 0) -> bytes:
    stream = io.BytesIO()
    generator = np.random.default_rng(seed)
    Image.fromarray(generator.integers(0, 256, (SIZE[1], SIZE[0], 3), dtype=np.uint8)).save(stream, kind)
    return stream.getvalue()


def pairs(folder: Path, *names: str) -> tuple[Path, Path]:
    """(The folder of pictures, that of masks), with a picture and a mask for each name."""
    for number, name in enumerate(names):
        picture(folder / "pictures" / f"{name}.png", number)
        gray(folder / "masks" / f"{name}.png", disc())
    return folder / "pictures", folder / "masks"


def by_name(examples: Examples) -> dict[str, Example]:
    return {example.name: example for example in examples.examples}


def groups(examples: Examples) -> dict[str, str]:
    return {example.name: example.group for example in examples.examples}


def faults(examples: Examples) -> dict[str, str]:
    """What is wrong, by the names of the files."""
    return {fault.path.name: fault.what for fault in examples.faults}


def same(found: list[np.ndarray], wanted: list[np.ndarray]) -> bool:
    return len(found) == len(wanted) and all(
        one.dtype == bool and np.array_equal(one, other) for one, other in zip(found, wanted, strict=True)
    )
