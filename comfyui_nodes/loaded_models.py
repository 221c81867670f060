"""Keeps models loaded between runs. ComfyUI manages torch models, so that it can unload them.

ComfyUI cannot move ONNX sessions: only the last few are kept, and none if keep_model_loaded is off.
"""

from __future__ import annotations

import gc
import logging
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from .model_choices import engine_name
from .model_folders import comfyui_store

if TYPE_CHECKING:
    from cutsmith.detection.detector import GroundingDetector
    from cutsmith.protocols import Remover
    from cutsmith.segmentation.sam2 import Sam2Segmenter

logger = logging.getLogger(__name__)

DEVICES = ("auto", "cpu")
_KEPT = 3
# Bytes that one picture needs in addition to the weights: ComfyUI frees this much on the device.
_SAM2_MEMORY = 1_500_000_000
_DETECTOR_MEMORY = 2_500_000_000

_Key = tuple[str, str, str]
_kept: OrderedDict[_Key, Any] = OrderedDict()


@contextmanager
def remover(choice: str, device: str, *, keep: bool) -> Iterator[Remover]:
    """Load the removal model that `choice` names in the node's list; free it afterwards unless `keep`."""

    def load() -> Remover:
        from cutsmith.removal.loading import load_remover

        engine = "auto"
        if device == "cpu":
            engine = "openvino" if find_spec("openvino") else "onnxruntime"
        loaded = load_remover(engine_name(choice, "remover"), engine=engine, store=comfyui_store())
        tell(loaded.warnings)
        return loaded.model

    with _held(("remover", choice, device), load, keep=keep) as opened:
        yield opened


@contextmanager
def segmenter(choice: str, device: str, *, keep: bool) -> Iterator[Sam2Segmenter]:
    """Load the SAM 2 model that `choice` names onto the device; unload it afterwards unless `keep`."""

    def load() -> _Managed:
        from cutsmith.segmentation.loading import load_segmenter

        loaded = load_segmenter(engine_name(choice, "segmenter"), device="cpu", store=comfyui_store())
        tell(loaded.warnings)
        return _Managed(loaded.model, device, _SAM2_MEMORY, on_unload=loaded.model.forget_pictures)

    with _held(("segmenter", choice, device), load, keep=keep) as managed:
        managed.bring_to_device()
        yield managed.model


@contextmanager
def detector(choice: str, device: str, *, keep: bool) -> Iterator[GroundingDetector]:
    """Load the Grounding DINO model that `choice` names onto the device; unload it afterwards unless `keep`."""

    def load() -> _Managed:
        from cutsmith.detection.loading import load_detector

        loaded = load_detector(engine_name(choice, "detector"), device="cpu", store=comfyui_store())
        tell(loaded.warnings)
        return _Managed(loaded.model, device, _DETECTOR_MEMORY)

    with _held(("detector", choice, device), load, keep=keep) as managed:
        managed.bring_to_device()
        yield managed.model


class _Managed:
    """A torch model under ComfyUI's model management."""

    def __init__(self, model: Any, device: str, memory: int, on_unload: Callable[[], None] | None = None) -> None:
        import comfy.model_management as management
        import torch
        from comfy.model_patcher import ModelPatcher

        self.model = model
        self._memory = memory
        # ComfyUI sets an attribute `device` on what it manages, but the networks have a property of that name.
        held = torch.nn.ModuleDict({"network": model.module})
        load_device = torch.device("cpu") if device == "cpu" else management.get_torch_device()
        self._patcher = ModelPatcher(held, load_device=load_device, offload_device=management.unet_offload_device())
        if on_unload is not None:
            from comfy.patcher_extension import CallbacksMP

            self._patcher.add_callback(CallbacksMP.ON_DETACH, lambda *_: on_unload())

    def bring_to_device(self) -> None:
        """Make ComfyUI free memory on the device and move the whole model there, if it is not there yet."""
        import comfy.model_management as management

        # ComfyUI can move only its own layers one by one while the network runs.
        management.load_models_gpu([self._patcher], memory_required=self._memory, force_full_load=True)

    def unload(self) -> None:
        """Remove the model from the device and from ComfyUI's list."""
        import comfy.model_management as management

        management.unload_model_and_clones(self._patcher)
        management.soft_empty_cache()


@contextmanager
def _held(key: _Key, load: Callable[[], Any], *, keep: bool) -> Iterator[Any]:
    """The result of `load`, reused while `key` is among the last few that are kept."""
    held = _kept.pop(key, None)
    if held is None:
        held = load()
    try:
        yield held
    finally:
        if keep:
            _kept[key] = held
            while len(_kept) > _KEPT:
                _release(_kept.popitem(last=False)[1])
        else:
            _release(held)
            del held
            gc.collect()


def _release(held: Any) -> None:
    if isinstance(held, _Managed):
        held.unload()


def tell(warnings: Iterable[str]) -> None:
    """Print warnings on ComfyUI's console."""
    from .words import warning_of

    for warning in warnings:
        logger.warning("Cutsmith: %s", warning_of(warning))
