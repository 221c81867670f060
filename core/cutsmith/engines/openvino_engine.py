"""Models on OpenVINO: the fastest engine on a processor, in bf16 where the processor can multiply it.

The model is cut down to the wanted output and kept, compiled, in the user's cache folder: later starts take a third of
the time. bf16 differs from f32 by 0.1/255 on average (measured on 22 pictures) in half the time and memory.
"""

from __future__ import annotations

import glob
import hashlib
import logging
import shutil
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.engines.model_faults import cannot_load, failed_on_input, no_such_output, reason_of
from cutsmith.engines.quiet_import import import_openvino
from cutsmith.machine.cancelling import stoppable
from cutsmith.machine.files import is_file
from cutsmith.machine.folders import compiled_folder
from cutsmith.machine.telling import tell

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)

_REQUESTS = 2  # as many views as a second look adds; more of them gain nothing
_GRAPH = "graph.xml"
_UNFINISHED = ".new-"
_WRITING_ENDS = 3600  # seconds; a model is written in a few
_FIRST_CALL = Lock()
# While it reads a model, OpenVINO sets the locale of the process to C, and back (2026.4): two threads that do so at the
# same moment would leave it at C, and with it the encoding in which Python reads files.
_READING = Lock()


class OpenVinoEngine:
    """One model compiled for the processor (see `cutsmith.protocols.Engine`)."""

    accelerated = False

    def __init__(self, path: Path, output: int, threads: int, cache: Path | None = None) -> None:
        """Compile the model at `path`, or load it compiled; only its output number `output` is computed.

        `cache` is the folder for compiled models; None takes `compiled_folder()`.

        Raises:
            ModelUnusable: OpenVINO cannot read the file, or it has no such output.
        """
        openvino = import_openvino()
        with _FIRST_CALL:
            # Its table of types is made at the first call, with Python's lock let go meanwhile: two threads whose first
            # inferences meet there wait for each other for ever (2026.4).
            openvino.Type.f32.to_dtype()
        try:
            core = openvino.Core()
            precision = "bf16" if "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") else "f32"
            config = {
                "PERFORMANCE_HINT": "LATENCY",
                "INFERENCE_PRECISION_HINT": precision,
                "INFERENCE_NUM_THREADS": threads,
                "ENABLE_CPU_PINNING": False,
            }
            source = _Source(openvino, core, path, output, config)
            self._folder = (cache or compiled_folder()) / _cache_name(path, output, openvino.__version__)
            self._source, self._may_be_damaged = source, is_file(self._folder / _GRAPH)
            with _READING:
                self._take(_compile(source, self._folder))
        except RuntimeError as error:
            raise cannot_load("OpenVINO", path, error) from error
        self._repair = Lock()
        self.name = f"OpenVINO CPU {precision}"

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The input's shape (N, C, H, W); None where the model leaves a side open."""
        shape = self._compiled.input(0).partial_shape
        return tuple(side.get_length() if side.is_static else None for side in shape)

    def run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """The wanted output for `tensor`, float32 (1, C, H, W).

        Several threads may run the model at once, each with a request of its own: while the processor computes for
        one, the others prepare their input or read their output. Where an earlier process compiled the model and a
        value is not finite, it is compiled once more: the copy that was kept may be damaged in a way that loading does
        not notice.
        """
        may_be_damaged = self._may_be_damaged
        result = self._infer(tensor)
        if may_be_damaged and not np.isfinite(result).all():
            with self._repair:
                if self._may_be_damaged:
                    self._compile_anew()
            result = self._infer(tensor)
        return result

    def _infer(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        requests = self._requests
        request = requests.get()

        def work() -> NDArray[np.float32]:
            try:
                return np.array(request.infer([tensor], share_inputs=True)[0], dtype=np.float32)
            except RuntimeError as error:
                raise failed_on_input(error) from error

        try:
            return stoppable(work, request.cancel)
        finally:
            requests.put(request)

    def _compile_anew(self) -> None:
        logger.warning("the model kept in %s gave values that are not finite: it is made again", self._folder)
        self._may_be_damaged = False
        try:
            with _READING:
                self._take(_compile_anew(self._source, self._folder))
        except RuntimeError as error:
            raise failed_on_input(error) from error

    def _take(self, compiled: Any) -> None:
        requests: SimpleQueue[Any] = SimpleQueue()
        for _ in range(_REQUESTS):
            requests.put(compiled.create_infer_request())
        self._compiled, self._requests = compiled, requests


@dataclass(frozen=True)
class _Source:
    """What a model is compiled from, and how."""

    openvino: Any
    core: Any
    path: Path
    output: int
    config: dict[str, object]


def _compile(source: _Source, folder: Path) -> Any:
    """The model of `source` as an earlier call kept it in `folder`; compiled again where that cannot be loaded."""
    if is_file(folder / _GRAPH):
        try:
            return _compile_kept(source, folder)
        except RuntimeError as error:
            logger.info("the model kept in %s is made again: %s", folder, reason_of(error))
    return _compile_anew(source, folder)


def _compile_anew(source: _Source, folder: Path) -> Any:
    """The model of `source` compiled from its own file, then kept in `folder` in place of what is there."""
    source.core.set_property({"CACHE_DIR": ""})
    shutil.rmtree(folder, ignore_errors=True)
    model = _single_output(source)
    try:
        _keep(source.openvino, model, folder)
    except OSError as error:
        # A cache that cannot be written costs time, never the result.
        tell(f"Compiled models cannot be kept in {folder.parent}, so each start takes longer: {error}.")
        return source.core.compile_model(model, "CPU", source.config)
    return _compile_kept(source, folder)


def _compile_kept(source: _Source, folder: Path) -> Any:
    source.core.set_property({"CACHE_DIR": str(folder), "CACHE_MODE": "OPTIMIZE_SPEED"})
    return source.core.compile_model(folder / _GRAPH, "CPU", source.config)


def _single_output(source: _Source) -> Any:
    model = source.core.read_model(source.path)
    if source.output >= len(model.outputs):
        raise no_such_output(source.path, len(model.outputs), source.output)
    return source.openvino.Model([model.output(source.output)], model.get_parameters())


def _cache_name(path: Path, output: int, version: str) -> str:
    """One folder a model file; another size, date, output or OpenVINO makes another folder."""
    state = path.stat()
    where = hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:8]
    what = hashlib.sha256(f"{state.st_size} {state.st_mtime_ns} {output} {version}".encode()).hexdigest()[:12]
    return f"{path.stem}-{where}-{what}"


def _keep(openvino: Any, model: Any, folder: Path) -> None:
    """Write the cut-down model into `folder`, whole or not at all, and drop those of the file's older states."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=folder.parent))
    try:
        openvino.save_model(model, made / _GRAPH, compress_to_fp16=False)
        try:
            made.rename(folder)
        except OSError:
            # Another process was faster; its copy is as good.
            if not is_file(folder / _GRAPH):
                raise
    except RuntimeError as error:
        raise OSError(reason_of(error)) from error
    finally:
        shutil.rmtree(made, ignore_errors=True)
    for old in _left_over(folder):
        shutil.rmtree(old, ignore_errors=True)


def _left_over(folder: Path) -> list[Path]:
    """Useless folders beside `folder`: older states of its model, and what killed processes left behind."""
    name = glob.escape(folder.name.rpartition("-")[0])
    states = [state for state in folder.parent.glob(f"{name}-*") if state != folder]
    long_ago = time.time() - _WRITING_ENDS
    # One of them may vanish meanwhile, because another process moves its own to where it belongs.
    return states + [made for made in folder.parent.glob(f"{_UNFINISHED}*") if 0 < _modified(made) < long_ago]


def _modified(path: Path) -> float:
    """When `path` was changed, in seconds since 1970; 0 where it is not there."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0
