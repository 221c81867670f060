"""Open models in ComfyUI's own model management: it lists them, and frees them when it needs or is told to.

ComfyUI calls a patcher's `detach` to take a model off its device. What happens then is what the two kinds differ in.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

import comfy.model_management as management
import torch
from comfy.model_patcher import ModelPatcher
from typing_extensions import override

# More bytes than any device has, and fewer than "Unload models" asks for (1e30).
_ON_NO_DEVICE = int(1e24)
# Bytes that a picture needs in a removal network beside the weights. IS-Net at 1024 pixels holds 0.27 GB at most, and
# the rest is for the convolutions' own working space.
_NETWORK_MEMORY = 1_000_000_000


class Managed(ModelPatcher):
    """An open model that ComfyUI manages.

    Attributes:
        loaded: what the engine's loader gave; None once the model has been freed.
    """

    loaded: Any

    @abstractmethod
    def use(self) -> None:
        """List the model with ComfyUI, and bring it to its device, unless that is done already."""

    @abstractmethod
    def bytes_in_memory(self) -> int:
        """What its weights take in this process's memory; 0 once it has been freed."""

    def free(self) -> None:
        """Take the model off its device and off ComfyUI's list, and drop it."""
        management.unload_model_and_clones(self)
        self.loaded = None


class Movable(Managed):
    """A torch model, which ComfyUI moves to its device and back. It keeps the model in memory in between.

    Args:
        loaded: what the engine's loader gave.
        module: its network.
        device: where it runs.
        memory: bytes that one picture needs beside the weights: ComfyUI frees this much on the device.
        on_unload: called when the model leaves the device.
    """

    def __init__(
        self,
        loaded: Any,
        module: torch.nn.Module,
        device: torch.device,
        memory: int,
        on_unload: Callable[[], None] | None = None,
    ) -> None:
        # ComfyUI sets an attribute `device` on what it manages, but the networks have a property of that name.
        held = torch.nn.ModuleDict({"network": module})
        super().__init__(held, load_device=device, offload_device=management.unet_offload_device())
        self.loaded = loaded
        self._memory = memory
        self._on_unload = on_unload

    @override
    def use(self) -> None:
        # ComfyUI can move only its own layers one by one while the network runs.
        management.load_models_gpu([self], memory_required=self._memory, force_full_load=True)

    @override
    def bytes_in_memory(self) -> int:
        return 0 if self.loaded is None else int(self.model_size() - self.loaded_size())

    @override
    def detach(self, unpatch_all: bool = True) -> Any:
        # ComfyUI also detaches, without unpatching, a model that it is about to list anew.
        if unpatch_all and self._on_unload is not None:
            self._on_unload()
        return super().detach(unpatch_all)


def movable_network(opened: Any, device: str) -> Movable:
    """An ONNX model that PyTorch runs (an `Opened` of the engine), on ComfyUI's `device` and in its precision."""
    module, target = opened.engine.module, torch.device(device)
    if management.should_use_fp16(target, sum(weight.numel() for weight in module.parameters())):
        module.half()
    return Movable(opened, module, target, _NETWORK_MEMORY)


class Droppable(Managed):
    """A model that cannot be moved, such as an ONNX session, or need not, such as a torch model on the processor.

    ComfyUI's "Unload models" drops it, and the next run opens it again.

    Args:
        loaded: what the engine's loader gave.
        size: bytes of its weights.
        is_on_device: whether it takes memory on ComfyUI's device. If not, a shortage there does not drop it.
    """

    def __init__(self, loaded: Any, size: int, *, is_on_device: bool = False) -> None:
        # ComfyUI frees the models of its own device alone, so this one is listed there, wherever it runs.
        device = management.get_torch_device()
        super().__init__(_CutsmithModel(), load_device=device, offload_device=device, size=max(size, 1))
        self.loaded = loaded
        self._is_on_device = is_on_device

    @override
    def use(self) -> None:
        if any(each.model is self for each in management.current_loaded_models):
            return
        # Not by `load_models_gpu`, which makes room on the device first.
        listed = management.LoadedModel(self)
        listed.model_load()
        management.current_loaded_models.insert(0, listed)

    @override
    def bytes_in_memory(self) -> int:
        return 0 if self.loaded is None else int(self.model_size())

    @override
    def loaded_size(self) -> int:
        return int(self.model_size()) if self._is_on_device else _ON_NO_DEVICE

    @override
    def partially_load(self, *_: Any, **__: Any) -> int:
        return 0

    @override
    def partially_unload(self, device_to: Any, memory_to_free: int = 0, force_patch_weights: bool = False) -> int:
        # What is on no device has nothing to give there. ComfyUI drops a model that gives less than it asks for.
        return 0 if self._is_on_device else memory_to_free

    @override
    def detach(self, unpatch_all: bool = True) -> Any:
        if unpatch_all:
            self.loaded = None
        return self.model


class _CutsmithModel(torch.nn.Module):
    """Stands for a model that is none of torch's, or that ComfyUI shall not move: its list holds modules."""
