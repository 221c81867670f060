"""What this machine has to run ONNX models on, found without importing any of it (an import costs 0.1-0.4 s)."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

# The files by which onnxruntime's builds differ. Importing it would tell us the same, but more slowly.
_PROVIDER_FILES = {
    "CUDAExecutionProvider": ("libonnxruntime_providers_cuda.so", "onnxruntime_providers_cuda.dll"),
    "DmlExecutionProvider": ("DirectML.dll",),
}
# What PyTorch's builds with CUDA have in their folder `lib`.
_TORCH_CUDA_FILES = ("libtorch_cuda.so", "torch_cuda.dll")


@dataclass(frozen=True)
class Presence:
    """The engines that are installed.

    Attributes:
        openvino: the `openvino` package is installed.
        onnxruntime: an `onnxruntime` package (any build) is installed.
        accelerators: onnxruntime's accelerated providers that this build carries, such as "CUDAExecutionProvider".
            They need not be usable: the driver may be missing, which shows only when a session opens.
        torch: PyTorch is installed.
        torch_cuda: it is a build with CUDA. Again, the driver may be missing.
    """

    openvino: bool = False
    onnxruntime: bool = False
    accelerators: tuple[str, ...] = ()
    torch: bool = False
    torch_cuda: bool = False


def look() -> Presence:
    """The engines of this machine and interpreter."""
    onnxruntime = _source_of("onnxruntime")
    folder = onnxruntime.parent / "capi" if onnxruntime is not None else None
    torch = _source_of("torch")
    return Presence(
        openvino=_source_of("openvino") is not None,
        onnxruntime=folder is not None,
        accelerators=() if folder is None else _accelerators(folder, sys.platform, platform.machine()),
        torch=torch is not None,
        torch_cuda=torch is not None and any((torch.parent / "lib" / name).exists() for name in _TORCH_CUDA_FILES),
    )


def _source_of(package: str) -> Path | None:
    """The file that an import of `package` would run; None for an empty folder, which an uninstallation may leave."""
    spec = find_spec(package)
    return Path(spec.origin) if spec is not None and spec.origin is not None else None


def _accelerators(folder: Path, system: str, machine: str) -> tuple[str, ...]:
    found = [provider for provider, names in _PROVIDER_FILES.items() if any((folder / name).exists() for name in names)]
    if system == "darwin" and machine == "arm64":
        # Core ML is built into every onnxruntime wheel for macOS; only Apple's own processors gain from it.
        found.append("CoreMLExecutionProvider")
    return tuple(found)
