"""The network that the tuning begins from: found, identified, and prepared so that only the wanted part is trained."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.cures import set_option
from cutsmith.errors import EngineMissing

if TYPE_CHECKING:
    import torch

    from cutsmith.segmentation.sam2 import Sam2Segmenter
    from cutsmith.segmentation.sam2_config import Sam2Config

DECODER = ("sam_prompt_encoder.", "sam_mask_decoder.")
"""Beginnings of the names of the tensors that are trained."""

_OF_THE_EMBEDDING = ("sam_mask_decoder.conv_s0.", "sam_mask_decoder.conv_s1.")
# The decoder's parts that only films use.
_OF_FILMS = ("sam_mask_decoder.obj_ptr",)
_ADAPTED = "image_encoder.trunk.blocks."


@dataclass(frozen=True, eq=False)
class Base:
    """Attributes: name: as the user gave it, or the catalogue's; path, sha256: of its file; config: which network it
    is; licence: of its weights, None where it is not in the catalogue; device: where it runs.
    """

    name: str
    path: Path
    sha256: str
    config: Sam2Config
    licence: str | None
    device: str


def find_base(base: str | None, device: str, threads: int | None) -> Base:
    """The network that `base` names, as `cutsmith.segmentation.loading.load_segmenter` takes it.

    Raises:
        EngineMissing: the device that was asked for is not there: on another one it would take hours instead of
            minutes.
        UnknownModel, ExtraMissing, WeightsMissing, WeightsDamaged, ModelUnusable, BadOption: as `load_segmenter`.
    """
    from cutsmith.engines.checkpoint import read_checkpoint
    from cutsmith.engines.torch_device import choose_device, limit_threads, require_packages
    from cutsmith.models.catalogue import of_kind
    from cutsmith.models.integrity import hash_file
    from cutsmith.segmentation.loading import segmenter_file
    from cutsmith.segmentation.sam2_config import Sam2Config, config_of

    require_packages("sam2", "torch", "sam2", "safetensors")
    limit_threads(threads)
    plan = choose_device(device)
    if plan.warnings:
        raise EngineMissing(
            f"{device} was asked for, but PyTorch does not see it here.",
            set_option("device", "cpu", "Tune on the processor, which takes longer"),
        )
    path = segmenter_file(base)
    known = of_kind("segmenter")
    entry = known.get(base or "") or next((each for each in known.values() if path.name in each.filenames), None)
    spec = entry.sam2 if entry is not None and base in (None, entry.name) else None
    config = Sam2Config(spec.config) if spec is not None else config_of(path, read_checkpoint(path))
    name = entry.name if spec is not None and entry is not None else path.name
    licence = entry.licence if spec is not None and entry is not None else None
    return Base(name, path, hash_file(path, "sha256"), config, licence, plan.device)


def open_base(base: Base, threads: int | None) -> Sam2Segmenter:
    """The base, loaded anew each time: one that is tuned and one that stays as it is."""
    from cutsmith.segmentation.loading import load_segmenter

    opened: Any = load_segmenter(str(base.path), device=base.device, threads=threads).model
    return opened  # type: ignore[no-any-return]


def trained_parameters(network: Any, rank: int, seed: int) -> dict[str, torch.nn.Parameter]:
    """The parameters to train, by name; all others of `network`, a `SAM2Base`, are frozen.

    They are those of the prompt encoder and the mask decoder; with a `rank` above 0 also low-rank weights that are
    added to the image encoder.
    """
    for parameter in network.parameters():
        parameter.requires_grad_(False)
    if rank:
        from cutsmith.finetuning.lora import add_low_rank

        for parameter in add_low_rank(network, rank, seed):
            parameter.requires_grad_(True)
    for name, parameter in network.named_parameters():
        if name.startswith(DECODER) and not name.startswith(_OF_THE_EMBEDDING + _OF_FILMS):
            parameter.requires_grad_(True)
    return {name: parameter for name, parameter in network.named_parameters() if parameter.requires_grad}


def trained_names(rank: int) -> tuple[str, ...]:
    """Beginnings of the names of the tensors that training with this `rank` changes, for the result's file."""
    return (*DECODER, _ADAPTED) if rank else DECODER
