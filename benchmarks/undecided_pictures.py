"""How long a hopeless mask takes in the worker: `python benchmarks/undecided_pictures.py`.

A photograph (scikit-image's astronaut, enlarged) with a mask that is undecided nearly everywhere goes through the job
`refine` of a real worker, as GIMP's Refine Mask Edge sends it: with the default matting, and with closed-form matting,
which nothing fades out. For each this prints the seconds, the processor seconds and the peak memory of the process that
runs the jobs, and what the plug-in's dialog says of them beforehand. Then a job is cancelled in the midst of it, and
the time is taken until the client is told, and until the worker is free again. The exit code is 1 if a target is
missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
from interleaved_runs import machine

from cutsmith.serving.costs import MATTING_COSTS
from cutsmith.worker import client
from cutsmith.worker.protocol import Array
from cutsmith.worker.session import Session

SIZES = {12: (4000, 3000), 24: (6000, 4000)}
TARGETS = {12: 15.0, 24: 30.0}
"""Seconds of the default, by megapixels."""

CANCEL_TARGET = 0.2
DEFAULT, CLOSED_FORM = "auto", "closed-form"


class Taken(NamedTuple):
    """What a job took: seconds, processor seconds, and bytes of memory at most."""

    seconds: float
    processor: float
    peak: int


def undecided(megapixels: int) -> dict[str, Array]:
    """Pixels, uint8 (H, W, 3), and a mask, uint8 (H, W), of 0.3 to 0.7 but for a frame and a core."""
    import cv2
    from skimage import data

    width, height = SIZES[megapixels]
    pixels = cv2.resize(data.astronaut(), (width, height), interpolation=cv2.INTER_CUBIC)
    doubt = np.random.default_rng(0).uniform(0.3, 0.7, (24, 32)).astype(np.float32)
    mask = cv2.resize(doubt, (width, height), interpolation=cv2.INTER_CUBIC)
    rim = height // 50
    mask[:rim], mask[-rim:], mask[:, :rim], mask[:, -rim:] = 0, 0, 0, 0
    mask[height // 2 - rim : height // 2 + rim, width // 2 - rim : width // 2 + rim] = 1
    return {name: _sent(each) for name, each in (("pixels", pixels), ("mask", (mask * 255).astype(np.uint8)))}


def _sent(values: np.ndarray) -> Array:
    return Array(values.dtype.name, values.shape, np.ascontiguousarray(values).data)


def main() -> int:
    """Measure, print and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megapixels", type=int, nargs="*", default=list(SIZES), choices=list(SIZES))
    options = parser.parse_args()
    print(machine())
    met = True
    with tempfile.TemporaryDirectory(prefix="cw-") as folder:
        command, home = [sys.executable, "-m", "cutsmith"], {"XDG_STATE_HOME": folder}
        with client.connect(command, folder=Path(folder) / "w", environment=home) as session:
            for megapixels in options.megapixels:
                arrays = undecided(megapixels)
                for matting in (DEFAULT, CLOSED_FORM):
                    taken = _taken(session, matting, arrays)
                    cost = MATTING_COSTS[matting]
                    print(
                        f"{megapixels} MP, matting {matting}: {taken.seconds:.1f} s ({taken.processor:.1f} processor "
                        f"seconds), {taken.peak / 1e9:.2f} GB at most; told beforehand: up to "
                        f"{cost.seconds + cost.seconds_per_megapixel * megapixels:.0f} s, "
                        f"{cost.bytes_per_pixel * megapixels / 1e3:.1f} GB"
                    )
                    if matting == DEFAULT:
                        met = met and taken.seconds <= TARGETS[megapixels]
                        print(f"  target at most {TARGETS[megapixels]:.0f} s: {_verdict(taken.seconds, megapixels)}")
                told, free = _cancelled(session, arrays)
                met = met and told <= CANCEL_TARGET
                print(f"{megapixels} MP, cancelled: told after {told:.3f} s, the worker is free after {free:.3f} s")
            session.run("stop")
    return 0 if met else 1


def _verdict(seconds: float, megapixels: int) -> str:
    return "met" if seconds <= TARGETS[megapixels] else "MISSED"


def _taken(session: Session, matting: str, arrays: dict[str, Array]) -> Taken:
    process = _jobs_process(session)
    before, start = sum(process.cpu_times()[:2]), time.monotonic()
    job, peak = session.submit("refine", {"matting": matting, "subject_alone": True}, arrays), 0
    for _ in job.follow(pulse=0.05):
        peak = max(peak, process.memory_info().rss)
    job.result()
    return Taken(time.monotonic() - start, sum(process.cpu_times()[:2]) - before, peak)


def _cancelled(session: Session, arrays: dict[str, Array]) -> tuple[float, float]:
    """Seconds until the client is told that a job is cancelled, and until the next job is done."""
    job = session.submit("refine", {"matting": CLOSED_FORM}, arrays)
    begun = float("inf")
    for progress in job.follow(pulse=0.05):
        if progress is not None and progress.stage == "matting":
            begun = min(begun, time.monotonic())
        if time.monotonic() - begun > 1:
            break
    start = time.monotonic()
    job.cancel()
    for _ in job.follow():
        pass
    told = time.monotonic() - start
    session.run("models")
    return told, time.monotonic() - start


def _jobs_process(session: Session) -> psutil.Process:
    session.run("models")  # it has started
    (child,) = psutil.Process(session.welcome.pid).children()
    return child


if __name__ == "__main__":
    sys.exit(main())
