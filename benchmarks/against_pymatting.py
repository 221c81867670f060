"""Closed-form matting against pymatting's: `python benchmarks/against_pymatting.py [--data FOLDER]`.

The same trimap is solved by Cutsmith (`effort="exact"`, no prior) and by pymatting's `estimate_alpha_cf`, in whole
processes that are interleaved. Each does its imports and solves a small picture first; processor seconds and memory
count from there. Narrow: scikit-image's chelsea, enlarged to 4 MP, a disc's edge with a band of kernel 10. Wide: an
official trimap of alphamatting.com, enlarged to 4 MP; skipped without the set. Then Cutsmith alone, memory of the whole
process: 12 MP with 4 million unknown pixels and a prior (`balanced`), and 24 MP with a band of 10 pixels.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from functools import partial
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import numpy as np
from interleaved_runs import Usage, interleave, machine, median, run
from matting_alphamatting import BESIDE_THE_CHECKOUT

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDE = "GT17"
"""The picture of the set whose unknown region is nearest to the mean."""


def photograph(megapixels: float) -> NDArray[np.uint8]:
    """scikit-image's chelsea, enlarged."""
    import cv2
    import skimage.data

    image = skimage.data.chelsea()
    factor = (megapixels * 1e6 / (image.shape[0] * image.shape[1])) ** 0.5
    return np.asarray(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_CUBIC), np.uint8)


def narrow(megapixels: float) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A photograph and the trimap of a disc's edge with a band of kernel 10."""
    import cv2

    image = photograph(megapixels)
    height, width = image.shape[:2]
    disc = np.zeros((height, width), np.uint8)
    cv2.circle(disc, (width // 2, height // 2), int(height * 0.45), 1, -1)
    square = np.ones((10, 10), np.uint8)
    trimap = np.full((height, width), 128, np.uint8)
    trimap[cv2.erode(disc, square) > 0] = 255
    trimap[cv2.dilate(disc, square) == 0] = 0
    return image, trimap


def wide(folder: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """A picture of alphamatting.com and its official trimap at 4 MP."""
    import cv2

    image = np.asarray(cv2.imread(str(folder / f"{WIDE}.png")))[..., ::-1]
    trimap = np.asarray(cv2.imread(str(folder / f"{WIDE}_trimap.png"), cv2.IMREAD_GRAYSCALE))
    factor = (4e6 / trimap.size) ** 0.5
    size = int(trimap.shape[1] * factor), int(trimap.shape[0] * factor)
    enlarged = np.asarray(cv2.resize(np.ascontiguousarray(image), size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return enlarged, np.asarray(cv2.resize(trimap, size, interpolation=cv2.INTER_NEAREST), np.uint8)


def undecided() -> tuple[NDArray[np.uint8], NDArray[np.bool_], NDArray[np.float32], NDArray[np.float32]]:
    """12 MP, 4 million unknown pixels, known alpha that is also the prior, and the prior's weight."""
    import cv2

    image = photograph(12)
    height, width = image.shape[:2]
    at = np.linspace(-1, 1, height, dtype=np.float32)[:, None], np.linspace(-1, 1, width, dtype=np.float32)[None]
    sharp = np.clip((0.7 - np.hypot(*at)) / 0.3 + 0.5, 0, 1)
    mask: NDArray[np.float32] = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 5), np.float32)
    unknown = (mask > 0.001) & (mask < 0.999)
    return image, unknown, mask, (1e-6 + 3e-4 * (2 * mask - 1) ** 2).astype(np.float32)


def resident() -> int:
    """The most bytes that this process has held so far."""
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def solve(who: str, image: NDArray[np.uint8], trimap: NDArray[np.uint8]) -> NDArray[Any]:
    """Alpha of the trimap's unknown pixels by `who`."""
    if who == "pymatting":
        import pymatting

        alpha: NDArray[Any] = pymatting.estimate_alpha_cf(image / 255, np.where(trimap == 128, 0.5, trimap / 255))
        return alpha
    from cutsmith.matting.closed_form import solve_unknown

    return solve_unknown(image, trimap == 128, (trimap == 255).astype(np.float32), effort="exact")


def measured(who: str, case: Path, output: Path) -> None:
    """In a process of its own: solve the case, write alpha, and print seconds and memory as JSON."""
    kept = np.load(case)
    if who == "balanced":
        from cutsmith.matting.closed_form import solve_unknown

        began = process_time()
        image, unknown, mask, weight = (kept[name] for name in ("image", "unknown", "mask", "weight"))
        alpha = solve_unknown(image, unknown, mask, prior=mask, prior_weight=weight)
        beyond = resident()
    else:
        image, trimap = kept["image"], kept["trimap"]
        solve(who, *narrow(0.05))
        held, began = resident(), process_time()
        alpha = solve(who, image, trimap)
        beyond = resident() - held
    seconds = process_time() - began
    np.save(output, alpha.astype(np.float32))
    print(json.dumps({"seconds": seconds, "bytes": beyond}))


def _told(usage: Usage) -> dict[str, float]:
    """What a process measured: its last line, since pymatting may print warnings before it."""
    told: dict[str, float] = json.loads(usage.output.strip().splitlines()[-1])
    return told


def compare(name: str, image: NDArray[np.uint8], trimap: NDArray[np.uint8], rounds: int, folder: Path) -> None:
    """Print the ratios of one trimap."""
    case = folder / "case.npz"
    np.savez(case, image=image, trimap=trimap)

    def arm(who: str) -> Usage:
        return run([sys.executable, __file__, "--solve", who, "--case", str(case), "--out", str(folder / f"{who}.npy")])

    taken = interleave({who: partial(arm, who) for who in ("cutsmith", "pymatting")}, rounds)
    told = {who: [_told(usage) for usage in usages] for who, usages in taken.items()}
    pairs = list(zip(told["cutsmith"], told["pymatting"], strict=True))
    unknown = trimap == 128
    difference = np.abs(np.load(folder / "cutsmith.npy") - np.load(folder / "pymatting.npy"))[unknown]
    print(f"{name}: {trimap.size / 1e6:.1f} MP, {np.count_nonzero(unknown)} unknown")
    for what, digits in (("seconds", 2), ("bytes", 1)):
        ratio = median([theirs[what] / ours[what] for ours, theirs in pairs])
        scale = 1e6 if what == "bytes" else 1
        ours, theirs = (np.median([each[side][what] for each in pairs]) / scale for side in (0, 1))
        unit = "MB more" if what == "bytes" else "processor s"
        print(f"  {unit}: {ours:.2f} against {theirs:.2f}; {ratio.text(digits)} times less")
    print(f"  difference: largest {difference.max():.1e}, mean {difference.mean():.1e}", flush=True)


def alone(name: str, who: str, folder: Path, **arrays: Any) -> None:
    """Print the seconds and the memory of Cutsmith on one case."""
    case = folder / "case.npz"
    np.savez(case, **arrays)
    usage = run([sys.executable, __file__, "--solve", who, "--case", str(case), "--out", str(folder / "alone.npy")])
    told = _told(usage)
    seconds, peak = told["seconds"], usage.peak_bytes / 1e6
    print(f"{name}: {seconds:.1f} processor s, {usage.seconds:.1f} s and {peak:.0f} MB the whole process", flush=True)


def main() -> int:
    """Print all figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=BESIDE_THE_CHECKOUT, help="folder of alphamatting.com pictures")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--only", choices=["narrow", "wide", "12mp", "24mp"], help="one of the cases")
    parser.add_argument("--solve", help=argparse.SUPPRESS)
    parser.add_argument("--case", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--out", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.solve:
        measured(options.solve, options.case, options.out)
        return 0
    print(machine())
    chosen = {options.only} if options.only else {"narrow", "wide", "12mp", "24mp"}
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if "narrow" in chosen:
            compare("kernel-10 band", *narrow(4), options.rounds, folder)
        if "wide" in chosen and (options.data / f"{WIDE}.png").is_file():
            compare("wide trimap", *wide(options.data), options.rounds, folder)
        elif "wide" in chosen:
            print(f"The alphamatting.com pictures are not there ({options.data}): the wide trimap is left out.")
        if "12mp" in chosen:
            image, unknown, mask, weight = undecided()
            name = f"12 MP, {np.count_nonzero(unknown) / 1e6:.1f} million unknown, balanced"
            alone(name, "balanced", folder, image=image, unknown=unknown, mask=mask, weight=weight)
        if "24mp" in chosen:
            image, trimap = narrow(24)
            alone("24 MP, 10 px band, exact", "cutsmith", folder, image=image, trimap=trimap)
    return 0


if __name__ == "__main__":
    sys.exit(main())
