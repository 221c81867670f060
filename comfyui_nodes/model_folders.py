"""Makes the engine look for weights in ComfyUI's model folders, including extra_model_paths.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import folder_paths

if TYPE_CHECKING:
    from cutsmith.models.entry import Kind
    from cutsmith.models.store import Store

SAM2 = "sam2"
GROUNDING_DINO = "grounding-dino"
REMBG = "rembg"
CUTSMITH = "cutsmith"
BIREFNET, RMBG = "BiRefNet", "RMBG"
# Folders under models/, named as in other packs, and the suffixes of the files in them that we can use.
FOLDERS = {
    SAM2: {".pt", ".pth", ".safetensors"},
    GROUNDING_DINO: {".pt", ".pth", ".safetensors"},
    REMBG: {".onnx"},
    BIREFNET: {".safetensors"},
    RMBG: {".safetensors"},
    CUTSMITH: {".onnx", ".pt", ".pth", ".safetensors"},
}
KEYS: dict[Kind, str] = {"remover": REMBG, "segmenter": SAM2, "detector": GROUNDING_DINO, "matter": CUTSMITH}
"""The folder in which a catalogue model of each kind belongs."""
BACKGROUND_REMOVAL = "background_removal"
# ComfyUI's own folders, which are searched too.
_NATIVE = (BACKGROUND_REMOVAL, "detection")
HOST_FOLDERS = (BACKGROUND_REMOVAL, BIREFNET, RMBG)
"""Where artists keep files that ComfyUI's own background removal may open."""


def register_model_folders() -> None:
    """Register the folders with ComfyUI, so that extra_model_paths.yaml and the model browser know them too."""
    for name, suffixes in FOLDERS.items():
        folder_paths.add_model_folder_path(name, str(Path(folder_paths.models_dir) / name))
        paths, known = folder_paths.folder_names_and_paths[name]
        # An empty set lists every file; another pack's set may lack our suffixes.
        folder_paths.folder_names_and_paths[name] = (paths, set(known) | suffixes)


def folder_of(kind: Kind) -> Path:
    """The full path of the folder in which a catalogue model of this kind belongs; it may not exist yet."""
    # The first is where ComfyUI itself would put a file: extra_model_paths.yaml may have made another one the default.
    return Path(folder_paths.get_folder_paths(KEYS[kind])[0])


def comfyui_store() -> Store:
    """The engine's store of weights, which also searches ComfyUI's folders."""
    from cutsmith.models.store import Store

    folders = [
        path
        for name in (*FOLDERS, *_NATIVE)
        if name in folder_paths.folder_names_and_paths
        for path in folder_paths.get_folder_paths(name)
    ]
    # Other packs keep the vocabulary of Grounding DINO beside its folder, in models/bert-base-uncased.
    beside = [str(Path(path).parent) for path in folder_paths.get_folder_paths(GROUNDING_DINO)]
    return Store(host_folders=[*folders, *beside])


def files_in(name: str) -> list[str]:
    """The model files in one of `FOLDERS`: paths relative to it, with "/" between folders."""
    return _files(name, FOLDERS[name])


def files_for_host() -> list[str]:
    """The .safetensors files in `HOST_FOLDERS`: "FOLDER/PATH"."""
    known = [folder for folder in HOST_FOLDERS if folder in folder_paths.folder_names_and_paths]
    return [f"{folder}/{file}" for folder in known for file in _files(folder, {".safetensors"})]


def _files(name: str, suffixes: set[str]) -> list[str]:
    found = (Path(each) for each in folder_paths.get_filename_list(name))
    return [each.as_posix() for each in found if each.suffix.lower() in suffixes]


def full_path(name: str, file: str) -> Path | None:
    """The full path of a `file` from `files_in(name)`; None if it has disappeared."""
    found = folder_paths.get_full_path(name, file)
    return None if found is None else Path(found)
