"""BiRefNet and its kin from the .safetensors that artists have, run by ComfyUI's own implementation."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.errors import ModelUnusable, WeightsDamaged

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray

_KINDS = (
    "ComfyUI runs BiRefNet in its large form (BiRefNet general, HR, matting, portrait; RMBG 2.0). The small ones run "
    "from the ONNX files of the list."
)


class HostRemover:
    """Picture -> soft mask by ComfyUI's own background-removal model (see `cutsmith.protocols.Remover`).

    Attributes:
        host: ComfyUI's model; its `patcher` is what ComfyUI brings to the device before each picture.
    """

    def __init__(self, name: str, path: Path, host: Any) -> None:
        """Wrap ComfyUI's model `host`, which the node's list calls `name`, read from `path`."""
        from cutsmith.engines.torch_device import heed_cancelling

        self.name = name
        self.host = host
        self._file = path.name
        heed_cancelling(host.model)

    @property
    def module(self) -> torch.nn.Module:
        """The network, for ComfyUI's model management."""
        module: torch.nn.Module = self.host.model
        return module

    def provenance(self) -> Mapping[str, str]:
        """Model, weights and engine."""
        return {
            "model": self.name,
            "weights": f"{self._file} (unverified)",
            "engine": f"torch {self.host.load_device}",
        }

    def soft_mask(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """ComfyUI's mask of `image`, uint8 (H, W, 3) sRGB, as float32 (H, W) in [0, 1]."""
        import torch

        with torch.inference_mode():
            mask = self.host.encode_image(torch.from_numpy(image)[None].float() / 255)[0]
        return np.asarray(mask.float().cpu().numpy().clip(0, 1), np.float32)


def open_host_remover(name: str, path: Path, device: torch.device, *, is_native: bool) -> HostRemover:
    """Open the file at `path` with ComfyUI's implementation, to run on `device`.

    A file in ComfyUI's own folder (`is_native`) is fed as core's node feeds it. Any other is its publisher's: it is
    normalised as BiRefNet was trained. A .toml file beside it says otherwise (docs/models.md).

    Raises:
        WeightsDamaged: the file is not a whole .safetensors file.
        ModelUnusable: it is for another network, the .toml is wrong, or this ComfyUI runs no such files.
    """
    try:
        from comfy import bg_removal_model
    except ImportError as error:
        raise ModelUnusable(
            f"This version of ComfyUI has no comfy.bg_removal_model to run {path.name} ({error}).",
            "Choose an ONNX model of the list.",
        ) from error
    from safetensors import SafetensorError

    from cutsmith.machine.files import is_file
    from cutsmith.removal.custom_model import described

    described_as, _ = described(path)
    try:
        host = bg_removal_model.load(str(path))
    except (SafetensorError, OSError, ValueError) as error:
        raise WeightsDamaged(f"{path} is not a complete .safetensors file: {error}.", "Download it again.") from error
    except RuntimeError as error:
        # PyTorch's message lists hundreds of tensors.
        raise ModelUnusable(f"{path} is a BiRefNet of another size than ComfyUI runs.", _KINDS) from error
    if host is None:
        raise ModelUnusable(f"{path} is not a BiRefNet.", _KINDS)
    if not is_native or is_file(path.with_suffix(".toml")):
        host.image_mean, host.image_std = list(described_as["mean"]), list(described_as["std"])
        host.image_size = described_as.get("input_size", host.image_size)
    host.load_device = host.patcher.load_device = device
    return HostRemover(name, path, host)
