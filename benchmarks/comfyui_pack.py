"""The node pack in ComfyUI: `python benchmarks/comfyui_pack.py`. How long it loads, and what its nodes add.

This needs the ComfyUI that `python3 install.py test --hosts` prepares, or another one with --comfyui. Both parts run in
its own Python, without a server. Loading: the seconds that ComfyUI itself measures and prints for the pack, in a new
process each time, after an empty pack that pays for ComfyUI's own first imports. Nodes: each node runs on a batch of 4
images. Its time beside the engine's functions (tensors, threads, progress, previews) is given as a share of their
time; the same functions also run without the node, interleaved. The exit code is 1 if a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from interleaved_runs import machine, median
from random_sam2 import write_random_sam2

from cutsmith.machine.folders import cache_folder

ROOT = Path(__file__).resolve().parent.parent
INSIDE = Path(__file__).with_name("inside_comfyui.py")
NODES = ("RembgCut", "TrimapMatting", "SAM2Mask")
LOAD_TARGET = 0.05
SHARE_TARGET = 5


def main() -> int:
    """Run both parts and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comfyui", type=Path, default=_prepared_comfyui(), metavar="FOLDER")
    parser.add_argument("--loads", type=int, default=9, help="processes that load the pack")
    parser.add_argument("--rounds", type=int, default=9, help="rounds of each node; 0 leaves the nodes out")
    parser.add_argument("--node", dest="nodes", action="append", choices=NODES, help="only this one; may be repeated")
    options = parser.parse_args()
    if not (options.comfyui / "main.py").is_file():
        parser.error(f"there is no ComfyUI in {options.comfyui}: python3 install.py test --hosts prepares one")
    if options.loads < 1 or options.rounds < 0:
        parser.error("--loads: wanted 1 or more; --rounds: 0 or more")

    print(machine())
    seconds = median([_inside(options.comfyui, "load", pack=str(ROOT))["seconds"] for _ in range(options.loads)])
    met = seconds.value < LOAD_TARGET
    print(f"loading the pack, {options.loads} processes; ComfyUI prints it as {seconds.value:.1f} seconds")
    print(f"  {seconds.text(3, ' s')}; target below {LOAD_TARGET}: {'met' if met else 'MISSED'}")
    if not options.rounds:
        return 0 if met else 1
    print(f"what a node takes more than the engine, 4 images of 1200 x 800, {options.rounds} rounds")
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "sam2"
        models.mkdir()
        sam2 = write_random_sam2(models).name
        asked = {"models": folder, "sam2": sam2, "rounds": options.rounds, "nodes": options.nodes or NODES}
        taken = _inside(options.comfyui, "nodes", pack=str(ROOT), **asked)
    for name, rounds in taken["seconds"].items():
        shares = median([100 * (whole / inner - 1) for whole, inner, _ in rounds])
        engine = median([inner for _, inner, _ in rounds])
        ratio = median([whole / alone for whole, _, alone in rounds])
        good = shares.value < SHARE_TARGET
        met = met and good
        print(
            f"  {name:14} engine {engine.value:.2f} s; more: {shares.text(1, ' %')}; target below {SHARE_TARGET}: "
            f"{'met' if good else 'MISSED'}"
        )
        print(f"  {'':14} node / engine without the node, interleaved: {ratio.text(2)}")
    return 0 if met else 1


def _prepared_comfyui() -> Path:
    named = os.environ.get("CUTSMITH_HOSTS", "").strip()
    return (Path(named) if named else cache_folder() / "hosts") / "comfyui" / "ComfyUI"


def _inside(comfyui: Path, part: str, **arguments: object) -> dict[str, Any]:
    """The figures that one part of inside_comfyui.py measured in ComfyUI's own Python."""
    python = comfyui / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    told = json.dumps({"part": part, "tree": str(comfyui), **arguments})
    # A user's Python keeps its bytecode.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [str(python), str(INSIDE), told]
    done = subprocess.run(command, cwd=comfyui, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"comfyui_pack: {done.stderr[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


if __name__ == "__main__":
    sys.exit(main())
