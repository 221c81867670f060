"""The input `model` of the nodes: its list, and what the page writes beside a model that is not on disk.

A saved workflow holds the plain value, which stays the same when the file arrives; only the page's label changes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import TYPE_CHECKING

from comfy_api.latest import io

from cutsmith.errors import UnknownModel
from cutsmith.models.catalogue import DEFAULT_MODELS, of_kind

from .model_choices import (
    DEFAULTS,
    detector_choices,
    engine_name,
    file_name,
    on_disk,
    remover_choices,
    sam2_choices,
)

if TYPE_CHECKING:
    from cutsmith.models.entry import Kind

LABELS = "cutsmith_labels"
"""The key, in the input's settings, under which web/model_labels.js finds the labels."""
_CHOICES: dict[Kind, Callable[[Collection[str]], list[str]]] = {
    "remover": remover_choices,
    "segmenter": sam2_choices,
    "detector": detector_choices,
}


def model_input(kind: Kind, tooltip: str) -> io.Input:
    """The input `model` for models of `kind`."""
    here = on_disk(kind)
    return io.Combo.Input(
        "model",
        options=_CHOICES[kind](here),
        default=DEFAULTS[kind],
        tooltip=tooltip,
        extra_dict={LABELS: labels(kind, here)},
    )


def labels(kind: Kind, here: Mapping[str, bool]) -> dict[str, str]:
    """What the page shows in place of a choice, for the models of the catalogue that are not on disk, or not whole.

    `here` is what `on_disk` returned.
    """
    from cutsmith.models.store import size_text

    entries = of_kind(kind)
    found: dict[str, str] = {}
    for name, entry in entries.items():
        if not here.get(name):
            what = "small files are missing" if name in here else f"{size_text(entry.total_size)}, not on disk"
            found |= {choice: f"{choice} ({what})" for choice in (name, file_name(entry))}
    defaults = DEFAULT_MODELS if kind == "remover" else tuple(entries)
    if not any(here.get(name) for name in defaults):
        found[DEFAULTS[kind]] = f"{DEFAULTS[kind]}: none on disk"
    return found


def why_no_model(choice: str | None, kind: Kind) -> str | None:
    """Why `choice` is not in the list; None if it is, or if it is a catalogue model's file that has yet to be fetched.

    ComfyUI's own check knows the list alone. It would refuse such a file without saying where to get it.
    """
    if choice is None or choice in _CHOICES[kind](on_disk(kind)):
        return None
    try:
        engine_name(choice, kind)
    except UnknownModel as error:
        return str(error)
    return None
