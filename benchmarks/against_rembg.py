"""`cutsmith cut` against `rembg i -m isnet-general-use`: `python benchmarks/against_rembg.py` (about two minutes).

Whole processes on one photograph, from start to exit, with the same weights (the very file that Cutsmith finds, linked
into a folder of rembg's) and the same number of threads. rembg refines nothing unless it is asked to, so Cutsmith runs
with `--looks 1 --matting none` too; `--as-set` leaves both on, as a user has them. One uncounted run of each brings the
files into memory and compiles numba and OpenVINO's model. It prints time, processor time and peak memory of both, and
the ratios of Cutsmith's to rembg's, pair by pair. Then it checks whether Cutsmith's run imported torch or numba, and
how far the two alphas differ. The exit code is 1 if one of the project's targets is missed.

rembg's command needs its own environment (see rembg_environment.py). `--prepare` makes it once, in the user's cache
folder; `--rembg PATH` uses an existing command. rembg gets no options except the model.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from interleaved_runs import Median, RunFailed, Usage, interleave, machine, median, run
from rembg_environment import default_environment, prepare, rembg_command

OURS, THEIRS = "cutsmith", "rembg"
SHUNNED = ("torch", "numba")
MEMORY_TARGET = 0.5
TIME_TARGET = {"bf16": 0.5, "f32": 0.65}


@dataclass(frozen=True)
class Contest:
    """The input of both. `photo` and `weights` are files; `folder` takes their output."""

    photo: Path
    weights: Path
    folder: Path
    rembg: Path
    threads: int
    engine: str
    as_set: bool

    @property
    def our_result(self) -> Path:
        """The cut-out that Cutsmith writes."""
        return self.folder / "cutsmith.png"

    @property
    def their_result(self) -> Path:
        """The cut-out that rembg writes."""
        return self.folder / "rembg.png"

    def our_arguments(self) -> list[str | Path]:
        """The arguments of `cutsmith`."""
        options = ["--overwrite", "--threads", str(self.threads)]
        if not self.as_set:
            options += ["--looks", "1", "--matting", "none"]
        if self.engine != "auto":
            options += ["--engine", self.engine]
        return ["cut", self.photo, "-o", self.our_result, *options]

    def run_ours(self) -> Usage:
        """One whole process of Cutsmith."""
        return run([our_command(), *self.our_arguments()])

    def run_theirs(self) -> Usage:
        """One whole process of rembg."""
        command: list[str | Path] = [self.rembg, "i", "-m", "isnet-general-use", self.photo, self.their_result]
        # U2NET_HOME would override REMBG_HOME. rembg reads its number of threads from OMP_NUM_THREADS.
        environment = {name: value for name, value in os.environ.items() if name != "U2NET_HOME"}
        environment |= {"REMBG_HOME": str(self.folder / "rembg"), "OMP_NUM_THREADS": str(self.threads)}
        return run(command, environment)

    def give_weights_to_rembg(self) -> None:
        """Link the weights to the path where rembg expects IS-Net; rembg loads an existing file as it is."""
        link = self.folder / "rembg" / "models" / "isnet-general-use" / "isnet-general-use.onnx"
        link.parent.mkdir(parents=True)
        link.symlink_to(self.weights.resolve())


def our_command() -> Path:
    """The `cutsmith` of the environment that runs this file."""
    return Path(sys.executable).with_name("cutsmith")


def make_photograph(path: Path) -> None:
    """Write scikit-image's photograph of a cup of coffee, enlarged from 600 x 400 to 1500 x 1000, as a JPEG."""
    import skimage.data
    from PIL import Image

    image = Image.fromarray(skimage.data.coffee())
    image.resize((1500, 1000), Image.Resampling.LANCZOS).save(path, quality=92)


def print_usage(name: str, usages: list[Usage]) -> None:
    """Time, processor time and peak memory of one side."""
    print(f"{name}")
    print(f"  seconds            {median([usage.seconds for usage in usages]).text(2)}")
    print(f"  processor seconds  {median([usage.cpu_seconds for usage in usages]).text(2)}")
    print(f"  peak memory in MB  {median([usage.peak_bytes / 1e6 for usage in usages]).text(0)}")


def ratios(taken: dict[str, list[Usage]], quantity: Callable[[Usage], float]) -> Median:
    """Cutsmith's `quantity` over rembg's, pair by pair."""
    pairs = zip(taken[OURS], taken[THEIRS], strict=True)
    return median([quantity(ours) / quantity(theirs) for ours, theirs in pairs])


def judged(name: str, ratio: Median, target: float | None) -> bool:
    """Print a ratio beside its target; return whether it is met, or true without a target."""
    met = target is None or ratio.value <= target
    verdict = "" if target is None else f"; target {target:.2f} or less: {'met' if met else 'MISSED'}"
    print(f"  {name:18} {ratio.text(3)}{verdict}")
    return met


def imported_modules(contest: Contest) -> set[str]:
    """The top-level names of all modules that one run of Cutsmith's imports.

    Raises:
        RunFailed: its exit code was not 0, or its imports are unknown.
    """
    command = [sys.executable, "-X", "importtime", "-m", "cutsmith", *contest.our_arguments()]
    ended = subprocess.run(command, capture_output=True, text=True, errors="replace")
    lines = re.findall(r"^import time:.*\|\s*([\w.]+)$", ended.stderr, re.MULTILINE)
    if ended.returncode or "cutsmith.cli" not in lines:
        raise RunFailed(f"python -X importtime -m cutsmith cut ended with exit code {ended.returncode}")
    return {name.partition(".")[0] for name in lines}


def our_engine(contest: Contest) -> str:
    """The engine that runs the model, as Cutsmith names it."""
    said = run([our_command(), *contest.our_arguments(), "--json"]).output
    return str(json.loads(said)["provenance"]["engine"])


def alpha_difference(contest: Contest) -> float:
    """The mean absolute difference of the two alphas, in levels of 255."""
    import numpy as np
    from PIL import Image

    ours, theirs = (
        np.asarray(Image.open(path).getchannel("A"), np.float32) for path in (contest.our_result, contest.their_result)
    )
    return float(np.abs(ours - theirs).mean())


def measure(contest: Contest, pairs: int) -> bool:
    """Run the pairs, print their figures, and return whether the targets are met."""
    from PIL import Image

    contest.give_weights_to_rembg()
    engine = our_engine(contest)
    with Image.open(contest.photo) as photo:
        width, height = photo.size
    print(machine())
    print(f"{contest.photo.name}, {width} x {height}; {contest.weights.name}, {contest.weights.stat().st_size} bytes")
    print(f"{pairs} pairs, {contest.threads} threads, Cutsmith on {engine}", flush=True)
    contest.run_theirs()
    contest.run_ours()
    taken = interleave({OURS: contest.run_ours, THEIRS: contest.run_theirs}, pairs)

    for name, usages in taken.items():
        print_usage(name, usages)
    # The targets are for the default engine.
    judge = contest.engine == "auto"
    time_target = TIME_TARGET["bf16" if "bf16" in engine else "f32"] if judge else None
    print("cutsmith / rembg")
    met = [
        judged("seconds", ratios(taken, lambda usage: usage.seconds), time_target),
        judged("processor seconds", ratios(taken, lambda usage: usage.cpu_seconds), None),
        judged("peak memory", ratios(taken, lambda usage: usage.peak_bytes), MEMORY_TARGET if judge else None),
    ]
    shunned = sorted(imported_modules(contest) & set(SHUNNED))
    print(f"imported by Cutsmith of {', '.join(SHUNNED)}: {', '.join(shunned) or 'none'}")
    print(f"mean difference of the two alphas: {alpha_difference(contest):.2f} / 255 (rembg stretches its own)")
    return all(met) and not shunned


def main() -> int:
    """Prepare the inputs and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photo", type=Path, help="instead of scikit-image's coffee, enlarged to 1500 x 1000")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--engine", default="auto", help="as `cutsmith cut --engine`; rembg always runs onnxruntime")
    parser.add_argument("--as-set", action="store_true", help="Cutsmith with its second look and matting, as it is set")
    parser.add_argument("--rembg", metavar="PATH", help="an installed rembg command")
    parser.add_argument("--prepare", action="store_true", help="install rembg into --environment, if it is not there")
    parser.add_argument("--environment", type=Path, help="folder of that environment [default: in the user's cache]")
    options = parser.parse_args()
    if options.pairs < 1 or options.threads < 1:
        parser.error("--pairs and --threads: wanted 1 or more")

    from cutsmith.errors import CutsmithError
    from cutsmith.removal.loading import default_weights

    environment = options.environment or default_environment()
    rembg: str | Path | None
    try:
        if options.rembg is not None:
            rembg = shutil.which(options.rembg)
        else:
            rembg = prepare(environment) if options.prepare else rembg_command(environment)
        if rembg is None:
            where = options.rembg or environment
            parser.error(f"there is no rembg command ({where}): add --prepare, or name an installed one by --rembg")
        with tempfile.TemporaryDirectory(prefix="cutsmith-benchmark-") as name:
            folder = Path(name)
            photo = options.photo or folder / "coffee.jpg"
            if options.photo is None:
                make_photograph(photo)
            command = Path(rembg).absolute()
            contest = Contest(
                photo, default_weights(), folder, command, options.threads, options.engine, options.as_set
            )
            return 0 if measure(contest, options.pairs) else 1
    except CutsmithError as error:
        print(f"{error.what}\n  {error.remedy}", file=sys.stderr)
        return error.exit_code
    except (RunFailed, OSError, subprocess.CalledProcessError) as error:
        print(f"against_rembg: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
