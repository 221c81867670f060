"""Does memory grow from picture to picture? SAM 2 with random weights, one click on each of fifty pictures of 1.5 MP.

    python benchmarks/memory_over_pictures.py [--pictures 50]

This prints the resident memory after every tenth picture, and the growth from the tenth to the last.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
import psutil
from interleaved_runs import machine
from random_sam2 import write_random_sam2

from cutsmith import Picture, cut_out

WARM = 10


def main() -> int:
    """Measure and print the memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=50)
    options = parser.parse_args()
    if options.pictures <= WARM:
        parser.error(f"--pictures: wanted more than {WARM}")
    print(machine())
    process = psutil.Process()
    resident = []
    with tempfile.TemporaryDirectory(prefix="cutsmith-benchmark-") as folder:
        checkpoint = write_random_sam2(Path(folder))
        for number in range(1, options.pictures + 1):
            pixels = np.random.default_rng(number).integers(0, 256, (1000, 1500, 3), dtype=np.uint8)
            cut_out(Picture(pixels), points=[(700, 500)], segmenter=str(checkpoint), device="cpu")
            resident.append(process.memory_info().rss / 1e6)
            if number % WARM == 0:
                print(f"after {number:3} pictures: {resident[-1]:.0f} MB", flush=True)
    growth = resident[-1] - resident[WARM - 1]
    print(f"from picture {WARM} to {options.pictures}: {growth:+.0f} MB, at most {max(resident[WARM - 1 :]):.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
