"""The models of a node's run: loaded when they are first needed, and kept for the next run unless the user says no."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from cutsmith.errors import WeightsMissing

from .kept_models import Borrowed, borrowed, loaded
from .model_choices import engine_name, host_file, host_file_instead
from .model_folders import BACKGROUND_REMOVAL, comfyui_store

if TYPE_CHECKING:
    from pathlib import Path

    import torch

    from cutsmith.detection.detector import GroundingDetector
    from cutsmith.machine.files import FileIdentity
    from cutsmith.protocols import MattingModel, Remover
    from cutsmith.request import Request
    from cutsmith.segmentation.sam2 import Sam2Segmenter

    from .managed_models import Managed

DEVICES = ("auto", "cpu")
"""What the input `device` offers. None, which old workflows may hold, is taken for auto."""
AUTO, CPU = DEVICES
_TORCH = "torch"

Tell = Callable[[Iterable[str]], object]
"""Is given the warnings about a model, at each run that uses it."""

# Bytes that one picture needs in addition to the weights: ComfyUI frees this much on the device.
_SAM2_MEMORY = 1_500_000_000
_DETECTOR_MEMORY = 2_500_000_000
_BIREFNET_MEMORY = 4_000_000_000


@contextmanager
def remover(
    choice: str, device: str | None, *, keep: bool | None, tell: Tell, engine: str | None = AUTO
) -> Iterator[Remover]:
    """The removal model that `choice` names in the node's list; it is freed afterwards unless `keep`.

    `engine` is for ONNX files, as the engine's option of that name; "auto" takes PyTorch where ComfyUI has a card.
    """
    file = host_file(choice)
    name = engine_name(choice, "remover") if file is None else choice

    def load(run: Borrowed) -> Any:
        if file is not None:
            return _host_remover(run, choice, *file, _torch_device(device))
        from cutsmith.removal.loading import load_remover
        from cutsmith.removal.rembg_session import PREFIX

        if name is not None and name.startswith(PREFIX):
            # rembg opens its sessions itself.
            return run.take(("rembg", name), name, lambda: _droppable(load_remover(name, store=comfyui_store())))
        wanted = _engine(device) if engine in (None, AUTO) else engine
        target = str(_torch_device(device)) if wanted == _TORCH else AUTO
        try:
            return load_remover(name, engine=wanted, device=target, store=comfyui_store(), opener=run.open_onnx)
        except WeightsMissing as error:
            error.cures = (*host_file_instead(error.model), *error.cures)
            raise

    with borrowed(keep=keep) as run:
        given = loaded(run, partial(load, run))
        tell(given.warnings)
        yield given.model


@contextmanager
def segmenter(choice: str, device: str | None, *, keep: bool | None, tell: Tell) -> Iterator[Sam2Segmenter]:
    """The SAM 2 model that `choice` names, on the device; it is freed afterwards unless `keep`."""
    name = engine_name(choice, "segmenter")

    def load(run: Borrowed) -> Any:
        from cutsmith.segmentation.loading import load_segmenter, segmenter_file

        store, target = comfyui_store(), _torch_device(device)
        file = segmenter_file(name, store)

        def opened() -> Managed:
            found = load_segmenter(name, device="cpu", store=store)
            return _on(target, found, _SAM2_MEMORY, found.model.forget_pictures)

        return run.take(("segmenter", *_identities(file), str(target)), file.name, opened)

    with borrowed(keep=keep) as run:
        given = loaded(run, partial(load, run))
        tell(given.warnings)
        yield given.model


@contextmanager
def detector(choice: str, device: str | None, *, keep: bool | None, tell: Tell) -> Iterator[GroundingDetector]:
    """The Grounding DINO model that `choice` names, on the device; it is freed afterwards unless `keep`."""
    name = engine_name(choice, "detector")

    def load(run: Borrowed) -> Any:
        from cutsmith.detection.loading import detector_path, load_detector
        from cutsmith.machine.files import file_identity

        store, target = comfyui_store(), _torch_device(device)
        path = detector_path(name, store)

        def opened() -> Managed:
            return _on(target, load_detector(name, device="cpu", store=store), _DETECTOR_MEMORY)

        return run.take(("detector", file_identity(path), str(target)), path.name, opened)

    with borrowed(keep=keep) as run:
        given = loaded(run, partial(load, run))
        tell(given.warnings)
        yield given.model


@contextmanager
def matting_network(
    request: Request, device: str | None, *, keep: bool | None, tell: Tell
) -> Iterator[MattingModel | None]:
    """The network of the matting that `request` asks for, freed afterwards unless `keep`; None if it needs none."""
    from cutsmith.matting.loading import WITH_NETWORK

    method = request.finish.matting
    if method not in WITH_NETWORK:
        yield None
        return

    def load(run: Borrowed) -> Any:
        from cutsmith.matting.loading import load_network

        store = comfyui_store()
        if method == "vitmatte":
            return load_network(
                method, engine=_processor() if device == CPU else AUTO, store=store, opener=run.open_onnx
            )
        target = str(_torch_device(device))
        is_on_device = target != CPU

        def opened() -> Managed:
            return _droppable(load_network(method, device=target, store=store), is_on_device=is_on_device)

        return run.take((method, target), method, opened)

    with borrowed(keep=keep) as run:
        given = loaded(run, partial(load, run))
        tell(given.warnings)
        yield given.model


def _host_remover(run: Borrowed, choice: str, folder: str, path: Path, target: torch.device) -> Any:
    """The BiRefNet file at `path` in ComfyUI's `folder`, run by ComfyUI itself."""
    from cutsmith.protocols import Loaded

    from .host_remover import open_host_remover
    from .managed_models import Movable

    def opened() -> Managed:
        remover = open_host_remover(choice, path, target, is_native=folder == BACKGROUND_REMOVAL)
        found = Loaded(remover, bytes=path.stat().st_size)
        if target.type == CPU:
            return _droppable(found)
        # ComfyUI brings what its model calls its patcher to the device: ours, so that it is listed once.
        remover.host.patcher = Movable(found, remover.module, target, _BIREFNET_MEMORY)
        return remover.host.patcher  # type: ignore[no-any-return]

    return run.take(("host", folder, *_identities(path), str(target)), path.name, opened)


def _identities(path: Path) -> list[FileIdentity]:
    """The identity of a model's file, and of the description beside it, if there is one (docs/models.md)."""
    from cutsmith.machine.files import file_identity, is_file

    return [file_identity(each) for each in (path, path.with_suffix(".toml")) if is_file(each)]


def _engine(device: str | None) -> str:
    """The engine for ONNX files: PyTorch on ComfyUI's card if it has one, else the fastest on the processor."""
    if _torch_device(device).type != CPU:
        return _TORCH
    return _processor() if device == CPU else AUTO


def _processor() -> str:
    """The engine for the processor alone."""
    return "openvino" if find_spec("openvino") else "onnxruntime"


def _torch_device(device: str | None) -> torch.device:
    """The device for torch models."""
    import comfy.model_management
    import torch

    found: torch.device = torch.device(CPU) if device == CPU else comfy.model_management.get_torch_device()
    return found


def _on(target: torch.device, found: Any, memory: int, on_unload: Callable[[], None] | None = None) -> Managed:
    """A torch model that ComfyUI moves to `target`, with room for `memory` bytes; on the processor it stays."""
    from .managed_models import Movable

    if target.type == CPU:
        return _droppable(found)
    return Movable(found, found.model.module, target, memory, on_unload)


def _droppable(found: Any, *, is_on_device: bool = False) -> Managed:
    from .managed_models import Droppable

    return Droppable(found, found.bytes, is_on_device=is_on_device)
