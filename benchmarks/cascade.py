"""What `--cascade` is worth: `python benchmarks/cascade.py FOLDER... [--limit N]`.

Each folder has pictures with their true alpha, as `cutsmith evaluate` reads them, such as the composites of
quality_composites.py. Every picture is cut out without and with the cascade, in turn. The table has, for each folder
and way:

    SAD            mean sum of |alpha - truth| over all pictures, in thousands
    accepted       the same over the pictures that the way accepts
    to review      the share that it sends to a person
    let through    how many it accepts though more than a tenth of the subject is wrong
    seconds        mean

Then what each step of the cascade brought, and the pictures that are worse with it than without.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from interleaved_runs import machine

if TYPE_CHECKING:
    from cutsmith.evaluation.samples import SamplePaths

WAYS: Mapping[str, bool] = {
    "without": False,
    "--cascade": True,
}
WRONG = 0.1
WORSE = 1.05


@dataclass(frozen=True)
class Cut:
    """One picture, one way. `wrong` is 1 - soft IoU."""

    picture: str
    way: str
    sad: float
    wrong: float
    verdict: str
    seconds: float
    kept: str = ""


def cut(sample: SamplePaths, way: str) -> Cut:
    """Cut one picture out and compare it with its truth; what is not found is an empty alpha, for review."""
    from cutsmith import SubjectNotFound, cut_out
    from cutsmith.evaluation.matting_metrics import sad
    from cutsmith.evaluation.samples import read_truth
    from cutsmith.picture import Picture
    from cutsmith.quality.observing import errors

    picture = Picture.read(sample.picture)
    truth = read_truth(sample, picture.height, picture.width).alpha
    began = perf_counter()
    try:
        found = cut_out(picture, cascade=WAYS[way])
        alpha, verdict = found.alpha, found.quality.verdict
        kept = next((step.name for step in found.steps if step.is_kept), "")
    except SubjectNotFound:
        alpha, verdict, kept = np.zeros_like(truth), "review", "nothing found"
    seconds = perf_counter() - began
    return Cut(sample.name, way, sad(alpha, truth), errors(alpha, truth)[0], verdict, seconds, kept)


def table(name: str, cuts: list[Cut]) -> None:
    """Print one folder's table."""
    print(f"\n{name}, {len({each.picture for each in cuts})} pictures")
    print(f"{'':14} {'SAD':>7} {'accepted':>9} {'to review':>10} {'let through':>12} {'seconds':>8}")
    for way in WAYS:
        of_way = [each for each in cuts if each.way == way]
        accepted = [each for each in of_way if each.verdict == "accept"]
        of_accepted = f"{np.mean([each.sad for each in accepted]):9.2f}" if accepted else f"{'-':>9}"
        passed = sum(each.wrong > WRONG for each in accepted)
        print(
            f"{way:14} {np.mean([each.sad for each in of_way]):7.2f} {of_accepted} "
            f"{1 - len(accepted) / len(of_way):9.0%} {passed:12} {np.mean([each.seconds for each in of_way]):8.1f}"
        )


def changes(cuts: list[Cut]) -> None:
    """Print which step was kept how often, and what became worse."""
    kept = Counter(each.kept for each in cuts if each.way == "--cascade")
    print("\nkept: " + ", ".join(f"{name} {count}" for name, count in kept.most_common()))
    by_way = {(each.picture, each.way): each for each in cuts}
    for each in cuts:
        before = by_way[each.picture, "without"]
        if each.way == "--cascade" and each.sad > WORSE * before.sad:
            print(f"worse: {each.picture} {before.sad:.2f} -> {each.sad:.2f}, {each.kept}, {each.verdict}")


def main() -> int:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--limit", type=int, help="take only so many pictures of each folder, spread over it")
    options = parser.parse_args()
    from cutsmith.errors import CutsmithError
    from cutsmith.evaluation.samples import find_samples

    print(machine())
    try:
        for folder in options.folders:
            samples = find_samples(folder).samples
            if options.limit is not None:
                samples = samples[:: -(-len(samples) // options.limit)]
            cuts = []
            for number, sample in enumerate(samples):
                ways = list(WAYS)
                cuts += [cut(sample, ways[(at + number) % len(ways)]) for at in range(len(ways))]
                print(f"{number + 1}/{len(samples)} {sample.name}", file=sys.stderr, flush=True)
            table(folder.name, cuts)
            changes(cuts)
    except CutsmithError as error:
        print(f"cascade: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
