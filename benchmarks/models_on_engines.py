"""Removal models on each engine, and with int8 weights: `python benchmarks/models_on_engines.py MODEL.onnx [...]`.

Each measured process opens one model on one engine and finds the masks of some of scikit-image's photographs; the
first picture's time is not counted. The processes are interleaved. This prints, per picture, seconds and processor
seconds; the peak memory of the process; both ratios to the first row, taken within a round; and how far the network's
maps are from the first row's, in 1/255: in the mean, in the mean of the worst photograph, and at the worst pixel. The
first row is the first model on onnxruntime, or on OpenVINO with `--openvino-only`. `--torch` adds PyTorch, on
CUDA where it is there.

`--int8` adds each model with its weights in int8, as nncf's compress_weights makes them for OpenVINO: the arithmetic
stays as it is. `pip install --target FOLDER nncf` and `--nncf FOLDER` leave the environment as it is. Models are
described as for `cutsmith cut --model FILE` (docs/models.md); without MODEL, the default weights are taken.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

from interleaved_runs import RunFailed, Usage, interleave, machine, median, run

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PHOTOGRAPHS = ("astronaut", "coffee", "chelsea", "rocket")
OPENVINO, ONNXRUNTIME, TORCH = "openvino", "onnxruntime", "torch"


@dataclass(frozen=True)
class Row:
    """A model on an engine. `graph` is what the engine reads; `described` is the ONNX file that says how to feed it."""

    engine: str
    graph: Path
    described: Path

    @property
    def name(self) -> str:
        """The row's title: the file and the engine."""
        return f"{self.graph.name}, {self.engine}"


@dataclass(frozen=True)
class Setting:
    """What is the same for all rows; `folder` takes OpenVINO's compiled models and the maps."""

    folder: Path
    threads: int
    photographs: int

    def maps(self, row: Row) -> Path:
        """The file of the maps that `row` found."""
        return self.folder / f"{row.graph.stem}-{row.engine}.npz"


def with_int8_weights(model: Path, nncf_folder: Path | None, folder: Path) -> Path:
    """Write `model` with int8 weights into `folder` as OpenVINO's graph.xml does; return its path.

    This runs in a process of its own, because a measured process counts the memory of the one that starts it.
    """
    path = folder / f"{model.stem}-int8.xml"
    nncf: list[str | Path] = [] if nncf_folder is None else ["--nncf", nncf_folder]
    run([sys.executable, __file__, "--compress", path, *nncf, model])
    return path


def compress_here(model: Path, path: Path, nncf_folder: Path | None) -> None:
    """The compressing process: write `model` with int8 weights to `path`."""
    if nncf_folder is not None:
        sys.path.append(str(nncf_folder))
    import nncf  # type: ignore[import-not-found, unused-ignore]
    import openvino

    graph = openvino.Core().read_model(model)
    compressed = nncf.compress_weights(graph, mode=nncf.CompressWeightsMode.INT8_ASYM)
    openvino.save_model(compressed, path, compress_to_fp16=False)


def measure_here(row: Row, setting: Setting) -> None:
    """The measured process: find the maps, keep them, and print the time of each as JSON."""
    import numpy as np
    from engines import opened
    from nothing_found import photograph

    from cutsmith.engines.opening import open_model
    from cutsmith.removal.custom_model import described, finished
    from cutsmith.removal.salient import SalientRemover

    if row.engine == TORCH:
        engine = open_model(row.graph, engine=TORCH, threads=setting.threads).engine
    else:
        cache = setting.folder / "compiled" if row.engine == OPENVINO else None
        engine = opened(cache, row.graph, setting.threads)
    spec = finished(described(row.described)[0], engine.input_shape)
    remover = SalientRemover(row.name, spec, engine, row.graph.name)
    seconds, processor = [], []
    maps: dict[str, Any] = {}
    for name in PHOTOGRAPHS[: setting.photographs]:
        image = photograph(name)
        began, used = perf_counter(), process_time()
        maps[name] = remover.probabilities(image)
        seconds.append(perf_counter() - began)
        processor.append(process_time() - used)
    np.savez(setting.maps(row), **maps)
    print(json.dumps({"engine": engine.name, "seconds": seconds[1:], "processor": processor[1:]}))


def measured(row: Row, setting: Setting) -> Usage:
    """Start the measured process of `row`."""
    return run(
        [
            *(sys.executable, __file__, "--measure", row.engine, "--graph", row.graph, "--folder", setting.folder),
            *("--threads", str(setting.threads), "--photographs", str(setting.photographs), row.described),
        ]
    )


def per_picture(usage: Usage, key: str) -> float:
    """The mean of a process's `seconds` or `processor` over its counted pictures."""
    values = [float(value) for value in json.loads(usage.output)[key]]
    return sum(values) / len(values)


def print_table(rows: list[Row], taken: Mapping[str, list[Usage]], setting: Setting) -> None:
    """Print one line per row: medians over the rounds, ratios to the first row, and differences from it."""
    first = rows[0]
    header = f"{'s':>8}{'processor s':>13}{'peak MB':>9}{'ratio':>7} (range)      {'processor':>9}{'memory':>8}"
    print(f"{'':48}{header}{'mean':>9}{'worst picture':>15}{'worst pixel':>13}   engine")
    for row in rows:
        usages, base = taken[row.name], taken[first.name]
        seconds = median([per_picture(usage, "seconds") for usage in usages])
        processor = median([per_picture(usage, "processor") for usage in usages])
        peak = median([usage.peak_bytes for usage in usages]).value
        ratio, processor_ratio = (
            median([per_picture(a, key) / per_picture(b, key) for a, b in zip(usages, base, strict=True)])
            for key in ("seconds", "processor")
        )
        memory = median([a.peak_bytes / b.peak_bytes for a, b in zip(usages, base, strict=True)]).value
        means, largest = differences(setting.maps(row), setting.maps(first))
        print(
            f"{row.name:48}{seconds.value:8.2f}{processor.value:13.2f}{peak / 1e6:9.0f}{ratio.value:7.2f} "
            f"({ratio.smallest:.2f}-{ratio.largest:.2f})  {processor_ratio.value:9.2f}{memory:8.2f}"
            f"{sum(means) / len(means):9.3f}{max(means):15.3f}{largest:13.1f}   "
            f"{json.loads(usages[0].output)['engine']}"
        )


def differences(ours: Path, theirs: Path) -> tuple[list[float], float]:
    """The mean |difference| of each photograph's two maps, and the largest of any pixel, in 1/255."""
    import numpy as np

    with np.load(ours) as one, np.load(theirs) as other:
        apart: list[NDArray[np.float32]] = [np.abs(one[name] - other[name]) * 255 for name in one.files]
    return [float(values.mean()) for values in apart], max(float(values.max()) for values in apart)


def chosen_rows(options: argparse.Namespace, models: list[Path], folder: Path) -> list[Row]:
    """The rows that the options ask for."""
    rows = []
    for model in models:
        if not options.openvino_only:
            rows.append(Row(ONNXRUNTIME, model, model))
        rows.append(Row(OPENVINO, model, model))
        if options.torch:
            rows.append(Row(TORCH, model, model))
        if options.int8:
            rows.append(Row(OPENVINO, with_int8_weights(model, options.nncf, folder), model))
    return rows


def main() -> int:
    """Run the processes in turn and print the table, or be one of them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", type=Path, metavar="MODEL")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--photographs", type=int, default=len(PHOTOGRAPHS), help="2 to 4 [default: 4]")
    parser.add_argument("--int8", action="store_true", help="also each model with int8 weights")
    parser.add_argument("--openvino-only", action="store_true")
    parser.add_argument("--torch", action="store_true", help="also each model on PyTorch")
    parser.add_argument("--nncf", type=Path, help="the folder that nncf was installed in with pip's --target")
    parser.add_argument("--compress", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--measure", help=argparse.SUPPRESS)
    parser.add_argument("--graph", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < 1 or options.threads < 1 or not 2 <= options.photographs <= len(PHOTOGRAPHS):
        parser.error("--rounds and --threads: wanted 1 or more; --photographs: 2 to 4")
    from cutsmith.errors import CutsmithError

    try:
        from cutsmith.removal.loading import default_weights

        models = options.models or [default_weights()]
        if options.compress is not None:
            compress_here(models[0], options.compress, options.nncf)
            return 0
        if options.measure is not None:
            setting = Setting(options.folder, options.threads, options.photographs)
            measure_here(Row(options.measure, options.graph, models[0]), setting)
            return 0
        with tempfile.TemporaryDirectory(prefix="cutsmith-benchmark-") as name:
            setting = Setting(Path(name), options.threads, options.photographs)
            rows = chosen_rows(options, models, setting.folder)
            print(machine())
            print(f"{options.rounds} rounds, {options.threads} threads, {options.photographs} photographs", flush=True)
            arms = {row.name: partial(measured, row, setting) for row in rows}
            print_table(rows, interleave(arms, options.rounds), setting)
    except CutsmithError as error:
        print(f"{error.what}\n  {error.remedy}", file=sys.stderr)
        return error.exit_code
    except (RunFailed, OSError) as error:
        print(f"models_on_engines: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
