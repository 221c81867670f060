"""Whether the models that the operator has chosen are on this machine, asked before anything is served."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.machine.files import is_file, is_folder
from cutsmith.models.catalogue import find_entry, of_kind
from cutsmith.models.entry import KINDS
from cutsmith.models.store import Store
from cutsmith.removal.loading import default_weights
from cutsmith.removal.rembg_session import PREFIX
from cutsmith.segmentation.subject_in_box import NAME as SUBJECT_IN_BOX

if TYPE_CHECKING:
    from cutsmith.options import Runtime


def check_models(runtime: Runtime, store: Store | None = None) -> None:
    """Find the files of the models that `runtime` names, and of the default one, without opening them.

    Raises:
        UnknownModel: neither a catalogue entry, nor a file or folder.
        WeightsMissing, WeightsDamaged: a model's file is not here, or is not the publisher's.
    """
    store = store or Store()
    if runtime.model is None:
        default_weights(store)
    for kind, row in KINDS.items():
        name = getattr(runtime, row.option)
        if name is None or name == SUBJECT_IN_BOX or name.startswith(PREFIX):
            continue
        if name in of_kind(kind):
            store.require(find_entry(name, kind))
        elif not is_file(name) and not is_folder(name):  # a detector may be a folder
            find_entry(name, kind)  # tells which names there are
