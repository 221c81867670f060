"""Closed form from a model's own masks, measured: `python benchmarks/matting_alphamatting.py --data FOLDER`.

On the pictures of alphamatting.com (Rhemann et al., CVPR 2009) that lie in the folder (GTnn.png, GTnn_alpha.png,
GTnn_trimap.png; the set has no open licence and is not part of this project), the remover's soft mask and closed form
from it are compared with the ground-truth alpha, picture by picture: SAD = sum |difference| / 1000, over the whole
picture and over the unknown region of the official trimap. Closed form from that trimap, which was drawn by hand,
is the reference. `--sweep` tries other bands and thresholds in place of the default, on the pictures whose subject the
remover found (IoU with the truth >= 0.8): if it cut out something else, no band can correct that.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

BESIDE_THE_CHECKOUT = Path(__file__).resolve().parents[2] / "shared" / "data" / "alphamatting"
SWEPT_BANDS = ((0, 0), (1, 1), (3, 3), (5, 5), (10, 10), (3, 10))
FOUND_IOU = 0.8
SWEPT_THRESHOLDS = ((0.02, 0.98), (0.05, 0.95), (0.1, 0.9), (0.2, 0.8))


@dataclass(frozen=True)
class Sample:
    """One picture of the set: image uint8 (H, W, 3), true alpha float32 (H, W), trimap uint8 (H, W)."""

    name: str
    image: NDArray[np.uint8]
    truth: NDArray[np.float32]
    trimap: NDArray[np.uint8]

    @property
    def unknown(self) -> NDArray[np.bool_]:
        """The unknown region of the official trimap."""
        unknown: NDArray[np.bool_] = self.trimap == 128
        return unknown


def read_samples(folder: Path) -> list[Sample]:
    """The set's pictures in `folder`, by name."""
    from PIL import Image

    samples = []
    for path in sorted(folder.glob("GT[0-9][0-9].png")):
        alpha, trimap = (path.with_name(f"{path.stem}_{part}.png") for part in ("alpha", "trimap"))
        samples.append(
            Sample(
                path.stem,
                np.asarray(Image.open(path).convert("RGB")),
                np.asarray(Image.open(alpha).convert("L"), np.float32) / np.float32(255),
                np.asarray(Image.open(trimap).convert("L")),
            )
        )
    return samples


def sad(alpha: NDArray[np.float32], sample: Sample) -> tuple[float, float]:
    """Sum of absolute differences / 1000 over the whole picture, and over the official unknown region."""
    difference = np.abs(alpha - sample.truth)
    return float(difference.sum()) / 1000, float(difference[sample.unknown].sum()) / 1000


def iou(mask: NDArray[np.float32], sample: Sample) -> float:
    """Intersection over union of the areas where `mask` and the true alpha are 0.5 or more."""
    found, true = mask >= 0.5, sample.truth >= 0.5
    return float((found & true).sum() / max((found | true).sum(), 1))


def compare(samples: list[Sample], masks: dict[str, NDArray[np.float32]]) -> None:
    """Print the table of soft mask, closed form from it, and closed form from the official trimap."""
    from cutsmith.matting.closed_form.matter import ClosedFormMatter, closed_form_alpha

    print("SAD = sum|d|/1000                 whole picture                 official unknown region")
    print("picture   size       soft mask closed form  drawn trimap   soft mask closed form  drawn trimap   seconds")
    matter, rows = ClosedFormMatter(), []
    for sample in samples:
        began = perf_counter()
        refined = matter.alpha(sample.image, masks[sample.name])
        seconds = perf_counter() - began
        reference = closed_form_alpha(sample.image, sample.trimap)
        figures = [sad(alpha, sample) for alpha in (masks[sample.name], refined, reference)]
        row = [whole for whole, _ in figures] + [unknown for _, unknown in figures] + [seconds]
        rows.append(row)
        height, width = sample.truth.shape
        print(f"{sample.name:8}  {width}x{height:<6} {_row(row)}", flush=True)
    print(f"{'mean':19} {_row(np.mean(rows, axis=0))}")


def _row(figures: Iterable[float]) -> str:
    return "{:10.2f} {:11.2f} {:13.2f} {:11.2f} {:11.2f} {:13.2f} {:9.2f}".format(*figures)


def sweep(samples: list[Sample], masks: dict[str, NDArray[np.float32]]) -> None:
    """Print the mean SAD for each band and pair of thresholds, and on how many pictures it beats the default."""
    from cutsmith.matting.closed_form.matter import closed_form_alpha
    from cutsmith.matting.trimap import Band, trimap_from_soft_mask

    wrong = [sample.name for sample in samples if iou(masks[sample.name], sample) < FOUND_IOU]
    samples = [sample for sample in samples if sample.name not in wrong]
    print(f"{len(samples)} pictures; left out, for an IoU below {FOUND_IOU}: {', '.join(wrong) or 'none'}")
    soft = np.array([sad(masks[sample.name], sample) for sample in samples])
    print(f"the soft mask itself: mean SAD {soft[:, 0].mean():.3f}, unknown region {soft[:, 1].mean():.3f}")

    def measured(band: tuple[int, int], low: float, high: float) -> NDArray[np.float64]:
        """(whole, unknown region) of each picture, (N, 2)."""
        figures = []
        for sample in samples:
            trimap = trimap_from_soft_mask(masks[sample.name], Band(*band), low, high)
            figures.append(sad(closed_form_alpha(sample.image, trimap, masks[sample.name]), sample))
        return np.array(figures)

    default = measured((3, 3), 0.05, 0.95)
    print("low-high   band    mean SAD whole   median   unknown region   better than the default on")
    for low, high in SWEPT_THRESHOLDS:
        for band in SWEPT_BANDS:
            figures = measured(band, low, high)
            better = int((figures[:, 0] < default[:, 0] - 1e-6).sum())
            print(
                f"{low:.2f}-{high:.2f}  {band[0]:2},{band[1]:<2}  {figures[:, 0].mean():14.3f} "
                f"{np.median(figures[:, 0]):8.3f} {figures[:, 1].mean():16.3f}   {better} of {len(samples)}",
                flush=True,
            )


def main() -> int:
    """Read the set, run the remover once per picture, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=BESIDE_THE_CHECKOUT, help="folder of the set")
    parser.add_argument("--model", help="as `cutsmith cut --model`: a name, or the path of an ONNX file")
    parser.add_argument("--engine", default="auto", help="as `cutsmith cut --engine`")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--sweep", action="store_true", help="try other bands and thresholds instead")
    options = parser.parse_args()

    samples = read_samples(options.data)
    if not samples:
        print(
            f"The alphamatting.com pictures are not there ({options.data}): nothing is measured. Name them by --data."
        )
        return 0
    from cutsmith.errors import CutsmithError
    from cutsmith.removal.loading import load_remover

    try:
        remover = load_remover(options.model, engine=options.engine, threads=options.threads).model
    except CutsmithError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(", ".join(f"{key}: {value}" for key, value in remover.provenance().items()))
    masks = {sample.name: remover.soft_mask(sample.image) for sample in samples}
    (sweep if options.sweep else compare)(samples, masks)
    return 0


if __name__ == "__main__":
    sys.exit(main())
