"""What Ray costs on one machine: `python benchmarks/batch_on_ray.py [--pictures 12] [--rounds 2]`.

The same pictures, made from scikit-image's photographs as in batch_rate.py, in threads and on Ray, each a whole process
with its start, in turn, because other work on the machine disturbs them. Prints the seconds of both, the ratio, Ray's
seconds until its first result, and whether the results are the same byte for byte. Exit code 1: they are not.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import numpy as np
from batch_rate import make_pictures
from interleaved_runs import machine

WAYS = {"threads": (), "ray": ("--engine", "ray")}
OPTIONS = ("--looks", "1", "--matting", "none", "--json")


def timed(pictures: Path, out: Path, *options: str) -> tuple[float, float]:
    """The seconds of a whole batch, and those until its first row."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "cutsmith", "batch", str(pictures), "-o", str(out), *OPTIONS, *options]
    began = perf_counter()
    first = 0.0
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            first = first or perf_counter() - began
            if json.loads(line)["status"] != "done":
                raise RuntimeError(f"a picture was not cut out: {line}")
    return perf_counter() - began, first


def results(folder: Path) -> dict[str, bytes]:
    """The results in `folder`, by their names."""
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


def main() -> int:
    """Measure, print and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=12)
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    print(machine())
    seconds: dict[str, list[float]] = {way: [] for way in WAYS}
    firsts: dict[str, list[float]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        pictures = Path(folder) / "pictures"
        make_pictures(pictures, given.pictures)
        for number in range(given.rounds):
            ways = list(WAYS.items())
            for way, options in ways if number % 2 == 0 else reversed(ways):
                whole, first = timed(pictures, Path(folder) / way, *options)
                seconds[way].append(whole)
                firsts[way].append(first)
            print({way: round(values[-1], 1) for way, values in seconds.items()}, flush=True)
        made = {way: results(Path(folder) / way) for way in WAYS}
    middle = {way: float(np.median(values)) for way, values in seconds.items()}
    after = {way: float(np.median(np.subtract(seconds[way], firsts[way]))) for way in WAYS}
    print("seconds:", {way: round(value, 1) for way, value in middle.items()})
    print("until the first result:", {way: round(float(np.median(values)), 1) for way, values in firsts.items()})
    print(
        f"ratio: {middle['ray'] / middle['threads']:.2f}, after the first result {after['ray'] / after['threads']:.2f}"
    )
    same = len(made["ray"]) == given.pictures and made["ray"] == made["threads"]
    print("results are the same, byte for byte" if same else "RESULTS DIFFER")
    return 0 if same else 1


if __name__ == "__main__":
    sys.exit(main())
