"""A checkpoint of SAM 2 -> a segmenter on its device."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from cutsmith.segmentation.checkpoint import Checkpoint
    from cutsmith.segmentation.sam2 import Sam2Segmenter

_log = logging.getLogger(__name__)


def open_sam2(checkpoint: Checkpoint, device: str) -> Sam2Segmenter:
    """The SAM 2 of `checkpoint` on `device`, ready to run.

    Raises:
        WeightsDamaged: the checkpoint is truncated or corrupt.
        ModelUnusable: it is not SAM 2's, or is for a network that cannot be built.
        DeviceOutOfMemory: the network does not fit on the device.
    """
    from cutsmith.engines.checkpoint import fit_checkpoint, read_checkpoint
    from cutsmith.engines.torch_device import heed_cancelling, memory_guard
    from cutsmith.segmentation.sam2 import SMALLER, Sam2Segmenter
    from cutsmith.segmentation.sam2_config import Sam2Config, build_network, config_of
    from cutsmith.segmentation.sam2_tensor_names import ONLY_FOR_FILMS, in_publishers_names, is_in_hub_names

    path, entry = checkpoint.path, checkpoint.entry
    tensors = read_checkpoint(path)
    is_converted = is_in_hub_names(tensors)
    if is_converted:
        tensors = in_publishers_names(tensors)
    config = Sam2Config(entry.sam2.config) if entry is not None and entry.sam2 is not None else config_of(path, tensors)
    network = build_network(config, path)
    fit_checkpoint(network, tensors, path=path, kind=config.name, unused=ONLY_FOR_FILMS if is_converted else ())
    _log.info("%s", told_of(path, tensors))
    with memory_guard(checkpoint.name, device, SMALLER):
        network.to(device)
    heed_cancelling(network)
    return Sam2Segmenter(checkpoint.name, network, checkpoint.weights)


def told_of(path: Path, tensors: Iterable[str]) -> str:
    """How many of the tensors, given by name, came from `path`, and how many of them were trained on what.

    Raises:
        ModelUnusable: the file beside it is wrong.
    """
    from cutsmith.segmentation.finetuned import finetuned_facts

    names = list(tensors)
    facts = finetuned_facts(path)
    if facts is None:
        return f"{len(names)} tensors from {path.name}"
    trained = sum(map(facts.is_trained, names))
    pictures = "1 picture" if facts.pictures == 1 else f"{facts.pictures} pictures"
    return f"{len(names)} tensors from {path.name}, {trained} of them trained on {pictures}; base {facts.base}"
