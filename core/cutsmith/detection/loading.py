"""What the option `detector` says -> a detector that is ready to run: one row a format of weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cutsmith.cures import fetch, run
from cutsmith.errors import CutsmithError, UnknownModel, WeightsMissing
from cutsmith.machine.files import is_file, is_folder, weights_size
from cutsmith.protocols import Loaded

if TYPE_CHECKING:
    from cutsmith.detection.detector import GroundingDetector, Network
    from cutsmith.models.entry import Entry
    from cutsmith.models.store import Store

# What a machine without any is told to fetch: 690 MB.
SUGGESTED_DETECTOR = "grounding-dino-tiny"
VOCABULARY = "vocab.txt"
# A checkpoint of the user's own is read with the vocabulary of this entry, where none lies beside it.
_HAS_VOCABULARY = "groundingdino-swint-ogc"
_CHECKPOINT_SUFFIXES = (".pt", ".pth")


@dataclass(frozen=True)
class _Source:
    """What a detector is opened from.

    Attributes:
        name: as the option `detector` takes it.
        path: a file, or a folder where the loader takes folders.
        loader: a key of `LOADERS`.
        weights: what identifies the file, for provenance.
        vocabulary: the file of its vocabulary, where that is not in the folder.
    """

    name: str
    path: Path
    loader: str
    weights: str
    vocabulary: Path | None = None


def _open_checkpoint(source: _Source) -> Network:
    from cutsmith.detection.grounding_dino.network import open_grounding_dino

    assert source.vocabulary is not None, "the publishers' checkpoints are found with a vocabulary"
    return open_grounding_dino(source.path, source.vocabulary)


def _open_folder(source: _Source) -> Network:
    from cutsmith.detection.transformers_dino import open_transformers_dino

    return open_transformers_dino(source.path)


class Loader(NamedTuple):
    """What reads one format of weights.

    Attributes:
        extra: the optional part that it needs.
        packages: the modules that must be installed.
        takes_folder: whether it reads a folder, the vocabulary in it, instead of a file with a vocabulary beside it.
        open: a source -> its network, on the processor.
    """

    extra: str
    packages: tuple[str, ...]
    takes_folder: bool
    open: Callable[[_Source], Network]

    def require(self) -> None:
        """Raise ExtraMissing where one of its packages is not installed."""
        from cutsmith.engines.torch_device import require_packages

        require_packages(self.extra, *self.packages)


LOADERS: Mapping[str, Loader] = MappingProxyType(
    {
        "transformers": Loader("text", ("torch", "transformers"), True, _open_folder),
        "groundingdino": Loader("groundingdino", ("torch", "groundingdino"), False, _open_checkpoint),
    }
)
"""Each loader by its name in the catalogue (`DetectorSpec.loader`)."""


def load_detector(
    detector: str | None = None,
    *,
    device: str = "auto",
    threads: int | None = None,
    store: Store | None = None,
) -> Loaded[GroundingDetector]:
    """The detector that `detector` names, on the best device.

    Args:
        detector: a catalogue name, the path of a checkpoint in the publishers' format (read by the groundingdino
            package) or of a folder as transformers saves it, or None for the catalogue's first that is on this machine.
        device: one of `cutsmith.engines.torch_device.DEVICE_NAMES`.
        threads: for the processor; None takes all that the process may use.
        store: where weights are looked for; None takes this user's.

    Raises:
        UnknownModel: neither a catalogue entry nor a file or folder.
        ExtraMissing: the optional part [text], or [groundingdino], is not installed.
        WeightsMissing, WeightsDamaged, ModelUnusable: the weights are not here, are damaged, or are not Grounding
            DINO's.
        BadOption: unknown device, or fewer than one thread.
    """
    from cutsmith.detection.detector import SMALLER, GroundingDetector
    from cutsmith.engines.torch_device import choose_device, heed_cancelling, limit_threads, memory_guard
    from cutsmith.models.store import Store

    source = _source(detector, store or Store())
    loader = LOADERS[source.loader]
    loader.require()
    limit_threads(threads)
    plan = choose_device(device)
    network = loader.open(source)
    with memory_guard(source.name, plan.device, SMALLER):
        network.module.to(plan.device)
    heed_cancelling(network.module)
    size = weights_size(source.path)
    return Loaded(GroundingDetector(source.name, network, source.weights), plan.warnings, size)


def detector_path(detector: str | None = None, store: Store | None = None) -> Path:
    """The file or folder that `load_detector` would open, with the same arguments and errors."""
    from cutsmith.models.store import Store

    return _source(detector, store or Store()).path


def why_no_detector(store: Store | None = None) -> CutsmithError | None:
    """What keeps the default detector from being loaded here, with its cures; None if nothing does."""
    from cutsmith.models.store import Store

    store = store or Store()
    try:
        entry = _first_on_this_machine(store)
        assert entry.detector is not None, "a detector's entry"
        LOADERS[entry.detector.loader].require()
        if store.find(entry) is None:
            store.require(entry)
    except CutsmithError as error:
        return error
    return None


def _source(detector: str | None, store: Store) -> _Source:
    from cutsmith.models.catalogue import find_entry, of_kind

    if detector is None:
        return _of_entry(_first_on_this_machine(store), store)
    if detector in of_kind("detector"):
        return _of_entry(of_kind("detector")[detector], store)
    if is_folder(detector):
        return _Source(detector, Path(detector), "transformers", Path(detector).name)
    if is_file(detector):
        path = Path(detector)
        return _Source(detector, path, "groundingdino", path.name, _vocabulary_for(path, store))
    if Path(detector).suffix.lower() in _CHECKPOINT_SUFFIXES or len(Path(detector).parts) > 1:
        raise UnknownModel(
            f"There is no file or folder {detector}.",
            run("models", "list", text="Detectors that need no path"),
            option="detector",
            found=detector,
        )
    return _of_entry(find_entry(detector, "detector"), store)


def _of_entry(entry: Entry, store: Store) -> _Source:
    assert entry.detector is not None, f"{entry.name} is a detector: it was found among them"
    name = entry.detector.loader
    # Before the weights, which are useless without it.
    LOADERS[name].require()
    path = store.require(entry)
    weights = entry.identified(path)
    if LOADERS[name].takes_folder:
        return _Source(entry.name, path.parent, name, weights)
    (vocabulary,) = (each for each in entry.companions if each.filename == VOCABULARY)
    return _Source(entry.name, path, name, weights, store.require_companion(entry, vocabulary, path))


def _vocabulary_for(path: Path, store: Store) -> Path:
    """The vocabulary for a checkpoint of the user's own: the one beside it, else the one in the catalogue.

    Raises:
        WeightsMissing: there is none.
    """
    from cutsmith.models.catalogue import find_entry

    beside = path.with_name(VOCABULARY)
    if is_file(beside):
        return beside
    entry = find_entry(_HAS_VOCABULARY, "detector")
    (companion,) = (each for each in entry.companions if each.filename == VOCABULARY)
    try:
        return store.require_companion(entry, companion, path)
    except WeightsMissing as error:
        raise WeightsMissing(
            f"{path} needs the vocabulary of bert-base-uncased, which is not on this machine.",
            f"Put its {VOCABULARY} (231,508 bytes) beside the checkpoint.",
            fetch(
                entry.name,
                text="Or fetch it with a detector of the catalogue",
                accepts_licence=not entry.commercial_use,
            ),
            model=entry.name,
        ) from error


def _first_on_this_machine(store: Store) -> Entry:
    """The catalogue's first detector that is here and whose optional part is installed.

    Where there is none, the first that is here; else the suggested one, whose weights are to be fetched.
    """
    from importlib.util import find_spec

    from cutsmith.models.catalogue import find_entry, of_kind

    here = [entry for entry in of_kind("detector").values() if entry.detector is not None and store.find(entry)]
    for entry in here:
        if entry.detector is not None and all(find_spec(module) for module in LOADERS[entry.detector.loader].packages):
            return entry
    return here[0] if here else find_entry(SUGGESTED_DETECTOR, "detector")
