"""The option `model` -> a remover that is ready to run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.cures import run
from cutsmith.errors import Notice, UnknownModel, WeightsDamaged, WeightsMissing, shown
from cutsmith.machine.files import is_file
from cutsmith.models.catalogue import DEFAULT_MODELS
from cutsmith.protocols import Loaded
from cutsmith.removal.rembg_session import PREFIX

if TYPE_CHECKING:
    from cutsmith.engines.opening import Opened, Opener
    from cutsmith.models.entry import Entry
    from cutsmith.models.store import Store
    from cutsmith.protocols import Remover

    Open = Callable[[Path, int], Opened]
    """(path, number of the output) -> the open model."""


def load_remover(
    model: str | None = None,
    *,
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    store: Store | None = None,
    opener: Opener | None = None,
) -> Loaded[Remover]:
    """The remover that `model` names, open on the best engine.

    Args:
        model: a catalogue name, the path of an ONNX file, "rembg:NAME", or None for the default: IS-Net, from whichever
            of `DEFAULT_MODELS` is on this machine and whole.
        engine: one of `cutsmith.engines.choice.ENGINE_NAMES`.
        device: where the engine "torch" runs it: one of `cutsmith.engines.torch_device.DEVICE_NAMES`.
        threads: None takes all that the process may use.
        store: where weights are looked for; None takes this user's.
        opener: opens the ONNX file in place of `open_model`; rembg opens its sessions itself.

    Raises:
        UnknownModel: neither a catalogue entry nor a file.
        WeightsMissing, WeightsDamaged: the weights are not here, or are not the publisher's.
        EngineMissing, ExtraMissing, ModelUnusable: the model cannot be run.
        BadOption: the engine or the device is unknown, or `threads` is below 1.
    """
    from cutsmith.models.catalogue import catalogue, find_entry
    from cutsmith.models.store import Store

    store = store or Store()

    def open_file(path: Path, output: int) -> Opened:
        from cutsmith.engines.opening import open_model

        return (opener or open_model)(path, output=output, engine=engine, device=device, threads=threads)

    if model is None:
        return _load_default(store, open_file)
    if model.startswith(PREFIX):
        from cutsmith.machine.threads import thread_count
        from cutsmith.removal.rembg_session import open_rembg_session

        return Loaded(open_rembg_session(model.removeprefix(PREFIX), thread_count(threads)))
    if model in catalogue():
        entry = find_entry(model, "remover")
        return _load_entry(entry, store.require(entry), open_file)
    if Path(model).suffix.lower() == ".onnx" or is_file(model):
        return _load_file(Path(model), open_file)
    find_entry(model, "remover")
    raise UnknownModel(f"There is no model {model!r}.", run("models", "list"), option="model", found=shown(model))


def default_weights(store: Store | None = None) -> Path:
    """The file of the first of `DEFAULT_MODELS` that is on this machine.

    Raises:
        WeightsMissing, WeightsDamaged: none is, or it is not the publisher's.
    """
    from cutsmith.models.catalogue import find_entry
    from cutsmith.models.store import Store

    store, entries = store or Store(), [find_entry(name) for name in DEFAULT_MODELS]
    return store.require(next((entry for entry in entries if store.find(entry)), entries[0]))


def _load_default(store: Store, open_file: Open) -> Loaded[Remover]:
    """The first of `DEFAULT_MODELS` whose file is here and whole; the faults of those before it are warnings."""
    from cutsmith.models.catalogue import find_entry

    refusals: list[WeightsMissing | WeightsDamaged] = []
    for entry in map(find_entry, DEFAULT_MODELS):
        try:
            path = store.require(entry)
        except (WeightsMissing, WeightsDamaged) as refusal:
            refusals.append(refusal)
            continue
        loaded = _load_entry(entry, path, open_file)
        told = tuple(_taken_instead(refusal, entry) for refusal in refusals)
        return replace(loaded, warnings=(*told, *loaded.warnings))
    # A damaged file was meant to be used, so its error is more useful than that of a missing one.
    raise next((each for each in refusals if isinstance(each, WeightsDamaged)), refusals[0])


def _taken_instead(refusal: WeightsMissing | WeightsDamaged, entry: Entry) -> str:
    """The warning that `entry` runs in place of a model that was refused."""
    if isinstance(refusal, WeightsMissing):
        return f"The default, {refusal.model}, is not on this machine: {entry.name} is used (same network)."
    return Notice(f"{refusal.what} {entry.name} is used (same network).", *refusal.cures)


def _load_entry(entry: Entry, path: Path, open_file: Open) -> Loaded[Remover]:
    from cutsmith.removal.salient import SalientRemover

    assert entry.salient is not None, f"{entry.name} must be a remover: find_entry was asked for one"
    opened = open_file(path, entry.salient.output)
    remover = SalientRemover(entry.name, entry.salient, opened.engine, entry.identified(path))
    return Loaded(remover, opened.warnings, path.stat().st_size)


def _load_file(path: Path, open_file: Open) -> Loaded[Remover]:
    from cutsmith.removal.custom_model import described, finished
    from cutsmith.removal.salient import SalientRemover

    if not is_file(path):
        raise UnknownModel(
            f"{path}: there is no such file.",
            run("models", "list", text="Models that need no file"),
            option="model",
            found=str(path),
        )
    description, warnings = described(path)
    opened = open_file(path, description["output"])
    spec = finished(description, opened.engine.input_shape)
    remover = SalientRemover(str(path), spec, opened.engine, path.name)
    return Loaded(remover, (*warnings, *opened.warnings), path.stat().st_size)
