"""How many pictures a second a batch cuts out: `python benchmarks/batch_rate.py [--pictures 60] [--rembg PATH]`.

The pictures are made from scikit-image's photographs by crops, flips and changes of colour; results are PNGs with
transparency. Three rates, in turn and several times, because other work on the machine disturbs them:

    inference   nothing but the network, one picture after another, in this process: the rate that no batch can exceed
    batch       `cutsmith batch`, a whole process with its start; `--looks 1 --matting none`, then as it is set
    rembg       `rembg p -m isnet-general-use`, a whole process with the same weights (rembg_environment.py)

Then the resident memory of a batch at a third of the pictures and at the last. Exit code 1: a target is missed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
import psutil
from interleaved_runs import machine
from rembg_environment import default_environment, rembg_command
from second_look import photograph, read

PHOTOGRAPHS = ("astronaut", "chelsea", "coffee", "rocket")
OF_INFERENCE, OF_REMBG, GROWTH = 0.9, 1.2, 1.05


def make_pictures(folder: Path, count: int) -> None:
    """Write `count` different pictures."""
    from PIL import Image

    chance = np.random.default_rng(60)
    folder.mkdir(parents=True)
    for number in range(count):
        pixels = read(photograph(PHOTOGRAPHS[number % len(PHOTOGRAPHS)])).astype(np.float32)
        height, width = (round(side * chance.uniform(0.75, 1)) for side in pixels.shape[:2])
        top, left = (
            int(chance.integers(0, 1 + pixels.shape[0] - height)),
            int(chance.integers(0, 1 + pixels.shape[1] - width)),
        )
        crop = pixels[top : top + height, left : left + width] * chance.uniform(0.8, 1.2, 3)
        if chance.random() < 0.5:
            crop = crop[:, ::-1]
        Image.fromarray(np.clip(crop, 0, 255).astype(np.uint8)).save(folder / f"{number:03}.png")


def inference_rate(pictures: Path) -> float:
    """Pictures a second of the network alone."""
    from cutsmith.options import Runtime
    from cutsmith.pipeline.loading import POOL

    remover, _ = POOL.remover(Runtime())
    images = [read(path) for path in sorted(pictures.iterdir())]
    remover.soft_mask(images[0])
    began = perf_counter()
    for image in images:
        remover.soft_mask(image)
    return len(images) / (perf_counter() - began)


def batch_rate(pictures: Path, out: Path, *options: str) -> tuple[float, list[int]]:
    """Pictures a second of `cutsmith batch`, and its resident memory in bytes, a row each half second."""
    shutil.rmtree(out, ignore_errors=True)
    command = [sys.executable, "-m", "cutsmith", "batch", str(pictures), "-o", str(out), *options]
    began = perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    memory = []
    while process.poll() is None:
        try:
            done = len(list(out.glob("*.png")))
            memory.append((done, process.memory_info().rss))
        except psutil.Error:
            break
        sleep(0.5)
    process.wait()
    seconds = perf_counter() - began
    count = len(list(pictures.iterdir()))
    held = [max((rss for done, rss in memory if done <= part), default=0) for part in (count // 3, count)]
    return count / seconds, held


def rembg_rate(rembg: Path, pictures: Path, out: Path, weights: Path) -> float:
    """Pictures a second of `rembg p`."""
    shutil.rmtree(out, ignore_errors=True)
    home = out.parent / "rembg-home"
    home.mkdir(exist_ok=True)
    link = home / "isnet-general-use.onnx"
    if not link.exists():
        link.symlink_to(weights)
    environment = {name: value for name, value in os.environ.items() if name != "U2NET_HOME"}
    environment |= {"REMBG_HOME": str(home), "U2NET_HOME": str(home)}
    began = perf_counter()
    command = [str(rembg), "p", "-m", "isnet-general-use", str(pictures), str(out)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    return len(list(pictures.iterdir())) / (perf_counter() - began)


def main() -> int:
    """Measure, print, and compare with the targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--rembg", type=Path, default=rembg_command(default_environment()))
    given = parser.parse_args()
    print(machine())
    rates: dict[str, list[float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        pictures, out = Path(folder) / "pictures", Path(folder) / "out"
        make_pictures(pictures, given.pictures)
        held: list[int] = []
        for _ in range(given.rounds):
            rates.setdefault("inference", []).append(inference_rate(pictures))
            rate, held = batch_rate(pictures, out, "--looks", "1", "--matting", "none")
            rates.setdefault("batch, one look", []).append(rate)
            rates.setdefault("batch, as set", []).append(batch_rate(pictures, out)[0])
            if given.rembg is not None:
                from cutsmith.removal.loading import default_weights

                rates.setdefault("rembg p", []).append(
                    rembg_rate(given.rembg, pictures, out, default_weights().resolve())
                )
            print({name: round(values[-1], 3) for name, values in rates.items()}, flush=True)
    middle = {name: float(np.median(values)) for name, values in rates.items()}
    ratios = {"of inference": float(np.median(np.divide(rates["batch, one look"], rates["inference"])))}
    ratios["as set of one look"] = float(np.median(np.divide(rates["batch, as set"], rates["batch, one look"])))
    if "rembg p" in rates:
        ratios["of rembg p"] = float(np.median(np.divide(rates["batch, one look"], rates["rembg p"])))
    print("pictures a second:", {name: round(value, 3) for name, value in middle.items()})
    print("ratios:", {name: round(value, 3) for name, value in ratios.items()})
    growth = held[1] / held[0] if held[0] else 0.0
    print(f"resident memory: {held[0] / 1e6:.0f} MB by a third of the pictures, {held[1] / 1e6:.0f} MB by the last")
    missed = ratios["of inference"] < OF_INFERENCE or growth > GROWTH or ratios.get("of rembg p", 9) < OF_REMBG
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
