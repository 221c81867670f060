"""The sample pictures of the workflows, in ComfyUI's folder `input`, where Load Image looks for them."""

from __future__ import annotations

import shutil
from pathlib import Path

from installer.folders import Clone


def place_samples(comfyui: Path, clone: Clone) -> list[Path]:
    """Copy those sample pictures into ComfyUI's input folder that are not there; -> what was copied."""
    folder = comfyui / "input"
    missing = [sample for sample in _samples(clone) if not (folder / sample.name).exists()]
    if missing:
        folder.mkdir(exist_ok=True)
    return [Path(shutil.copyfile(sample, folder / sample.name)) for sample in missing]


def placed_samples(comfyui: Path, clone: Clone) -> list[Path]:
    """The sample pictures in ComfyUI's input folder, as they were copied; a changed one is the user's."""
    places = {comfyui / "input" / sample.name: sample for sample in _samples(clone)}
    return [place for place, sample in places.items() if place.is_file() and place.read_bytes() == sample.read_bytes()]


def _samples(clone: Clone) -> list[Path]:
    folder = clone.root / "workflows" / "samples"
    return sorted(folder.glob("cutsmith-*")) if folder.is_dir() else []
