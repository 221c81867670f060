"""Keeps models loaded between runs. ComfyUI manages torch models, so that it can unload them.

ComfyUI cannot move ONNX sessions: only the last few are kept, and none if keep_model_loaded is off.
"""

from __future__ import annotations

import gc
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple

from .model_choices import engine_name
from .model_folders import comfyui_store

if TYPE_CHECKING:
    from cutsmith.detection.detector import GroundingDetector
    from cutsmith.protocols import Remover
    from cutsmith.segmentation.sam2 import Sam2Segmenter

DEVICES = ("auto", "cpu")
"""What the input `device` offers. None, which old workflows may hold, is taken for auto."""
AUTO, CPU = DEVICES

Tell = Callable[[Iterable[str]], object]
"""Is given the warnings about a model, at each run that uses it."""

_KEPT = 3
# Bytes that one picture needs in addition to the weights: ComfyUI frees this much on the device.
_SAM2_MEMORY = 1_500_000_000
_DETECTOR_MEMORY = 2_500_000_000


class _Loaded(NamedTuple):
    """A model that is kept, and the warnings about it."""

    model: Any
    warnings: tuple[str, ...]


_Key = tuple[str, str, str]
_kept: OrderedDict[_Key, _Loaded] = OrderedDict()


@contextmanager
def remover(choice: str, device: str | None, *, keep: bool | None, tell: Tell) -> Iterator[Remover]:
    """Load the removal model that `choice` names in the node's list; free it afterwards unless `keep`."""

    def load() -> _Loaded:
        from cutsmith.removal.loading import load_remover

        engine = "auto"
        if device == CPU:
            engine = "openvino" if find_spec("openvino") else "onnxruntime"
        loaded = load_remover(engine_name(choice, "remover"), engine=engine, store=comfyui_store())
        return _Loaded(loaded.model, loaded.warnings)

    with _held(("remover", choice, device or AUTO), load, keep=keep) as held:
        tell(held.warnings)
        yield held.model


@contextmanager
def segmenter(choice: str, device: str | None, *, keep: bool | None, tell: Tell) -> Iterator[Sam2Segmenter]:
    """Load the SAM 2 model that `choice` names onto the device; unload it afterwards unless `keep`."""

    def load() -> _Loaded:
        from cutsmith.segmentation.loading import load_segmenter

        loaded = load_segmenter(engine_name(choice, "segmenter"), device="cpu", store=comfyui_store())
        managed = _Managed(loaded.model, device, _SAM2_MEMORY, on_unload=loaded.model.forget_pictures)
        return _Loaded(managed, loaded.warnings)

    with _held(("segmenter", choice, device or AUTO), load, keep=keep) as held:
        tell(held.warnings)
        held.model.bring_to_device()
        yield held.model.model


@contextmanager
def detector(choice: str, device: str | None, *, keep: bool | None, tell: Tell) -> Iterator[GroundingDetector]:
    """Load the Grounding DINO model that `choice` names onto the device; unload it afterwards unless `keep`."""

    def load() -> _Loaded:
        from cutsmith.detection.loading import load_detector

        loaded = load_detector(engine_name(choice, "detector"), device="cpu", store=comfyui_store())
        return _Loaded(_Managed(loaded.model, device, _DETECTOR_MEMORY), loaded.warnings)

    with _held(("detector", choice, device or AUTO), load, keep=keep) as held:
        tell(held.warnings)
        held.model.bring_to_device()
        yield held.model.model


class _Managed:
    """A torch model under ComfyUI's model management."""

    def __init__(
        self, model: Any, device: str | None, memory: int, on_unload: Callable[[], None] | None = None
    ) -> None:
        import comfy.model_management as management
        import torch
        from comfy.model_patcher import ModelPatcher

        self.model = model
        self._memory = memory
        # ComfyUI sets an attribute `device` on what it manages, but the networks have a property of that name.
        held = torch.nn.ModuleDict({"network": model.module})
        load_device = torch.device("cpu") if device == CPU else management.get_torch_device()
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
def _held(key: _Key, load: Callable[[], _Loaded], *, keep: bool | None) -> Iterator[_Loaded]:
    """The result of `load`, reused while `key` is among the last few that are kept; `keep` None keeps it."""
    held = _kept.pop(key, None)
    if held is None:
        held = load()
    try:
        yield held
    finally:
        if keep is None or keep:
            _kept[key] = held
            while len(_kept) > _KEPT:
                _release(_kept.popitem(last=False)[1])
        else:
            _release(held)
            del held
            gc.collect()


def _release(held: _Loaded) -> None:
    if isinstance(held.model, _Managed):
        held.model.unload()
