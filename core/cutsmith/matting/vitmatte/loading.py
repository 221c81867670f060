"""What the option `matting_model` says -> ViTMatte, open and ready to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.cures import run
from cutsmith.errors import ModelUnusable, UnknownModel, WeightsDamaged, WeightsMissing, shown
from cutsmith.machine.files import is_file, is_folder, weights_size
from cutsmith.protocols import Loaded

if TYPE_CHECKING:
    from cutsmith.engines.opening import Opener
    from cutsmith.models.entry import Entry
    from cutsmith.models.store import Store
    from cutsmith.protocols import MattingNetwork

# What a machine without any is told to fetch: 110 MB.
SUGGESTED_VITMATTE = "vitmatte-small-composition-1k"
_CHECKPOINT_SUFFIXES = (".pt", ".pth", ".ckpt")


def load_vitmatte(
    model: str | None = None,
    *,
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    store: Store | None = None,
    opener: Opener | None = None,
) -> Loaded[MattingNetwork]:
    """The ViTMatte that `model` names, open on the best engine, or for a folder on the best device.

    Args:
        model: a catalogue name, the path of an ONNX file or of a folder as transformers saves it, or None for the
            catalogue's first that is on this machine.
        engine: one of `cutsmith.engines.choice.ENGINE_NAMES`, for ONNX files.
        device: one of `cutsmith.engines.torch_device.DEVICE_NAMES`, for folders.
        threads: None takes all that the process may use.
        store: where weights are looked for; None takes this user's.
        opener: opens ONNX files in place of `open_model`.

    Raises:
        UnknownModel: neither a catalogue entry nor a file or folder.
        WeightsMissing, WeightsDamaged: the weights are not here, or are not the publisher's.
        EngineMissing, ExtraMissing, ModelUnusable: the model cannot be run, or is no ViTMatte.
        BadOption: engine or device is unknown, or `threads` is below 1.
    """
    from cutsmith.models.catalogue import find_entry, of_kind
    from cutsmith.models.store import Store

    store = store or Store()
    if model is None:
        entry, path = _first_on_this_machine(store)
        return _open_file(entry.name, path, entry.identified(path), engine, threads, opener)
    if model in of_kind("matter"):
        entry = find_entry(model, "matter")
        path = store.require(entry)
        return _open_file(model, path, entry.identified(path), engine, threads, opener)
    path = Path(model)
    if is_folder(model):
        return _open_folder(path, device, threads)
    if path.suffix == ".safetensors" and is_file(model):
        return _open_folder(path.parent, device, threads)
    if path.suffix.lower() in _CHECKPOINT_SUFFIXES and is_file(model):
        raise ModelUnusable(
            f"{model} is a checkpoint of PyTorch, but ViTMatte is read from an ONNX file or from a folder as "
            "transformers saves it.",
            run("models", "list", text="Files that can be fetched"),
        )
    if is_file(model):
        return _open_file(model, path, f"{path.name} (unverified)", engine, threads, opener)
    if path.suffix.lower() in (".onnx", ".safetensors", *_CHECKPOINT_SUFFIXES) or len(path.parts) > 1:
        raise UnknownModel(
            f"There is no file or folder {model}.",
            run("models", "list", text="Models that need no path"),
            option="matting_model",
            found=shown(model),
        )
    find_entry(model, "matter")
    raise AssertionError("a name that is not in the catalogue was refused")


def _first_on_this_machine(store: Store) -> tuple[Entry, Path]:
    """The catalogue's first that is here and whole, for they stand in the order of their quality, and its path."""
    from cutsmith.models.catalogue import find_entry, of_kind

    damaged: WeightsDamaged | None = None
    for entry in of_kind("matter").values():
        if entry.matting is None or entry.matting.network != "vitmatte":
            continue
        try:
            return entry, store.require(entry)
        except WeightsMissing:
            continue
        except WeightsDamaged as error:
            damaged = damaged or error
    if damaged is not None:
        raise damaged
    entry = find_entry(SUGGESTED_VITMATTE, "matter")
    return entry, store.require(entry)


def _open_file(
    name: str, path: Path, weights: str, engine: str, threads: int | None, opener: Opener | None
) -> Loaded[MattingNetwork]:
    from cutsmith.engines.opening import open_model
    from cutsmith.matting.vitmatte.onnx_network import OnnxViTMatte

    opened = (opener or open_model)(path, engine=engine, threads=threads)
    return Loaded(OnnxViTMatte(name, opened.engine, weights), opened.warnings, weights_size(path))


def _open_folder(folder: Path, device: str, threads: int | None) -> Loaded[MattingNetwork]:
    from cutsmith.engines.torch_device import choose_device, limit_threads, require_packages
    from cutsmith.matting.vitmatte.torch_network import open_torch_vitmatte

    require_packages("text", "torch", "transformers")
    limit_threads(threads)
    plan = choose_device(device)
    return Loaded(open_torch_vitmatte(folder, plan.device), plan.warnings, weights_size(folder))
