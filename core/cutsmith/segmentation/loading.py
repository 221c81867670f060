"""What the option `segmenter` says -> a segmenter that is ready to run: one row a kind of network."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cutsmith.cures import run
from cutsmith.errors import CutsmithError, UnknownModel
from cutsmith.machine.files import is_file
from cutsmith.protocols import Loaded
from cutsmith.segmentation.checkpoint import Checkpoint, TorchSegmenter
from cutsmith.segmentation.finetuned import SUFFIXES, find_own_checkpoint

if TYPE_CHECKING:
    from cutsmith.models.entry import Entry
    from cutsmith.models.store import Store

# What a machine without any is told to fetch: 184 MB, a few seconds a picture on a processor.
SUGGESTED_SEGMENTER = "sam2.1-hiera-small"
# What a checkpoint of the user's own is taken for.
_OWN_CHECKPOINT = "sam2"


class Kind(NamedTuple):
    """One kind of network.

    Attributes:
        extra: the optional part that it needs.
        packages: the modules that must be installed.
        open: (checkpoint, device) -> the segmenter, on that device.
    """

    extra: str
    packages: tuple[str, ...]
    open: Callable[[Checkpoint, str], TorchSegmenter]

    def require(self) -> None:
        """Raise ExtraMissing where one of its packages is not installed."""
        from cutsmith.engines.torch_device import require_packages

        require_packages(self.extra, *self.packages)


def _open_sam2(checkpoint: Checkpoint, device: str) -> TorchSegmenter:
    from cutsmith.segmentation.sam2_loading import open_sam2

    return open_sam2(checkpoint, device)


SEGMENTERS: Mapping[str, Kind] = MappingProxyType({"sam2": Kind("sam2", ("torch", "sam2"), _open_sam2)})
"""Each kind of network by the name of the field of a catalogue entry that says how it is run."""


def load_segmenter(
    segmenter: str | None = None,
    *,
    device: str = "auto",
    threads: int | None = None,
    store: Store | None = None,
) -> Loaded[TorchSegmenter]:
    """The segmenter that `segmenter` names, on the best device.

    Args:
        segmenter: a catalogue name, the path of a SAM 2 checkpoint (the publisher's, or one as safetensors with the
            publisher's or transformers' names of tensors), the name of one in a folder with weights, such as "mugs" for
            mugs.pt, or None for the catalogue's first that is on this machine: the largest SAM 2, 2.1 before 2.
        device: one of `cutsmith.engines.torch_device.DEVICE_NAMES`.
        threads: for the processor; None takes all that the process may use.
        store: where weights are looked for; None takes this user's.

    Raises:
        UnknownModel: neither a catalogue entry nor a file.
        ExtraMissing: the optional part [sam2] is not installed.
        WeightsMissing, WeightsDamaged, ModelUnusable: the weights are not here, are damaged, or are not SAM 2's.
        BadOption: unknown device, or fewer than one thread.
    """
    from cutsmith.engines.torch_device import choose_device, limit_threads
    from cutsmith.models.store import Store

    checkpoint = _checkpoint(segmenter, store or Store())
    kind = SEGMENTERS[checkpoint.kind]
    kind.require()
    limit_threads(threads)
    plan = choose_device(device)
    opened = kind.open(checkpoint, plan.device)
    return Loaded(opened, plan.warnings, checkpoint.path.stat().st_size)


def segmenter_file(segmenter: str | None = None, store: Store | None = None) -> Path:
    """The file that `load_segmenter` would open, with the same arguments and errors."""
    from cutsmith.models.store import Store

    return _checkpoint(segmenter, store or Store()).path


def why_no_segmenter(store: Store | None = None) -> CutsmithError | None:
    """What keeps the default segmenter from being loaded here, with its cures; None if nothing does."""
    from cutsmith.models.store import Store

    store = store or Store()
    try:
        entry = _first_on_this_machine(store)
        SEGMENTERS[kind_of(entry)].require()
        if store.find(entry) is None:
            store.require(entry)
    except CutsmithError as error:
        return error
    return None


def kind_of(entry: Entry) -> str:
    """The key in `SEGMENTERS` for a segmenter of the catalogue."""
    return next(kind for kind in SEGMENTERS if getattr(entry, kind) is not None)


def _checkpoint(segmenter: str | None, store: Store) -> Checkpoint:
    """What `segmenter` names."""
    from cutsmith.models.catalogue import find_entry, of_kind

    if segmenter is None:
        entry = _first_on_this_machine(store)
        # Before the weights, which are useless without it.
        SEGMENTERS[kind_of(entry)].require()
        return _of_entry(entry, store)
    if segmenter not in of_kind("segmenter"):
        own = Path(segmenter) if is_file(segmenter) else find_own_checkpoint(segmenter, store)
        if own is not None:
            return Checkpoint(segmenter, own, _OWN_CHECKPOINT, own.name)
        if Path(segmenter).suffix.lower() in SUFFIXES:
            raise UnknownModel(
                f"There is no file {segmenter}.",
                run("models", "list", text="Segmenters that need no path"),
                option="segmenter",
                found=segmenter,
            )
    return _of_entry(find_entry(segmenter, "segmenter"), store)


def _of_entry(entry: Entry, store: Store) -> Checkpoint:
    path = store.require(entry)
    return Checkpoint(entry.name, path, kind_of(entry), entry.identified(path), entry)


def _first_on_this_machine(store: Store) -> Entry:
    """The catalogue's first segmenter that is here, for they stand in the order of their quality; else the suggested.

    One whose optional part is not installed comes after those that can run.
    """
    from importlib.util import find_spec

    from cutsmith.models.catalogue import find_entry, of_kind

    here = [entry for entry in of_kind("segmenter").values() if store.find(entry) is not None]
    for entry in here:
        if all(find_spec(module) for module in SEGMENTERS[kind_of(entry)].packages):
            return entry
    return here[0] if here else find_entry(SUGGESTED_SEGMENTER, "segmenter")
