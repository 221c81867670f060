"""ViTMatte from a folder as transformers saves it, by its own class `VitMatteForImageMatting` (extra `[text]`).

Nothing is fetched, and weights are read from safetensors alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.cures import set_option
from cutsmith.engines.pretrained import from_folder, opening_folder
from cutsmith.engines.torch_device import heed_cancelling, inference, memory_guard, require_packages
from cutsmith.errors import ModelUnusable, WeightsDamaged
from cutsmith.machine.files import is_file
from cutsmith.matting.vitmatte.onnx_network import checked_output
from cutsmith.matting.vitmatte.preprocessing import Preprocessing, read_preprocessing

if TYPE_CHECKING:
    from numpy.typing import NDArray

INPUT_SIDE = 1024
"""The side of a crop in pixels: that of the publishers' exports."""

_MODEL_TYPE = "vitmatte"
_CONFIG, _WEIGHTS = "config.json", "model.safetensors"
_WANTED = "Take a folder as save_pretrained writes it, such as that of hustvl/vitmatte-small-composition-1k."
_SHOWN_TENSORS = 3


class TorchViTMatte:
    """transformers' network on one device (see `cutsmith.protocols.MattingNetwork`)."""

    def __init__(
        self, name: str, module: Any, device: str, preprocessing: Preprocessing, side: int = INPUT_SIDE
    ) -> None:
        """Wrap a loaded `module` that is on `device`; `side` is that of the square crops, a multiple of 32."""
        self.name = name
        self.input_size = (side, side)
        self._module = module
        self._device = device
        self._preprocessing = preprocessing

    def alpha(self, image: NDArray[Any], trimap: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha as the network gives it, float32 (h, w) in [0, 1], of a crop no larger than `input_size`.

        Raises:
            DeviceOutOfMemory: the device's memory is full.
            ModelUnusable: values are not finite.
        """
        import torch

        tensor = self._preprocessing.tensor(image, trimap, self.input_size)
        smaller = set_option("matting", "closed-form", text="Or take another matting")
        with memory_guard(self.name, self._device, smaller), inference(self._device):
            alphas = self._module(pixel_values=torch.from_numpy(tensor).to(self._device)).alphas
            output = alphas.float().cpu().numpy()
        return checked_output(output, trimap.shape, self.input_size, self.name, f"PyTorch {self._device}")

    def provenance(self) -> Mapping[str, str]:
        """Model, weights and device."""
        return {
            "matting_model": self.name,
            "matting_weights": f"{Path(self.name).name} (unverified)",
            "matting_engine": f"PyTorch {self._device}",
        }


def open_torch_vitmatte(folder: Path, device: str) -> TorchViTMatte:
    """The network in `folder`, on `device`, ready to run.

    Raises:
        ExtraMissing: the part [text] is not installed.
        WeightsDamaged: the weights are truncated or corrupt.
        ModelUnusable: a file is missing, the architecture is another, or tensors are missing or unexpected.
    """
    require_packages("text", "torch", "transformers")
    for name in (_CONFIG, _WEIGHTS):
        if not is_file(folder / name):
            raise ModelUnusable(f"{folder} has no {name}.", _WANTED)
    _require_architecture(folder / _CONFIG)
    preprocessing = read_preprocessing(folder / "preprocessor_config.json")
    _require_whole_weights(folder / _WEIGHTS)
    from transformers import VitMatteForImageMatting

    with opening_folder(folder, _WANTED):
        module, loading = from_folder(VitMatteForImageMatting, folder)
    complaints = [
        f"{len(names)} {what} ({', '.join(map(str, sorted(names)[:_SHOWN_TENSORS]))})"
        for what, names in (
            ("missing", loading["missing_keys"]),
            ("unexpected", loading["unexpected_keys"]),
            ("of another shape", [each if isinstance(each, str) else each[0] for each in loading["mismatched_keys"]]),
        )
        if names
    ]
    if complaints:
        raise ModelUnusable(f"The weights in {folder} do not fit its {_CONFIG}: {'; '.join(complaints)}.", _WANTED)
    with memory_guard(str(folder), device, set_option("device", "cpu")):
        module = module.eval().requires_grad_(False).to(device)
    heed_cancelling(module)
    return TorchViTMatte(str(folder), module, device, preprocessing)


def _require_architecture(path: Path) -> None:
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{path} cannot be read: {error}.", _WANTED) from error
    found = config.get("model_type") if isinstance(config, dict) else None
    if found != _MODEL_TYPE:
        raise ModelUnusable(
            f"{path} names another architecture: model_type must be {_MODEL_TYPE!r}, but got {found!r}.", _WANTED
        )


def _require_whole_weights(path: Path) -> None:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="pt"):
            return
    except (SafetensorError, OSError) as error:
        raise WeightsDamaged(
            f"{path} is not a complete safetensors file: {path.stat().st_size:,} bytes, {error}.",
            "Fetch or copy it again.",
        ) from error
