"""Turn what `--segmenter` says into a segmenter that is ready to run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.errors import CutsmithError, UnknownModel
from cutsmith.machine.files import is_file
from cutsmith.protocols import Loaded

if TYPE_CHECKING:
    from cutsmith.models.entry import Entry
    from cutsmith.models.store import Store
    from cutsmith.segmentation.sam2 import Sam2Segmenter

# What a machine without SAM 2 is told to fetch: 184 MB, a few seconds a picture on a processor.
SUGGESTED_SAM2 = "sam2.1-hiera-small"
_CHECKPOINT_SUFFIXES = (".pt", ".pth")


def load_segmenter(
    segmenter: str | None = None,
    *,
    device: str = "auto",
    threads: int | None = None,
    store: Store | None = None,
) -> Loaded[Sam2Segmenter]:
    """The SAM 2 network that `segmenter` names, on the best device.

    Args:
        segmenter: a catalogue name, the path of a checkpoint in the publisher's format, or None for the largest
            official one on this machine, 2.1 before 2.
        device: one of `cutsmith.engines.torch_device.DEVICE_NAMES`.
        threads: for the processor; None takes all that the process may use.
        store: where weights are looked for; None takes this user's.

    Raises:
        UnknownModel: neither a catalogue entry nor a file.
        ExtraMissing: the part [sam2] is not installed.
        WeightsMissing, WeightsDamaged, ModelUnusable: the weights are not here, not whole, or not SAM 2's.
        BadOption: unknown device, or fewer than one thread.
    """
    from cutsmith.engines.checkpoint import fit_checkpoint, read_checkpoint
    from cutsmith.engines.torch_device import choose_device, limit_threads, memory_guard
    from cutsmith.models.store import Store
    from cutsmith.segmentation.sam2 import SMALLER, Sam2Segmenter
    from cutsmith.segmentation.sam2_config import Sam2Config, build_network, config_of

    name, path, entry = _checkpoint(segmenter, store or Store())
    require_sam2()
    tensors = read_checkpoint(path)
    config = Sam2Config(entry.sam2.config) if entry is not None and entry.sam2 is not None else config_of(path, tensors)
    limit_threads(threads)
    plan = choose_device(device)
    network = build_network(config, path)
    fit_checkpoint(network, tensors, path=path, kind=config.name)
    with memory_guard(name, plan.device, SMALLER):
        network.to(plan.device)
    weights = entry.identified(path) if entry is not None else path.name
    return Loaded(Sam2Segmenter(name, network, weights), plan.warnings, path.stat().st_size)


def why_no_segmenter(store: Store | None = None) -> CutsmithError | None:
    """What keeps the default SAM 2 from being loaded here, with the command that mends it; None if nothing does."""
    from cutsmith.models.store import Store

    try:
        require_sam2()
        _best_on_this_machine(store or Store())
    except CutsmithError as error:
        return error
    return None


def require_sam2() -> None:
    """Raise ExtraMissing where the part [sam2] is not installed."""
    from cutsmith.engines.torch_device import require_packages

    require_packages("sam2", "torch", "sam2")


def _checkpoint(segmenter: str | None, store: Store) -> tuple[str, Path, Entry | None]:
    """(name, file, catalogue entry) of what `segmenter` names."""
    from cutsmith.models.catalogue import find_entry, of_kind

    if segmenter is None:
        require_sam2()
        entry = _best_on_this_machine(store)
        return entry.name, store.require(entry), entry
    if segmenter in of_kind("segmenter"):
        entry = find_entry(segmenter, "segmenter")
        return segmenter, store.require(entry), entry
    if is_file(segmenter):
        return segmenter, Path(segmenter), None
    if Path(segmenter).suffix.lower() in _CHECKPOINT_SUFFIXES:
        raise UnknownModel(f"--segmenter {segmenter}: there is no such file.", "cutsmith models list names the others.")
    find_entry(segmenter, "segmenter")
    raise UnknownModel(f"There is no segmenter {segmenter!r}.", "cutsmith models list")


def _best_on_this_machine(store: Store) -> Entry:
    """The first of the catalogue's segmenters, which stand in the order of their quality, that is here.

    Raises:
        WeightsMissing: none is; names the one to fetch.
    """
    from cutsmith.models.catalogue import find_entry, of_kind

    for entry in of_kind("segmenter").values():
        if store.find(entry) is not None:
            return entry
    suggested = find_entry(SUGGESTED_SAM2, "segmenter")
    store.require(suggested)
    return suggested
