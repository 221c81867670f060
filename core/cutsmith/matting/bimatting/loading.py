"""An official checkpoint of BiMatting -> a matter on its device."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.cures import run
from cutsmith.errors import UnknownModel, shown
from cutsmith.machine.files import is_file, weights_size
from cutsmith.protocols import Loaded

if TYPE_CHECKING:
    from cutsmith.matting.bimatting.film import BiMattingFrames
    from cutsmith.matting.bimatting.matter import BiMattingMatter
    from cutsmith.matting.bimatting.network import BiMattingNetwork
    from cutsmith.models.store import Store

NAME = "bimatting"
"""The catalogue's entry."""

# Both [sam2] and [text] bring PyTorch; this one brings the less beside it.
_EXTRA = "sam2"


@dataclass(frozen=True, eq=False)
class OpenBiMatting:
    """The open network, and where it is from (`protocols.MattingModel`).

    Attributes:
        name: as the option `matting_model` takes it.
        network: on its device, in its evaluation mode.
        weights: the file's name and hash.
        device: what runs it.
    """

    name: str
    network: BiMattingNetwork
    weights: str
    device: str

    def provenance(self) -> Mapping[str, str]:
        """Model, file and device."""
        return {
            "matting_model": self.name,
            "matting_weights": self.weights,
            "matting_engine": f"PyTorch {self.device}",
        }


def load_named(
    model: str | None = None, *, device: str = "auto", threads: int | None = None, store: Store | None = None
) -> Loaded[OpenBiMatting]:
    """The BiMatting that `model` names: the catalogue's, which None means too, or a checkpoint's path.

    Args:
        model: "bimatting", a path, or None.
        device: one of `cutsmith.engines.torch_device.DEVICE_NAMES`.
        threads: None takes all that the process may use.
        store: where weights are looked for; None takes this user's.

    Raises:
        UnknownModel: neither the catalogue's name nor a file.
        NotInstalled, WeightsDamaged, ModelUnusable, BadOption, DeviceOutOfMemory: as for `load_bimatting`.
    """
    from cutsmith.engines.torch_device import choose_device, require_packages
    from cutsmith.models.catalogue import find_entry
    from cutsmith.models.store import Store

    if model is None or model == NAME:
        entry = find_entry(NAME, "matter")
        path = (store or Store()).require(entry)
        weights = entry.identified(path)
    elif is_file(model):
        path = Path(model)
        weights = f"{path.name} (unverified)"
    else:
        raise UnknownModel(
            f"{shown(model)} is neither {NAME} nor a checkpoint of BiMatting.",
            run("models", "list", text="Models that need no path"),
            option="matting_model",
            found=shown(model),
        )
    require_packages(_EXTRA, "torch")
    plan = choose_device(device)
    network = load_network(path, str(plan.device), threads)
    return Loaded(OpenBiMatting(model or NAME, network, weights, str(plan.device)), plan.warnings, weights_size(path))


def load_bimatting(path: Path, device: str = "cpu", threads: int | None = None) -> BiMattingMatter:
    """The matter for pictures, of the checkpoint at `path`, on `device`, one that PyTorch knows.

    `threads` are for the processor; None takes all that the process may use.

    Raises:
        NotInstalled: PyTorch is not installed; names the part that brings it.
        WeightsDamaged: the checkpoint is truncated or corrupt, or cannot be read.
        ModelUnusable: it wants to run code, or is another network's; says what was found and what is wanted.
        BadOption: fewer than one thread.
        DeviceOutOfMemory: the network does not fit on the device.
    """
    from cutsmith.matting.bimatting.matter import BiMattingMatter

    return BiMattingMatter(load_network(path, device, threads))


def load_bimatting_frames(path: Path, device: str = "cpu", threads: int | None = None) -> BiMattingFrames:
    """The same for the frames of one film. Raises what `load_bimatting` raises."""
    from cutsmith.matting.bimatting.film import BiMattingFrames

    return BiMattingFrames(load_network(path, device, threads))


def load_network(path: Path, device: str = "cpu", threads: int | None = None) -> BiMattingNetwork:
    """The network of the checkpoint at `path`, for inference. Raises what `load_bimatting` raises."""
    from cutsmith.engines.torch_device import heed_cancelling, limit_threads, memory_guard, require_packages

    require_packages(_EXTRA, "torch")
    from cutsmith.cures import advise
    from cutsmith.engines.checkpoint import fit_checkpoint, read_checkpoint
    from cutsmith.matting.bimatting.network import BiMattingNetwork

    limit_threads(threads)
    tensors = read_checkpoint(path)
    network = BiMattingNetwork()
    fit_checkpoint(network, tensors, path=path, kind="BiMatting (bimobilenet, deep guided filter)")
    network.eval().requires_grad_(False)
    with memory_guard("BiMatting", device, advise("Or take a smaller picture.")):
        network.to(device)
    heed_cancelling(network)
    return network
