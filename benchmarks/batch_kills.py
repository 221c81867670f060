"""Does a batch survive kill -9? `python benchmarks/batch_kills.py [--kills 20] [--pictures 800] [--engine ray]`.

`cutsmith batch` runs as a process of its own on small pictures, with a trivial network. It is killed at random times
and run again, until it was killed often enough; then it may end. With `--engine ray`, a worker is killed before every
other kill, and Ray starts it anew. Exit code 1: the results are not, byte for byte, those of a run that nobody
disturbed, an input has not just one final row, or a result was truncated after a kill.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from time import sleep

import psutil
from batch_memory import make_pictures
from interleaved_runs import machine

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.core.red_network import write_red_network

_FIRST_ROWS = 2  # a kill comes at a random time after these: before them a process does no work
_UP_TO = 1.5  # seconds


def results(out: Path) -> dict[str, bytes]:
    """The results below `out` by their names, without what the batch keeps for itself."""
    return {
        path.relative_to(out).as_posix(): path.read_bytes()
        for path in sorted(out.rglob("*.png"))
        if ".cutsmith" not in path.parts
    }


def rows(out: Path) -> int:
    """How many results the manifest tells of."""
    manifest = out / "manifest.jsonl"
    return manifest.read_bytes().count(b'{"row":"result"') if manifest.exists() else 0


def is_worker(process: psutil.Process) -> bool:
    """Whether it cuts pictures out for Ray."""
    try:
        return "MapWorker" in " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return False


def is_agent(process: psutil.Process) -> bool:
    """Whether it looks after Ray itself: two of these live on for a minute."""
    try:
        return process.name().endswith("Agent")
    except psutil.NoSuchProcess:
        return True


def killed_once(command: list[str], out: Path, chance: random.Random, *, worker: bool) -> bool:
    """Run `command` and kill it, or one of its Ray workers and then it; -> whether it was still at work."""
    before = rows(out)
    process = psutil.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and rows(out) < before + _FIRST_ROWS:
        sleep(0.02)
    sleep(chance.uniform(0, _UP_TO))
    if process.poll() is not None:
        return False
    below = process.children(recursive=True)
    if worker and (workers := [each for each in below if is_worker(each)]):
        with suppress(psutil.NoSuchProcess):
            chance.choice(workers).kill()
        sleep(chance.uniform(0, _UP_TO))
    process.kill()
    process.wait()
    psutil.wait_procs([each for each in below if not is_agent(each)], timeout=20)
    return True


def main() -> int:
    """Kill, run to the end, compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=800)
    parser.add_argument("--engine", choices=["auto", "ray"], default="auto")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    print(machine())
    chance = random.Random(options.seed)
    with tempfile.TemporaryDirectory(prefix="cutsmith-benchmark-") as folder:
        pictures, calm, out = (Path(folder) / name for name in ("pictures", "calm", "out"))
        make_pictures(pictures, options.pictures)
        network = write_red_network(Path(folder) / "red.onnx")
        said = ["--model", str(network), "--matting", "none", "--looks", "1", "--foreground", "none"]
        batch = [sys.executable, "-m", "cutsmith", "batch", str(pictures), *said, "-o"]
        subprocess.run([*batch, str(calm)], check=True, capture_output=True)
        expected, truncated, kills = results(calm), 0, 0
        disturbed = [*batch, str(out), "--engine", options.engine]
        while kills < options.kills:
            if not killed_once(disturbed, out, chance, worker=options.engine == "ray" and kills % 2 == 0):
                print("The work was done before it was killed often enough: give more --pictures.")
                break
            kills += 1
            found = results(out)
            truncated += sum(data != expected[name] for name, data in found.items())
            print(f"kill {kills}: {len(found)} results", flush=True)
        subprocess.run(disturbed, check=True, capture_output=True)
        is_equal, final = results(out) == expected, final_rows(out)
    print(f"{kills} kills; results byte-identical: {is_equal}; truncated: {truncated}; rows an input: {final}")
    return int(not is_equal or truncated > 0 or set(final) != {1} or kills < options.kills)


def final_rows(out: Path) -> dict[int, int]:
    """How many inputs have one row that tells of a result, how many have two, and so on."""
    from cutsmith.batch.manifest import Manifest

    counted = Counter(row["input"] for row in Manifest(out).rows() if row["row"] == "result")
    return dict(Counter(counted.values()))


if __name__ == "__main__":
    sys.exit(main())
