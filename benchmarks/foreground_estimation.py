"""Foreground colours, measured: `python benchmarks/foreground_estimation.py --data FOLDER` (error and time).

Error: real alpha (the ground truth of alphamatting.com, see matting_alphamatting.py) and colours that are known because
they are made: those of the subject, carried outwards from its nearest opaque pixel, laid over photographs from
scikit-image and plain colours. Each method sees the mixed picture and the true alpha; its error is the mean
absolute difference of colour in levels of 255, weighted by alpha, where 0 < alpha < 1. Without the set, this part is
skipped.

Time: one picture of 1.46 megapixels (scikit-image's rocket, enlarged), with a disc with a rim of thin rays as
its alpha. Memory counts the arrays that were alive at the peak, including the result (4.4 or 8.8 MB) but not numba's.
"""

from __future__ import annotations

import argparse
import sys
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from matting_alphamatting import BESIDE_THE_CHECKOUT, Sample, read_samples

from cutsmith.matting.foreground import estimate_foreground
from cutsmith.options import Foreground

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHODS: tuple[Foreground, ...] = ("none", "blur-fusion", "multilevel")


def photograph(name: str) -> NDArray[np.uint8]:
    """One of the photographs that scikit-image ships, uint8 (H, W, 3)."""
    import skimage.data

    image: NDArray[np.uint8] = getattr(skimage.data, name)()
    return image[..., :3]


def known_foreground(sample: Sample) -> NDArray[np.uint8]:
    """The picture's colours where its true alpha is 1; elsewhere those of the nearest such pixel."""
    from scipy.ndimage import distance_transform_edt

    rows, columns = distance_transform_edt(sample.truth < 1, return_distances=False, return_indices=True)
    nearest: NDArray[np.uint8] = sample.image[rows, columns]
    return nearest


def backgrounds(shape: tuple[int, int]) -> dict[str, NDArray[np.uint8]]:
    """The backgrounds by name."""
    size = shape[::-1]
    plain = {"white": (255, 255, 255), "green": (30, 200, 60), "black": (0, 0, 0)}
    found = {name: np.full((*shape, 3), colour, np.uint8) for name, colour in plain.items()}
    for name in ("coffee", "chelsea", "astronaut"):
        found[name] = np.asarray(cv2.resize(photograph(name), size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return found


def print_errors(samples: list[Sample]) -> None:
    """The table of errors, picture by picture and in the mean over backgrounds."""
    print("colour error in levels of 255, weighted by alpha, 0 < alpha < 1, mean of 6 backgrounds")
    print("picture " + "".join(f"{method:>14}" for method in METHODS))
    table = []
    for sample in samples:
        front = known_foreground(sample)
        alpha = sample.truth
        edge = (alpha > 0) & (alpha < 1)
        row = []
        for method in METHODS:
            errors = []
            for behind in backgrounds(alpha.shape).values():
                mixed = alpha[..., None] * front + (1 - alpha[..., None]) * behind
                estimated = estimate_foreground(np.rint(mixed).astype(np.uint8), alpha, method)
                difference = np.abs(estimated[edge].astype(np.float64) - front[edge]).mean(axis=-1)
                errors.append(np.average(difference, weights=alpha[edge]))
            row.append(float(np.mean(errors)))
        table.append(row)
        print(f"{sample.name:8}" + "".join(f"{error:14.2f}" for error in row), flush=True)
    print(f"{'mean':8}" + "".join(f"{error:14.2f}" for error in np.mean(table, axis=0)))


def large_picture(dtype: type[np.uint8] | type[np.uint16]) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """A picture of 1480 x 986 pixels (1.46 MP) and an alpha with soft and thin parts."""
    image = cv2.resize(photograph("rocket"), (1480, 986), interpolation=cv2.INTER_CUBIC)
    drawn = np.zeros((986, 1480), np.uint8)
    cv2.circle(drawn, (740, 493), 330, 255, -1)
    generator = np.random.default_rng(0)
    for angle in generator.uniform(0, 2 * np.pi, 500):
        start, stop = ((int(740 + radius * np.cos(angle)), int(493 + radius * np.sin(angle))) for radius in (320, 420))
        cv2.line(drawn, start, stop, 255, 1, cv2.LINE_AA)
    alpha = cv2.GaussianBlur(drawn, (0, 0), 1.2).astype(np.float32) / 255
    return (image.astype(np.uint16) * 257 if dtype is np.uint16 else image), alpha


def peak_allocated(work: Callable[[], object]) -> int:
    """The most bytes of arrays that were alive at once while `work()` ran, including its result."""
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def print_times(repeats: int) -> None:
    """Seconds (median and best of `repeats`) and memory for each method, at 8 and 16 bits."""
    print("1480 x 986 pixels          median s    best s    MB of arrays")
    for dtype in (np.uint8, np.uint16):
        image, alpha = large_picture(dtype)
        for method in METHODS:
            estimate_foreground(image, alpha, method)
            seconds = []
            for _ in range(repeats):
                began = perf_counter()
                estimate_foreground(image, alpha, method)
                seconds.append(perf_counter() - began)
            beyond = peak_allocated(partial(estimate_foreground, image, alpha, method))
            print(f"{dtype.__name__:8} {method:14} {np.median(seconds):11.3f} {min(seconds):9.3f} {beyond / 1e6:12.0f}")


def main() -> int:
    """Print the errors, if the set is present, and the times."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=BESIDE_THE_CHECKOUT, help="folder of alphamatting.com pictures")
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    samples = read_samples(options.data)
    if samples:
        print_errors(samples)
    else:
        print(
            f"The alphamatting.com pictures are not there ({options.data}): errors are left out. Name them by --data."
        )
    print_times(options.repeats)
    return 0


if __name__ == "__main__":
    sys.exit(main())
