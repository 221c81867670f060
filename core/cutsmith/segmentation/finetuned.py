"""What is known of a SAM 2 that was tuned on one's own products: the table [finetuned] in the file beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from cutsmith.errors import CutsmithError, ModelUnusable
from cutsmith.machine.files import is_file
from cutsmith.segmentation.sidecar import SEE_THE_MANUAL, read_sidecar, sidecar_of

if TYPE_CHECKING:
    from cutsmith.models.store import Store

TABLE = "finetuned"
SUFFIXES = (".pt", ".pth", ".safetensors")
"""Suffixes that a checkpoint of SAM 2 may have."""

UNKNOWN_LICENCE = "unknown: own file"
"""The licence of a network whose base is not in the catalogue."""

# Folders of rembg, which hold nothing that Cutsmith makes.
_REMBG = ("rembg", "u2net")


@dataclass(frozen=True)
class Figures:
    """How good a network is on the held-out pictures; None for what was not measured.

    Attributes:
        iou, boundary_iou: in [0, 1], means over the objects; larger is better.
        sad: the error of alpha after matting, the mean sum of absolute differences / 1000.
        calibration_error: in [0, 1], how far the predicted IoU is from the true one.
    """

    iou: float | None = None
    boundary_iou: float | None = None
    sad: float | None = None
    calibration_error: float | None = None


@dataclass(frozen=True)
class Finetuned:
    """How a network was tuned, and what came of it.

    Attributes:
        base: the network that it began as, by its name in the catalogue, or the name of its file.
        base_file: the name of the base's file.
        base_sha256, data_sha256: of the base's file, and of all that was learned from and held out.
        pictures: that were learned from.
        training_groups, held_out_groups: the products.
        seed: of all that is random.
        trained: which parts, for people: "decoder", or "decoder, encoder by LoRA".
        trained_tensors: beginnings of the names of the tensors that were trained.
        before, after: the base's figures and the tuned network's.
        is_better: the verdict.
        licence: of the base's weights, which the tuned ones stand on.
        cutsmith: its version.
        date: the day it was made, as 2026-11-28.
    """

    base: str
    base_file: str
    base_sha256: str
    data_sha256: str
    pictures: int
    training_groups: tuple[str, ...]
    held_out_groups: tuple[str, ...]
    seed: int
    trained: str
    trained_tensors: tuple[str, ...]
    before: Figures
    after: Figures
    is_better: bool
    licence: str
    cutsmith: str
    date: str

    def table(self) -> dict[str, Any]:
        """The table as TOML and JSON take it, without what was not measured."""
        told = asdict(self)
        for name in ("training_groups", "held_out_groups", "trained_tensors"):
            told[name] = list(told[name])
        for name in ("before", "after"):
            told[name] = {key: value for key, value in told[name].items() if value is not None}
        return told

    def is_trained(self, tensor: str) -> bool:
        """Whether the tensor of this name was trained."""
        return tensor.startswith(self.trained_tensors)


class OwnCheckpoint(NamedTuple):
    """A tuned network in one of the folders with weights.

    Attributes:
        path: the checkpoint.
        origin: whose folder it lies in (see `cutsmith.models.store.Folder`).
        facts: how it was tuned; None where that cannot be read.
        fault: why it cannot be read, or "".
    """

    path: Path
    origin: str
    facts: Finetuned | None
    fault: str = ""

    @property
    def name(self) -> str:
        """As the option `segmenter` takes it."""
        return self.path.stem

    @property
    def title(self) -> str:
        """What it is, for people."""
        if self.facts is None:
            return self.path.name
        return f"{self.facts.base}, tuned on {self.facts.pictures} of your pictures"

    @property
    def commercial_use(self) -> bool | None:
        """Whether the base may be used commercially; None where that is not known."""
        from cutsmith.models.catalogue import catalogue

        entry = catalogue().get(self.facts.base) if self.facts is not None else None
        return None if entry is None else entry.commercial_use


def finetuned_facts(checkpoint: Path) -> Finetuned | None:
    """How the network at `checkpoint` was tuned, from the file beside it; None where that does not say so.

    Raises:
        ModelUnusable: the file beside it is wrong.
    """
    said = read_sidecar(checkpoint)
    return None if said is None or TABLE not in said else read_table(said[TABLE], sidecar_of(checkpoint))


def read_table(table: object, sidecar: Path) -> Finetuned:
    """The table [finetuned] that was read from `sidecar`.

    Raises:
        ModelUnusable: a key is missing, unknown, or has a value of another type; all of them in one line.
    """
    if not isinstance(table, Mapping):
        raise ModelUnusable(f"{sidecar} must have a table [{TABLE}], but it is {table!r}.", SEE_THE_MANUAL)
    wanted = [field.name for field in fields(Finetuned)]
    wrong = [f"{name} is missing" for name in wanted if name not in table]
    wrong += [f"{name} is unknown" for name in table if name not in wanted]
    wrong += [f"{name} = {value!r}" for name, value in table.items() if name in wanted and not _fits(value, name)]
    if wrong:
        raise ModelUnusable(
            f"{sidecar}: the table [{TABLE}] is not as Cutsmith writes it: {'; '.join(wrong)}.", SEE_THE_MANUAL
        )
    read: dict[str, Any] = {}
    for name, value in table.items():
        read[name] = tuple(value) if isinstance(value, list) else Figures(**value) if isinstance(value, dict) else value
    return Finetuned(**read)


def _fits(value: object, name: str) -> bool:
    kind = Finetuned.__annotations__[name]
    if kind == "Figures":
        known = {field.name for field in fields(Figures)}
        return isinstance(value, Mapping) and all(key in known and _is_number(each) for key, each in value.items())
    if kind.startswith("tuple"):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    if kind == "int":
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, bool if kind == "bool" else str)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def own_checkpoints(store: Store) -> list[OwnCheckpoint]:
    """The tuned networks in the folders of `store`, by folder and name; of several with one name the first counts."""
    found: dict[str, OwnCheckpoint] = {}
    for folder in store.folders():
        if folder.origin in _REMBG:
            continue
        try:
            files = sorted(each for each in folder.path.iterdir() if each.suffix.lower() in SUFFIXES)
        except OSError:
            continue  # missing, or closed to us: no weights are found there either
        for path in files:
            own = _own(path, folder.origin)
            if own is not None:
                found.setdefault(own.name, own)
    return list(found.values())


def _own(path: Path, origin: str) -> OwnCheckpoint | None:
    try:
        facts = finetuned_facts(path)
    except CutsmithError as error:
        return OwnCheckpoint(path, origin, None, error.what)
    return None if facts is None else OwnCheckpoint(path, origin, facts)


def find_own_checkpoint(name: str, store: Store) -> Path | None:
    """The checkpoint `name` in the folders of `store`, with or without its suffix; None where there is none.

    It need not be tuned: any checkpoint of the user's own in those folders has a name.
    """
    if not name or Path(name).name != name:
        return None
    names = (name,) if Path(name).suffix.lower() in SUFFIXES else tuple(f"{name}{suffix}" for suffix in SUFFIXES)
    places = (folder.path / each for folder in store.folders() if folder.origin not in _REMBG for each in names)
    return next((path for path in places if is_file(path)), None)
