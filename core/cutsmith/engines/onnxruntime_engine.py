"""Models on onnxruntime: the processor everywhere, CUDA, Core ML and DirectML where a build carries them."""

from __future__ import annotations

import contextlib
import io
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.engines.choice import CPU_PROVIDER, CUDA_PROVIDER
from cutsmith.engines.model_faults import cannot_load, failed_on_input, no_such_output
from cutsmith.engines.quiet_import import import_onnxruntime
from cutsmith.machine.cancelling import stoppable

if TYPE_CHECKING:
    from numpy.typing import NDArray

logger = logging.getLogger(__name__)


class OnnxruntimeEngine:
    """One model in one onnxruntime session (see `cutsmith.protocols.Engine`)."""

    def __init__(self, path: Path, output: int, threads: int, provider: str = CPU_PROVIDER) -> None:
        """Load the model at `path`; only its output number `output` is fetched.

        Raises:
            ModelUnusable: the file is not an ONNX model, or has no such output.
        """
        onnxruntime = import_onnxruntime()
        if provider == CUDA_PROVIDER:
            _preload_cuda(onnxruntime)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        # A provider that this build does not carry is left out, or onnxruntime would warn on top of our own warning.
        carried = onnxruntime.get_available_providers()
        providers = [name for name in dict.fromkeys((provider, CPU_PROVIDER)) if name in carried]
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=providers)
        except Exception as error:  # onnxruntime raises a dozen types of its own without a common base
            raise cannot_load("onnxruntime", path, error) from error
        outputs = self._session.get_outputs()
        if output >= len(outputs):
            raise no_such_output(path, len(outputs), output)
        self._output_name = outputs[output].name
        self._input = self._session.get_inputs()[0]
        active = self._session.get_providers()[0]
        self.accelerated = active != CPU_PROVIDER
        self.name = f"onnxruntime {active.removesuffix('ExecutionProvider')}"

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The input's shape (N, C, H, W); None where the model leaves a side open."""
        return tuple(side if isinstance(side, int) else None for side in self._input.shape)

    def run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """The wanted output for `tensor`, float32 (1, C, H, W)."""
        (result,) = run_session(self._session, [self._output_name], {self._input.name: tensor})
        return np.asarray(result, dtype=np.float32)


def _preload_cuda(onnxruntime: Any) -> None:
    """Load the libraries of CUDA and cuDNN that pip has installed, with PyTorch or alone.

    Without this, onnxruntime-gpu finds them only where PyTorch was imported first, or on the system's own search path.
    """
    if not hasattr(onnxruntime, "preload_dlls"):
        return  # before 1.21
    said = io.StringIO()
    try:
        # It prints what it does not find, which is no fault if the system has it.
        with contextlib.redirect_stdout(said):
            onnxruntime.preload_dlls()
    except (OSError, RuntimeError) as error:
        logger.info("CUDA's libraries were not preloaded: %s", error)
    if said.getvalue():
        logger.info("onnxruntime, preloading CUDA: %s", said.getvalue().strip())


def run_session(session: Any, outputs: list[str] | None, inputs: dict[str, Any]) -> Any:
    """What `session.run` gives; a cancelled run ends it after the operator that is being computed.

    Raises:
        ModelUnusable: the model fails on its input.
    """
    options = import_onnxruntime().RunOptions()

    def work() -> Any:
        try:
            return session.run(outputs, inputs, options)
        except Exception as error:  # as in OnnxruntimeEngine.__init__
            raise failed_on_input(error) from error

    def stop() -> None:
        options.terminate = True

    return stoppable(work, stop)
