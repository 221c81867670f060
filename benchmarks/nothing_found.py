"""The highest probability that IS-Net gives to pictures without a subject: `python benchmarks/nothing_found.py`.

Plain pictures, noise of three kinds and scikit-image's gravel and grass, on each engine. Below 0.5, nothing is found.
chelsea, a cat, is there for comparison.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cutsmith.pipeline.subject import FOUND_PROBABILITY
from cutsmith.removal.loading import load_remover

SIZES = ((200, 200), (300, 400), (512, 512), (1024, 1024), (1000, 1500))


def pictures() -> Iterator[tuple[str, NDArray[np.uint8]]]:
    """Names and pictures, uint8 (H, W, 3)."""
    for value in (0, 120, 255):
        yield f"plain {value}", np.full((300, 400, 3), value, np.uint8)
    for height, width in SIZES:
        generator = np.random.default_rng(0)
        size = f"{width} x {height}"
        yield f"uniform colour noise {size}", generator.integers(0, 256, (height, width, 3), dtype=np.uint8)
        normal = np.clip(generator.normal(128, 40, (height, width, 3)), 0, 255).astype(np.uint8)
        yield f"normal colour noise {size}", normal
        gray = generator.integers(0, 256, (height, width, 1), dtype=np.uint8)
        yield f"uniform gray noise {size}", np.repeat(gray, 3, axis=2)
    for name in ("gravel", "grass", "chelsea"):
        yield name, photograph(name)


def photograph(name: str) -> NDArray[np.uint8]:
    """One of the photographs that scikit-image ships, uint8 (H, W, 3)."""
    import skimage.data
    from PIL import Image

    folder = Path(skimage.data.__file__).parent
    (path,) = (path for path in folder.iterdir() if path.stem == name and path.suffix in (".png", ".jpg"))
    return np.asarray(Image.open(path).convert("RGB"))


def main() -> None:
    """Print one row per picture."""
    removers = {engine: load_remover(engine=engine).model for engine in ("openvino", "onnxruntime")}
    print(f"{'picture':34} " + " ".join(f"{engine:>11}" for engine in removers))
    for name, picture in pictures():
        best = [float(remover.soft_mask(picture).max()) for remover in removers.values()]
        found = "found" if max(best) >= FOUND_PROBABILITY else ""
        print(f"{name:34} " + " ".join(f"{value:11.3f}" for value in best) + f"  {found}")


if __name__ == "__main__":
    main()
