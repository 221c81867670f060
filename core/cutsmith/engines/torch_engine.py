"""ONNX models on PyTorch: for hosts that have a graphics processor under PyTorch, and manage its memory.

On CUDA the network runs in half precision, elsewhere in float32. CUDA and MPS were not tried on real hardware.
"""

from __future__ import annotations

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from cutsmith.cures import set_option
from cutsmith.engines.model_faults import cannot_load, failed_on_input, no_such_output
from cutsmith.engines.torch_device import memory_guard
from cutsmith.machine.telling import tell

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

_PRECISIONS = {"float32": "fp32", "float16": "fp16", "bfloat16": "bf16"}


class TorchEngine:
    """One ONNX model as a PyTorch module (see `cutsmith.protocols.Engine`).

    Attributes:
        module: the network. A host may move it to another device or precision at any time between runs: the engine
            follows it.
    """

    def __init__(self, path: Path, output: int, device: str = "cpu") -> None:
        """Load the model at `path` to `device`; only its output number `output` is computed.

        Raises:
            ModelUnusable: the file is not an ONNX model, uses operators that are not supported, or has no such output.
        """
        import torch

        from cutsmith.engines.onnx_graph.file_format import BadGraph, read_graph
        from cutsmith.engines.onnx_graph.network import GraphNetwork

        try:
            graph = read_graph(path)
            if output >= len(graph.outputs):
                raise no_such_output(path, len(graph.outputs), output)
            self.module: torch.nn.Module = GraphNetwork(graph, output)
        except (BadGraph, OSError) as error:
            raise cannot_load("torch", path, error) from error
        self.input_shape = graph.input_shape
        self._file = path.name
        self._widening = Lock()
        self.module.to(device, torch.float16 if device == "cuda" else torch.float32)

    @property
    def name(self) -> str:
        """The device and the precision in which the network runs now, such as "torch cuda:0 fp16"."""
        weight = self._weight
        precision = str(weight.dtype).removeprefix("torch.")
        return f"torch {weight.device} {_PRECISIONS.get(precision, precision)}"

    def run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """The wanted output for `tensor`, float32 (1, C, H, W).

        If half precision gives values that are not finite, the network is widened to float32 and run again.

        Raises:
            DeviceOutOfMemory: the device has too little memory left.
        """
        import torch

        try:
            with memory_guard(
                self._file, self._weight.device, set_option("engine", "auto", text="Or take another engine")
            ):
                result = self._computed(tensor)
                if not np.isfinite(result).all() and self._weight.dtype != torch.float32:
                    self._widen()
                    result = self._computed(tensor)
        except RuntimeError as error:
            raise failed_on_input(error) from error
        return result

    @property
    def _weight(self) -> torch.Tensor:
        import torch

        # The network of `trial` has no weights.
        return next(self.module.parameters(), torch.empty(0))

    def _computed(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        import torch

        weight = self._weight
        with torch.inference_mode():
            image = torch.from_numpy(tensor).to(weight.device, weight.dtype)
            result = self.module(image).float().cpu().numpy()
        return np.asarray(result, np.float32)

    def _widen(self) -> None:
        with self._widening:
            if self._weight.dtype.itemsize < 4:
                tell(f"{self._file} overflows in half precision: it runs in float32 from here on, which is slower.")
                self.module.float()
