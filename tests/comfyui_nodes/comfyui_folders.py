"""Stands in for ComfyUI's `folder_paths` where no ComfyUI is: the model folders have one place each."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType

import pytest

MODELS = "/COMFYUI/models"


@contextmanager
def comfyui_folders(models: str = MODELS) -> Iterator[None]:
    """While this lasts, the pack finds its folders under `models`; its module of folders is imported anew."""
    stand_in = ModuleType("folder_paths")
    stand_in.models_dir = models
    stand_in.folder_names_and_paths = {}
    stand_in.get_folder_paths = lambda name: [f"{models}/{name}"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "folder_paths", stand_in)
        patch.delitem(sys.modules, "comfyui_nodes.model_folders", raising=False)
        yield
        sys.modules.pop("comfyui_nodes.model_folders", None)
