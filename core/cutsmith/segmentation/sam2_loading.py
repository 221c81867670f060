"""A checkpoint of SAM 2 -> a segmenter on its device."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cutsmith.segmentation.checkpoint import Checkpoint
    from cutsmith.segmentation.sam2 import Sam2Segmenter


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
    with memory_guard(checkpoint.name, device, SMALLER):
        network.to(device)
    heed_cancelling(network)
    return Sam2Segmenter(checkpoint.name, network, checkpoint.weights)
