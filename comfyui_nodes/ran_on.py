"""Which model ran on what, in a sentence for people: "IS-Net on OpenVINO, cpu, bf16"."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

# The keys of provenance: of a model's name, and of what ran it.
_MODELS = (
    ("detector", "detector_device"),
    ("segmenter", "segmenter_device"),
    ("model", "engine"),
    ("matting_model", "matting_engine"),
)
# What provenance calls an engine, and what ComfyUI's users call it.
_ENGINES = {"PyTorch": "torch"}
_WITHOUT_MODEL = ("closed-form", "pymatting-cf", "knn", "lbdm")


def ran_on(provenance: Mapping[str, str]) -> list[str]:
    """A sentence for each model that `provenance` names, and one for a matting that needs none."""
    told = [
        f"{_title(provenance[model])} on {_engine(provenance[engine])}"
        for model, engine in _MODELS
        if model in provenance and engine in provenance
    ]
    method = provenance.get("matting_used", provenance.get("matting", "")).partition(",")[0]
    return [*told, f"Matting: {method}, on the processor"] if method in _WITHOUT_MODEL else told


def _title(name: str) -> str:
    """The catalogue's title of a model, or the name of a file."""
    from cutsmith.models.catalogue import catalogue

    entry = catalogue().get(name)
    return PurePath(name).name if entry is None else entry.title


def _engine(name: str) -> str:
    """The parts of "OpenVINO CPU bf16" or "cuda:0" as a list: engine, device, numbers."""
    first, *others = name.split()
    if not others and first.islower():
        # A device alone is PyTorch's.
        first, others = "torch", [first]
    return ", ".join([_ENGINES.get(first, first), *map(str.lower, others)])
