"""Turn what `--detector` says into a detector that is ready to run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.errors import CutsmithError, UnknownModel, WeightsMissing
from cutsmith.machine.files import is_file, is_folder, weights_size
from cutsmith.protocols import Loaded

if TYPE_CHECKING:
    from cutsmith.detection.detector import GroundingDetector, Network
    from cutsmith.models.entry import Entry
    from cutsmith.models.store import Store

# What a machine without Grounding DINO is told to fetch: 690 MB.
SUGGESTED_DETECTOR = "grounding-dino-tiny"
VOCABULARY = "vocab.txt"
# A checkpoint of the user's own is read with the vocabulary of this entry, where none lies beside it.
_HAS_VOCABULARY = "groundingdino-swint-ogc"
_CHECKPOINT_SUFFIXES = (".pt", ".pth")
_PACKAGES = {
    "transformers": ("text", "torch", "transformers"),
    "groundingdino": ("groundingdino", "torch", "groundingdino"),
}


@dataclass(frozen=True)
class _Source:
    """What a detector is opened from: its name, its file or folder, what reads it, and its vocabulary's file."""

    name: str
    path: Path
    loader: str
    weights: str
    vocabulary: Path | None = None


def load_detector(
    detector: str | None = None,
    *,
    device: str = "auto",
    threads: int | None = None,
    store: Store | None = None,
) -> Loaded[GroundingDetector]:
    """The Grounding DINO that `detector` names, on the best device.

    Args:
        detector: a catalogue name, the path of a checkpoint in the publishers' format (read by the groundingdino
            package) or of a folder as transformers saves it, or None for the first of the catalogue on this machine.
        device: one of `cutsmith.engines.torch_device.DEVICE_NAMES`.
        threads: for the processor; None takes all that the process may use.
        store: where weights are looked for; None takes this user's.

    Raises:
        UnknownModel: neither a catalogue entry nor a file or folder.
        ExtraMissing: the part [text], or [groundingdino], is not installed.
        WeightsMissing, WeightsDamaged, ModelUnusable: the weights are not here, not whole, or not Grounding DINO's.
        BadOption: unknown device, or fewer than one thread.
    """
    from cutsmith.detection.detector import SMALLER, GroundingDetector
    from cutsmith.engines.torch_device import choose_device, limit_threads, memory_guard, require_packages
    from cutsmith.models.store import Store

    source = _source(detector, store or Store())
    require_packages(*_PACKAGES[source.loader])
    limit_threads(threads)
    plan = choose_device(device)
    network = _open(source)
    with memory_guard(source.name, plan.device, SMALLER):
        network.module.to(plan.device)
    size = weights_size(source.path)
    return Loaded(GroundingDetector(source.name, network, source.weights), plan.warnings, size)


def why_no_detector(store: Store | None = None) -> CutsmithError | None:
    """What keeps the default detector from being loaded here, with the command that mends it; None if nothing does."""
    from cutsmith.engines.torch_device import require_packages
    from cutsmith.models.store import Store

    store = store or Store()
    try:
        entry = _first_on_this_machine(store)
        assert entry.detector is not None, "a detector's entry"
        require_packages(*_PACKAGES[entry.detector.loader])
        if store.find(entry) is None:
            store.require(entry)
    except CutsmithError as error:
        return error
    return None


def _open(source: _Source) -> Network:
    if source.loader == "transformers":
        from cutsmith.detection.transformers_dino import open_transformers_dino

        return open_transformers_dino(source.path)
    from cutsmith.detection.grounding_dino.network import open_grounding_dino

    assert source.vocabulary is not None, "the publishers' checkpoints are found with a vocabulary"
    return open_grounding_dino(source.path, source.vocabulary)


def _source(detector: str | None, store: Store) -> _Source:
    from cutsmith.models.catalogue import find_entry, of_kind

    if detector is None:
        return _of_entry(_first_on_this_machine(store), store)
    if detector in of_kind("detector"):
        return _of_entry(find_entry(detector, "detector"), store)
    if is_folder(detector):
        return _Source(detector, Path(detector), "transformers", Path(detector).name)
    if is_file(detector):
        path = Path(detector)
        return _Source(detector, path, "groundingdino", path.name, _vocabulary_for(path, store))
    if Path(detector).suffix.lower() in _CHECKPOINT_SUFFIXES or len(Path(detector).parts) > 1:
        raise UnknownModel(
            f"--detector {detector}: there is no such file or folder.", "cutsmith models list names the others."
        )
    find_entry(detector, "detector")
    raise UnknownModel(f"There is no detector {detector!r}.", "cutsmith models list")


def _of_entry(entry: Entry, store: Store) -> _Source:
    assert entry.detector is not None, f"{entry.name} is no detector: find_entry was asked for one"
    # Before the weights, which are of no use without it.
    from cutsmith.engines.torch_device import require_packages

    require_packages(*_PACKAGES[entry.detector.loader])
    path = store.require(entry)
    weights = entry.identified(path)
    if entry.detector.loader == "transformers":
        return _Source(entry.name, path.parent, "transformers", weights)
    (vocabulary,) = (each for each in entry.companions if each.filename == VOCABULARY)
    return _Source(entry.name, path, "groundingdino", weights, store.require_companion(entry, vocabulary, path))


def _vocabulary_for(path: Path, store: Store) -> Path:
    """The vocabulary for a checkpoint of the user's own: beside it, else the one that the catalogue knows.

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
            f"{path} needs the vocabulary of bert-base-uncased, and it is not on this machine.",
            f"Put its {VOCABULARY} (231,508 bytes) beside the checkpoint, or: cutsmith models fetch {entry.name}",
        ) from error


def _first_on_this_machine(store: Store) -> Entry:
    """The first of the catalogue's detectors that is here and whose part is installed.

    Raises:
        ExtraMissing, WeightsMissing: none is; names the one to fetch.
    """
    from importlib.util import find_spec

    from cutsmith.models.catalogue import find_entry, of_kind

    here = [entry for entry in of_kind("detector").values() if entry.detector is not None and store.find(entry)]
    for entry in here:
        if entry.detector is not None and all(find_spec(module) for module in _PACKAGES[entry.detector.loader][1:]):
            return entry
    # Of what is here, the error of its missing part; else that of the suggested one, whose weights are to be fetched.
    return here[0] if here else find_entry(SUGGESTED_DETECTOR, "detector")
