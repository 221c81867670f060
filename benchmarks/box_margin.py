"""How much of its surroundings a box's crop needs: `python benchmarks/box_margin.py --data FOLDER`, about two minutes.

The figures behind CONTEXT_MARGIN of cutsmith.segmentation.subject_in_box: the margin is a share of the box's longer
side, added on each side. There are two questions. Is a subject that fills its box found? On the pictures of
alphamatting.com (see matting_alphamatting.py) each box is that of the true alpha above 0.1, and the soft mask in it is
compared with the truth: SAD = sum |difference| / 1000, less is better. And is an object found that is not the picture's
main subject? On scikit-image's astronaut the box is that of the model shuttle behind her shoulder, which fills about
two thirds of it. The share of the box that the mask fills at a probability of 0.5 or more is printed; more is better.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from matting_alphamatting import BESIDE_THE_CHECKOUT, Sample, read_samples, sad

from cutsmith.protocols import Prompt
from cutsmith.segmentation.subject_in_box import CONTEXT_MARGIN, SubjectInBox

if TYPE_CHECKING:
    from cutsmith.protocols import Remover

MARGINS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5)
SHUTTLE_BOX = (350, 0, 460, 220)


def errors(remover: Remover, margin: float, samples: list[Sample]) -> list[float]:
    """The SAD of each picture's soft mask in its subject's box."""
    from cutsmith.geometry import box_of_mask

    segmenter, found = SubjectInBox(remover, margin), []
    for sample in samples:
        box = box_of_mask(sample.truth > 0.1)
        assert box is not None, f"{sample.name} has a subject"
        (segment,) = segmenter.segment(sample.image, [Prompt(box=box)])
        found.append(sad(segment.soft_mask(), sample)[0])
    return found


def shuttle_share(remover: Remover, margin: float) -> float:
    """The share of the shuttle's box that the mask counts as subject, in [0, 1]."""
    import skimage.data

    x0, y0, x1, y1 = SHUTTLE_BOX
    (segment,) = SubjectInBox(remover, margin).segment(skimage.data.astronaut(), [Prompt(box=SHUTTLE_BOX)])
    return float((segment.soft_mask()[y0:y1, x0:x1] >= 0.5).mean())


def print_table(remover: Remover, samples: list[Sample]) -> None:
    """Print one line per margin."""
    print("SAD of the soft mask in the subject's box, whole picture; margin as a share of the box's longer side")
    print(
        "margin" + "".join(f"{sample.name:>8}" for sample in samples) + "     mean  median  share of the shuttle's box"
    )
    for margin in MARGINS:
        row = errors(remover, margin, samples)
        figures = "".join(f"{error:8.2f}" for error in row)
        share = shuttle_share(remover, margin)
        used = "  <- CONTEXT_MARGIN" if margin == CONTEXT_MARGIN else ""
        print(f"{margin:6.2f}{figures} {np.mean(row):8.3f} {np.median(row):7.2f} {share:26.1%}{used}", flush=True)


def main() -> int:
    """Read the set, load the remover, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=BESIDE_THE_CHECKOUT, help="folder of the set")
    parser.add_argument("--model", help="as `cutsmith cut --model`: a name, or the path of an ONNX file")
    parser.add_argument("--engine", default="auto", help="as `cutsmith cut --engine`")
    parser.add_argument("--threads", type=int)
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
    print_table(remover, samples)
    return 0


if __name__ == "__main__":
    sys.exit(main())
