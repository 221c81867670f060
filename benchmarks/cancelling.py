"""How long a cancelled run may go on: `python benchmarks/cancelling.py [--megapixels 24]`.

Runs matting and cutting out on one large picture whose `cancelled` never says yes, and prints, for each stage, the
longest time between two calls of it, in seconds of the processors' own time. With two threads at work, that is up to
twice the time on a clock.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Longest:
    """The longest time between two questions, by the stage in which they are asked."""

    def __init__(self) -> None:
        self.gaps: dict[str, float] = {}
        self._stage, self._last = "begin", process_time()

    def asked(self) -> bool:
        """Take the time; it is never cancelled."""
        now = process_time()
        self.gaps[self._stage] = max(self.gaps.get(self._stage, 0.0), now - self._last)
        self._last = now
        return False

    def begins(self, stage: str) -> None:
        """What follows belongs to `stage`."""
        self._stage = stage


def large_picture(megapixels: float) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """A photograph enlarged, with noise, (H, W, 3), and the soft mask of a wavy disc in it, (H, W)."""
    import cv2
    from skimage.data import chelsea

    width = round((megapixels * 1e6 * 1.5) ** 0.5)
    height = round(width / 1.5)
    pixels = np.asarray(cv2.resize(chelsea(), (width, height), interpolation=cv2.INTER_CUBIC))
    noise = np.random.default_rng(0).integers(-6, 7, pixels.shape, dtype=np.int8)
    pixels = np.clip(pixels.astype(np.int16) + noise, 0, 255).astype(np.uint8)
    y, x = np.mgrid[:height, :width].astype(np.float32)
    y, x = y / height * 2 - 1, x / width * 2 - 1
    edge = 0.7 + 0.03 * np.sin(40 * np.arctan2(y, x))
    mask = np.clip((edge - np.hypot(x, y)) * 100 + 0.5, 0, 1).astype(np.float32)
    return pixels, mask


def main() -> int:
    """Measure and print."""
    from PIL import Image

    from cutsmith import Picture, cut_out, refine_mask

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=float, default=24.0)
    pixels, mask = large_picture(parser.parse_args().megapixels)
    picture = Picture(pixels)
    with tempfile.TemporaryDirectory() as folder:
        photograph = Path(folder) / "photograph.jpg"
        Image.fromarray(pixels).save(photograph, quality=92)
        ways: dict[str, Callable[..., Any]] = {
            "a photograph, cut out": lambda **heard: cut_out(photograph, **heard),
            "a soft mask, closed form, band 30": lambda **heard: refine_mask(
                picture, mask, matting="closed-form", band=(30, 30), **heard
            ),
            "a painted mask, closed form, band 30": lambda **heard: refine_mask(
                picture, mask > 0.5, matting="closed-form", band=(30, 30), **heard
            ),
            "a painted mask, closed form, band 15": lambda **heard: refine_mask(
                picture, mask > 0.5, matting="closed-form", band=(15, 15), **heard
            ),
        }
        for name, way in ways.items():
            longest = Longest()
            way(cancelled=longest.asked, on_stage=longest.begins)
            longest.asked()
            told = ", ".join(f"{stage} {seconds:.2f}" for stage, seconds in longest.gaps.items())
            sys.stdout.write(f"{name}: {told}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
