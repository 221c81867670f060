"""The errors that tell which files cannot be used, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from cutsmith.batch.inputs import counted, natural_order
from cutsmith.errors import PictureError, UsageError
from cutsmith.finetuning.examples import Fault

_MOST_SHOWN = 20
_WANTED = (
    "Each picture needs a mask with its name and the size of the upright picture: of 0 and 255, of the numbers of "
    "objects, or the transparency of a cut-out. Mend these files, or move them away."
)


class BadMask(PictureError):
    """A file, or an annotation, holds no masks of objects; `path` is the file, and `what` says it without its name."""

    def __init__(self, path: Path, what: str) -> None:
        super().__init__(what)
        self.path = path


class BadExamples(UsageError):
    """Files of the examples cannot be used, or none can; `faults` are all of them, those that are not fatal too."""

    def __init__(self, faults: Sequence[Fault], what: str = "") -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: natural_order(str(fault.path))))
        fatal = [fault for fault in self.faults if fault.is_fatal]
        listed = fatal or self.faults
        told = what or f"{counted(len(fatal), 'fault has', 'faults have')} to be mended before anything can be learned:"
        lines = [f"{fault.path}: {fault.what}" for fault in listed[:_MOST_SHOWN]]
        if len(listed) > _MOST_SHOWN:
            lines.append(f"and {len(listed) - _MOST_SHOWN} more.")
        super().__init__("\n  ".join([told, *lines]), _WANTED)


def without_name(what: str, path: Path) -> str:
    """The sentence `what` of an error about the file `path`, to stand behind the file's name: "It is empty." """
    said = what.removeprefix(f"{path} ")
    return what if said == what else f"It {said}"
