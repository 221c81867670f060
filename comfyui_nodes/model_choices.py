"""The model lists of the nodes, and the engine's name for each entry.

Each list has the catalogue's models by their names, whether they are on disk or not, and by their files' names those
that are: `here` tells which.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path, PurePosixPath

from cutsmith.cures import Cure, advise
from cutsmith.errors import UnknownModel
from cutsmith.models.catalogue import catalogue, of_kind
from cutsmith.models.entry import Entry, Kind
from cutsmith.removal.rembg_session import session_names

from . import model_folders

DEFAULT_REMOVER = "default (IS-Net)"
DEFAULT_SAM2 = "default (best SAM 2 here)"
DEFAULT_DETECTOR = "default (first Grounding DINO here)"
DEFAULTS: dict[Kind, str] = {
    "remover": DEFAULT_REMOVER,
    "segmenter": DEFAULT_SAM2,
    "detector": DEFAULT_DETECTOR,
}
SUBJECT_IN_BOX = "subject in box (IS-Net)"
# The two files that transformers writes for a model; a folder with both is a model.
_HUB_WEIGHTS, _HUB_CONFIG = "model.safetensors", "config.json"


def remover_choices(here: Collection[str]) -> list[str]:
    """The catalogue's removal models, own ONNX files, BiRefNet files that ComfyUI runs itself, and rembg's sessions."""
    files = [*_files("remover", here), *_own_files(model_folders.REMBG), *model_folders.files_for_host()]
    return [DEFAULT_REMOVER, *of_kind("remover"), *files, *session_names()]


def host_file(choice: str) -> tuple[str, Path] | None:
    """The folder's name and the file of a `choice` that ComfyUI runs itself; None for other choices.

    Raises:
        UnknownModel: the file has disappeared since the list was made.
    """
    folder, _, file = choice.partition("/")
    if folder not in model_folders.HOST_FOLDERS or not file.endswith(".safetensors"):
        return None
    path = model_folders.full_path(folder, file)
    if path is None:
        raise _gone(file, folder)
    return folder, path


def host_file_instead(name: str) -> list[Cure]:
    """The file that ComfyUI runs itself in place of the catalogue's model `name`, if that is a BiRefNet."""
    if not name.startswith("birefnet-"):
        return []
    files = model_folders.files_for_host()
    if files:
        return [advise(f'ComfyUI runs BiRefNet itself: set model to "{files[0]}", which is here.')]
    folder = f"models/{model_folders.BACKGROUND_REMOVAL}"
    return [
        advise(
            f"ComfyUI runs BiRefNet itself: put its birefnet.safetensors into {folder} and choose it. Cutsmith's "
            "template hair-on-comfyui-s-mask offers the download."
        )
    ]


def sam2_choices(here: Collection[str]) -> list[str]:
    """The catalogue's SAM 2 models, checkpoints in ComfyUI's folder `sam2`, and the removal model on boxes."""
    files = [*_files("segmenter", here), *_own_files(model_folders.SAM2)]
    return [DEFAULT_SAM2, SUBJECT_IN_BOX, *of_kind("segmenter"), *files]


def detector_choices(here: Collection[str]) -> list[str]:
    """The catalogue's detectors, and checkpoints and folders in ComfyUI's folder `grounding-dino`."""
    files = _own_files(model_folders.GROUNDING_DINO)
    checkpoints = [file for file in files if not file.endswith(".safetensors")]
    folders = [_parent(file) for file in files if PurePosixPath(file).name == _HUB_WEIGHTS and _parent(file) != "."]
    return [DEFAULT_DETECTOR, *of_kind("detector"), *_files("detector", here), *checkpoints, *folders]


def engine_name(choice: str, kind: Kind) -> str | None:
    """The engine's name for `choice`; None lets the engine choose.

    Raises:
        UnknownModel: the file has disappeared since the list was made.
    """
    if choice in DEFAULTS.values():
        return None
    if choice in of_kind(kind) or choice in session_names():
        return choice
    if (entry := _by_file(choice, kind)) is not None:
        return entry.name
    folder = {
        "remover": model_folders.REMBG,
        "segmenter": model_folders.SAM2,
        "detector": model_folders.GROUNDING_DINO,
    }[kind]
    path = model_folders.full_path(folder, choice)
    if path is None and kind == "detector":
        weights = model_folders.full_path(folder, f"{choice}/{_HUB_WEIGHTS}")
        path = None if weights is None else weights.parent
    if path is None:
        raise _gone(choice, folder)
    return str(path)


def file_name(entry: Entry) -> str:
    """The name of a catalogue model's file, as a path in ComfyUI's folder for it.

    Workflows hold it in place of the model's own name where ComfyUI's page shall offer the download: the page looks for
    values that are names of files and not in the list.
    """
    return f"{entry.folder}/{entry.filename}" if entry.folder else entry.filename


def on_disk(kind: Kind) -> dict[str, bool]:
    """The catalogue's models whose file is on this machine; and whether the small files that belong to it are, too."""
    store, entries = model_folders.comfyui_store(), of_kind(kind)
    alone = (replace(entry, companions=()) if entry.companions else entry for entry in entries.values())
    return {
        name: not entries[name].companions or store.find(entries[name]) is not None for name in store.find_all(alone)
    }


def _files(kind: Kind, here: Collection[str]) -> list[str]:
    return [file_name(entry) for name, entry in of_kind(kind).items() if name in here]


def _by_file(choice: str, kind: Kind) -> Entry | None:
    return next((entry for entry in of_kind(kind).values() if file_name(entry) == choice), None)


def _gone(file: str, folder: str) -> UnknownModel:
    return UnknownModel(
        f"There is no model {file!r} in ComfyUI's folder {folder}.", "Press R in ComfyUI to refresh the lists."
    )


def _own_files(folder: str) -> list[str]:
    """The files in `folder` that do not belong to a catalogue model (the list shows those by name)."""
    known = {name for entry in catalogue().values() for name in _places(entry.folder, entry.filenames)}
    return [file for file in model_folders.files_in(folder) if file not in known]


def _places(folder: str, filenames: tuple[str, ...]) -> list[str]:
    return [f"{folder}/{name}" if folder else name for name in filenames]


def _parent(file: str) -> str:
    return PurePosixPath(file).parent.as_posix()
