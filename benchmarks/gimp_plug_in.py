"""The plug-in in GIMP 3: `python benchmarks/gimp_plug_in.py`. The time of a cut-out beside the engine's own.

This needs the GIMP that `python3 install.py test --hosts` prepares. Warm: one GIMP without a window opens a photograph
of 12 megapixels and calls `cutsmith-cut-out` again and again. The worker's log has the time of the engine's stages;
the rest is the plug-in's start, the pixels both ways, the mask, and GIMP. Cold: in GIMP's window, without a worker,
from the key that chooses Filters > Cut Out until the status bar shows the first text; a picture of the screen is taken
again and again. The exit code is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from interleaved_runs import machine, median
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.hosts.gimp_host import CUT_OUT, GimpHost  # noqa: E402 - the clone is not on the path of a script
from tests.hosts.gimp_window import SCREEN, GimpWindow  # noqa: E402
from tests.hosts.host_programs import HOSTS  # noqa: E402

SIZE = (4000, 3000)
REST_TARGET = 1.0
TEXT_TARGET = 0.5
# Where GIMP's status bar shows texts, and nothing else changes: x, y, width, height.
STATUS_TEXT = f"560,{SCREEN[1] - 50},400,45"
SHOTS = 60
# One program takes pictures of the status bar, each with its start time, and presses the key after some of them.
# Starting a program for each picture would take longer than the measured time.
LOOP = """
i=0
while [ $i -lt {shots} ]; do
    date +%s.%N
    scrot -o -a {place} {folder}/shot$i.png
    i=$((i+1))
    if [ $i = 5 ]; then date +%s.%N > {folder}/pressed; xdotool key Return; fi
done
"""
STAGES = re.compile(r"cut: done in [0-9.]+ s((?:, [a-z ]+ [0-9.]+)+)")


def main() -> int:
    """Measure both, print them, and compare them with their targets."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9, help="warm calls")
    parser.add_argument("--starts", type=int, default=5, help="cold calls in the window; 0 leaves them out")
    options = parser.parse_args()
    program = HOSTS / "gimp" / "run"
    if not program.is_file():
        parser.error(f"there is no GIMP in {program.parent}: python3 install.py test --hosts prepares one")
    print(machine())
    met = True
    with tempfile.TemporaryDirectory(prefix="cg-", ignore_cleanup_errors=True) as folder:
        host = GimpHost(program, Path(folder), {"CUTSMITH_MODELS": str(_weights())})
        try:
            photograph = _photograph(Path(folder) / "photograph.png")
            whole, rest = _warm(host, photograph, options.rounds)
            texts = [_cold(host, photograph) for _ in range(options.starts)]
        finally:
            host.end_worker()
    calls, others = median(whole), median(rest)
    good = others.value <= REST_TARGET
    print(f"a warm call on {SIZE[0]} x {SIZE[1]}, {options.rounds} rounds: {calls.text(2, ' s')} in all")
    print(f"  not the engine's: {others.text(2, ' s')}; target at most {REST_TARGET}: {'met' if good else 'MISSED'}")
    met = met and good
    if texts:
        good = max(latest for _, latest in texts) <= TEXT_TARGET
        shown = ", ".join(f"{earliest:.2f}-{latest:.2f}" for earliest, latest in texts)
        print(
            f"cold, from the key to the first text (last picture without it - first with it), {options.starts} starts:"
        )
        print(f"  {shown} s; target at most {TEXT_TARGET}: {'met' if good else 'MISSED'}")
        met = met and good
    return 0 if met else 1


def _weights() -> Path:
    """The folder of IS-Net's weights."""
    from cutsmith.models.catalogue import DEFAULT_MODELS, find_entry
    from cutsmith.models.store import Store

    here = [found.path for name in DEFAULT_MODELS if (found := Store().find(find_entry(name))) is not None]
    if not here:
        sys.exit("IS-Net's weights are not on this machine: cutsmith models fetch isnet-general-use")
    return here[0].parent


def _photograph(path: Path) -> Path:
    """A photograph from scikit-image, enlarged to 12 megapixels."""
    import skimage.data

    Image.fromarray(skimage.data.astronaut()).resize(SIZE, Image.Resampling.LANCZOS).save(path, compress_level=1)
    return path


def _warm(host: GimpHost, photograph: Path, rounds: int) -> tuple[list[float], list[float]]:
    """Seconds of each call, and of its part outside the engine."""
    call = ("timed_call", CUT_OUT, {"edge": "off"})
    _, *whole = host.run(("load", str(photograph)), *[call] * (rounds + 1))
    log = host.home / "state" / "cutsmith" / "log" / "worker.log"
    _, *engine = [
        sum(float(share.split()[-1]) for share in stages.strip(", ").split(", "))
        for stages in STAGES.findall(log.read_text(encoding="utf-8"))
    ]
    return whole, [call - own for call, own in zip(whole, engine, strict=True)]


def _cold(host: GimpHost, photograph: Path) -> tuple[float, float]:
    """Seconds from the key to the last picture of the screen without a text, and to the first with one."""
    host.end_worker()
    small = photograph.with_name("small.png")
    Image.open(photograph).resize((400, 300)).save(small)
    window = GimpWindow(host, small)
    try:
        window.menu("alt+r")
        time.sleep(1.0)
        window.keys("Up")
        window.settle()
        loop = LOOP.format(shots=SHOTS, place=STATUS_TEXT, folder=host.home)
        done = subprocess.run(
            [str(host.program), "sh", "-c", loop], env=window.environment, capture_output=True, text=True, check=True
        )
        pressed = float((host.home / "pressed").read_text())
        begun = [float(line) for line in done.stdout.splitlines()]
        before, *shown = [np.asarray(Image.open(host.home / f"shot{number}.png")) for number in range(SHOTS)]
        for number, picture in enumerate(shown[:-1], start=1):
            if begun[number + 1] > pressed and (picture != before).any():
                # A picture shows the screen at some time between its own start and that of the next.
                return max(0.0, begun[number - 1] - pressed), begun[number + 1] - pressed
        return float("inf"), float("inf")
    finally:
        window.close()


if __name__ == "__main__":
    sys.exit(main())
