"""Does a batch's memory grow? `python benchmarks/batch_memory.py [--pictures 5000]`: small pictures, a trivial network.

`cutsmith batch` runs as a process of its own. This prints its resident memory at every 500th picture, and the ratio of
the last to the 500th, by which all is loaded. Then the time and the most memory of the same command once more, which
finds all of it done, and of `cutsmith report`. Exit code 1: it grew by more than 5 %.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter, sleep

import numpy as np
import psutil
from interleaved_runs import machine

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.core.red_network import write_red_network

STEP = 500
GROWTH = 1.05
_LOOK = 0.1


def make_pictures(folder: Path, count: int) -> None:
    """Write `count` different small pictures: a red disc before noise."""
    from PIL import Image, ImageDraw

    folder.mkdir()
    for number in range(count):
        chance = np.random.default_rng(number)
        noise = chance.integers(0, 80, (96, 128, 3), dtype=np.uint8)
        image = Image.fromarray(noise)
        left, top = (int(each) for each in chance.integers(4, 40, 2))
        ImageDraw.Draw(image).ellipse((left, top, left + 60, top + 48), fill=(230, 30, 20))
        image.save(folder / f"{number:05}.jpg")


def watched(command: list[str], done: Path | None = None) -> tuple[float, int, dict[int, int]]:
    """(seconds, most resident bytes, resident bytes at every `STEP`th row of the manifest `done`) of `command`."""
    began = perf_counter()
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    most, at, rows, read = 0, {}, 0, 0
    while process.poll() is None:
        try:
            resident = process.memory_info().rss
        except psutil.Error:
            break
        most = max(most, resident)
        if done is not None and done.exists():
            with done.open("rb") as stream:
                stream.seek(read)
                new = stream.read()
            read += len(new)
            rows += new.count(b'{"row":"result"')
            step = rows // STEP * STEP
            if step and step not in at:
                at[step] = resident
                print(f"{step:6} pictures: {resident / 1e6:.0f} MB", flush=True)
        sleep(_LOOK)
    if process.wait():
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    return perf_counter() - began, most, at


def main() -> int:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=5000)
    options = parser.parse_args()
    if options.pictures < 2 * STEP:
        parser.error(f"--pictures: wanted at least {2 * STEP}")
    print(machine())
    with tempfile.TemporaryDirectory(prefix="cutsmith-benchmark-") as name:
        folder = Path(name)
        make_pictures(folder / "pictures", options.pictures)
        network = write_red_network(folder / "red.onnx")
        (folder / "red.toml").write_text("input_size = 64\n")
        out = folder / "out"
        batch = [sys.executable, "-m", "cutsmith", "batch", str(folder / "pictures"), "-o", str(out)]
        batch += ["--model", str(network), "--matting", "none", "--looks", "1"]
        seconds, most, at = watched(batch, out / "manifest.jsonl")
        print(f"the batch: {seconds:.0f} s with its report, at most {most / 1e6:.0f} MB")
        for what, command in (
            ("all of it done already", batch),
            ("the report", [sys.executable, "-m", "cutsmith", "report", str(out)]),
        ):
            seconds, most, _ = watched(command)
            print(f"{what}: {seconds:.1f} s, at most {most / 1e6:.0f} MB", flush=True)
    first, last = at[min(at)], at[max(at)]
    print(f"from picture {min(at)} to {max(at)}: {last / first:.3f} times as much; target at most {GROWTH}")
    return int(last / first > GROWTH)


if __name__ == "__main__":
    sys.exit(main())
