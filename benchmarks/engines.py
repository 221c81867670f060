"""IS-Net on each engine: `python benchmarks/engines.py`, about two minutes.

Each line is a fresh process that imports the engine, loads the weights that `cutsmith cut` takes by default and runs
them on one 1024 x 1024 input: OpenVINO with an empty cache of compiled models (cold) and with the cache of an earlier
run (warm), and onnxruntime, which has no cache. Loading includes the engine's import. An uncounted run brings weights
and libraries into memory. OpenVINO computes in bf16 if the processor supports it, as in the product, and onnxruntime
in f32.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from interleaved_runs import RunFailed, Usage, interleave, machine, median, run

if TYPE_CHECKING:
    from cutsmith.protocols import Engine

COLD, WARM, ONNXRUNTIME = "OpenVINO, cold", "OpenVINO, warm", "onnxruntime"
INPUT_SIZE = 1024


def opened(cache: Path | None, weights: Path, threads: int) -> Engine:
    """The weights on OpenVINO with this cache, or, without one, on onnxruntime."""
    if cache is None:
        from cutsmith.engines.onnxruntime_engine import OnnxruntimeEngine

        return OnnxruntimeEngine(weights, 0, threads)
    from cutsmith.engines.openvino_engine import OpenVinoEngine

    return OpenVinoEngine(weights, 0, threads, cache)


def measure_here(cache: Path | None, weights: Path, threads: int, inferences: int) -> None:
    """The measured process: load, infer, and print the time of each as JSON."""
    import numpy as np

    tensor = np.random.default_rng(0).uniform(-0.5, 0.5, (1, 3, INPUT_SIZE, INPUT_SIZE)).astype(np.float32)
    seconds = []
    began = perf_counter()
    engine = opened(cache, weights, threads)
    loaded = perf_counter() - began
    for _ in range(inferences):
        began = perf_counter()
        engine.run(tensor)
        seconds.append(perf_counter() - began)
    print(json.dumps({"engine": engine.name, "load": loaded, "first": seconds[0], "later": min(seconds[1:])}))


def measured(weights: Path, threads: int, inferences: int, cache: Path | None, *, cold: bool = False) -> Usage:
    """Start the measured process, with an emptied cache for a cold run."""
    if cold and cache is not None:
        shutil.rmtree(cache, ignore_errors=True)
    return run(
        [
            *(sys.executable, __file__, "--measure", ONNXRUNTIME if cache is None else cache),
            *("--weights", weights, "--threads", str(threads), "--inferences", str(inferences)),
        ]
    )


def print_table(taken: Mapping[str, list[Usage]]) -> None:
    """Print one line per engine: medians, with their ranges."""
    print(f"{'median (range)':16}{'load s':>20}{'first inference s':>21}{'later s':>20}{'peak MB':>18}  engine")
    for name, usages in taken.items():
        told = [json.loads(usage.output) for usage in usages]
        cells = "".join(
            f"{cell([float(process[key]) for process in told], 2):>{width}}"
            for key, width in (("load", 20), ("first", 21), ("later", 20))
        )
        peak = cell([usage.peak_bytes / 1e6 for usage in usages], 0)
        print(f"{name:16}{cells}{peak:>18}  {told[0]['engine']}")


def cell(values: list[float], digits: int) -> str:
    """`1.23 (1.20-1.40)`."""
    middle = median(values)
    return f"{middle.value:.{digits}f} ({middle.smallest:.{digits}f}-{middle.largest:.{digits}f})"


def main() -> int:
    """Run the processes in turn and print the table, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--inferences", type=int, default=2, help="in each process; `later` is the best but the first")
    parser.add_argument("--weights", type=Path, help="an ONNX file with a 1024 x 1024 input [default: IS-Net]")
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < 1 or options.threads < 1 or options.inferences < 2:
        parser.error("--rounds and --threads: wanted 1 or more; --inferences: 2 or more")
    from cutsmith.errors import CutsmithError

    try:
        from cutsmith.removal.loading import default_weights

        weights = options.weights or default_weights()
        if options.measure is not None:
            cache = None if options.measure == ONNXRUNTIME else Path(options.measure)
            measure_here(cache, weights, options.threads, options.inferences)
            return 0
        with tempfile.TemporaryDirectory(prefix="cutsmith-benchmark-") as name:
            start = partial(measured, weights, options.threads, options.inferences)
            arms = {
                COLD: partial(start, Path(name) / "cold", cold=True),
                WARM: partial(start, Path(name) / "warm"),
                ONNXRUNTIME: partial(start, None),
            }
            print(machine())
            print(f"{weights.name}, {options.rounds} rounds, {options.threads} threads", flush=True)
            arms[WARM]()
            arms[ONNXRUNTIME]()
            print_table(interleave(arms, options.rounds))
    except CutsmithError as error:
        print(f"{error.what}\n  {error.remedy}", file=sys.stderr)
        return error.exit_code
    except (RunFailed, OSError) as error:
        print(f"engines: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
