"""Runs one configuration in a process of its own, so that its peak memory is its own, and measures every picture."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.errors import CutsmithError, NotInstalled
from cutsmith.evaluation import mask_metrics, matting_metrics
from cutsmith.evaluation.configurations import Configuration
from cutsmith.evaluation.samples import SamplePaths, Truth, read_truth

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOUND_MSE = 0.05
"""A picture counts as found if the MSE of the raw mask is below this."""

_worker: dict[str, Any] = {}
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measured:
    """One picture by one configuration; `failure` says why there are no metrics, or is "".

    Attributes:
        metrics: by name, in the order of the tables.
        raw_mse: of the model's soft mask, before matting; None for peers.
        seconds: by stage, "total" the whole.
        peak_megabytes: of the process so far.
    """

    sample: SamplePaths
    configuration: str
    metrics: Mapping[str, float] = field(default_factory=dict)
    raw_mse: float | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_megabytes: float = 0.0
    failure: str = ""


@dataclass(frozen=True)
class Row:
    """All pictures by one configuration; `not_measured` says why there are none, or is ""."""

    configuration: Configuration
    pictures: tuple[Measured, ...] = ()
    not_measured: str = ""


@dataclass(frozen=True)
class _Answer:
    alpha: NDArray[np.float32] | None = None
    soft_mask: NDArray[np.float32] | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    peak_megabytes: float = 0.0
    failure: str = ""
    is_missing: bool = False


def all_metrics(alpha: NDArray[np.float32], truth: Truth) -> dict[str, float]:
    """Every metric of `alpha`, by its name in the tables; "unknown" is the unknown region."""
    region = matting_metrics.unknown_region(truth.alpha, truth.trimap)
    errors = {
        "SAD": matting_metrics.sad,
        "MSE": matting_metrics.mse,
        "Grad": matting_metrics.gradient_error,
        "Conn": matting_metrics.connectivity_error,
    }
    whole = {name: error(alpha, truth.alpha) for name, error in errors.items()}
    unknown = {f"{name} unknown": error(alpha, truth.alpha, region) for name, error in errors.items()}
    return whole | unknown | {
        "MAE": mask_metrics.mae(alpha, truth.alpha),
        "S": mask_metrics.s_measure(alpha, truth.alpha),
        "F": mask_metrics.f_measure(alpha, truth.alpha),
        "boundary IoU": mask_metrics.boundary_iou(alpha, truth.alpha),
    }  # fmt: skip


def measure(
    configuration: Configuration,
    samples: Sequence[SamplePaths],
    truths: Mapping[str, Truth],
    threads: int | None = None,
    on_picture: Callable[[Measured, NDArray[np.float32] | None], None] = lambda *_: None,
) -> Row:
    """Run `configuration` on all `samples`; `on_picture` gets each result with its alpha.

    A failure on one picture is told in its result. Missing weights or a missing extra leave the row unmeasured.
    """
    measured: list[Measured] = []
    with ProcessPoolExecutor(1, get_context("spawn"), initializer=_end_with_parent) as process:
        for sample in samples:
            box = _box(truths[sample.name].alpha) if configuration.box_of_truth else None
            try:
                answer = process.submit(_cut, configuration, sample.picture, box, threads).result()
            except BrokenProcessPool:
                reason = "its process was ended, perhaps for lack of memory"
                left = samples[len(measured) :]
                measured += [Measured(each, configuration.name, failure=reason) for each in left]
                break
            if answer.is_missing and not measured:
                return Row(configuration, not_measured=answer.failure)
            measured.append(_measured(configuration, sample, answer, truths[sample.name]))
            on_picture(measured[-1], answer.alpha)
    return Row(configuration, tuple(measured))


def read_truths(samples: Sequence[SamplePaths]) -> dict[str, Truth]:
    """The truth of every sample by its name; errors as for `read_truth`, and those of reading the pictures."""
    from cutsmith.picture import Picture

    truths = {}
    for sample in samples:
        picture = Picture.read(sample.picture)
        truths[sample.name] = read_truth(sample, picture.height, picture.width)
    return truths


def _measured(configuration: Configuration, sample: SamplePaths, answer: _Answer, truth: Truth) -> Measured:
    if answer.alpha is None:
        return Measured(sample, configuration.name, failure=answer.failure)
    raw = None if answer.soft_mask is None else matting_metrics.mse(answer.soft_mask, truth.alpha)
    metrics = all_metrics(answer.alpha, truth)
    return Measured(sample, configuration.name, metrics, raw, answer.seconds, answer.peak_megabytes)


def _box(truth: NDArray[np.float32]) -> tuple[float, float, float, float] | None:
    rows, columns = np.nonzero(truth >= 0.5)
    if not rows.size:
        return None
    return float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)


def _end_with_parent() -> None:
    """In the process of its own: end when the parent does. Two quick Ctrl-C would leave it waiting for ever."""
    parent = parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _cut(configuration: Configuration, path: Path, box: Any, threads: int | None) -> _Answer:
    """In the process of its own: cut one picture out. Models stay loaded for the next."""
    began = perf_counter()
    try:
        if configuration.peer:
            alpha, soft_mask, seconds = _cut_by_peer(configuration.peer, path)
        else:
            alpha, soft_mask, seconds = _cut_here(configuration, path, box, threads)
    except CutsmithError as error:
        return _Answer(failure=error.what, is_missing=isinstance(error, NotInstalled))
    except Exception as error:  # noqa: BLE001 - a bug or a peer's failure: this row tells it, the others are measured
        _log.debug("%s failed on %s", configuration.name, path, exc_info=True)
        return _Answer(failure=f"{type(error).__name__}: {error}")
    seconds["total"] = perf_counter() - began
    return _Answer(alpha, soft_mask, seconds, _peak_megabytes())


def _cut_here(configuration: Configuration, path: Path, box: Any, threads: int | None) -> Any:
    from cutsmith.pipeline.cut_out import cut_out
    from cutsmith.pipeline.loading import ModelPool
    from cutsmith.request import Request

    pool = _worker.setdefault("pool", ModelPool())
    given = {"box": box, "threads": threads}
    wanted = configuration.options | {name: value for name, value in given.items() if value is not None}  # type: ignore[operator]
    cutout = cut_out(path, Request().updated(wanted), pool=pool)
    return cutout.alpha, cutout.soft_mask, dict(cutout.seconds)


def _cut_by_peer(peer: str, path: Path) -> Any:
    from cutsmith.evaluation.peers import peer_cutter
    from cutsmith.picture import Picture

    if "peer" not in _worker:
        _worker["peer"] = peer_cutter(peer)
    return _worker["peer"](Picture.read(path).for_models()), None, {}


def _peak_megabytes() -> float:
    """The most memory that this process held: on Linux VmHWM, because ru_maxrss begins with the parent's."""
    try:
        for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    import psutil

    memory = psutil.Process().memory_info()
    return float(getattr(memory, "peak_wset", memory.rss)) / 2**20
