"""Records what an environment was made from, so that a second run knows whether anything is left to do."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from installer.environment import separate_steps
from installer.folders import Clone
from installer.json_file import read_fields, write_fields

FILE_NAME = "cutsmith-install.json"


@dataclass(frozen=True)
class Stamp:
    """What an environment was made from (`root` is the clone's identity), and how far that got.

    A stamp with `complete` false is written before anything else, so an interrupted run leaves it behind.
    """

    root: str
    interpreter: str
    project: str
    extras: tuple[str, ...] = ()
    constraints: str = ""
    complete: bool = False

    def same_place(self, wanted: Stamp) -> bool:
        """Whether clone and Python are the same: an environment that was moved cannot be repaired, only made anew."""
        return (self.root, self.interpreter) == (wanted.root, wanted.interpreter)

    def provides(self, wanted: Stamp) -> bool:
        """Whether everything in `wanted` is installed: its extras, and its constraints if it has any."""
        return (
            self.complete
            and self.same_place(wanted)
            and self.project == wanted.project
            and set(wanted.extras) <= set(self.extras)
            and wanted.constraints in ("", self.constraints)
        )


def wanted_stamp(clone: Clone, extras: Iterable[str], constraints: Path | None) -> Stamp:
    """The stamp of an environment made now, for `clone`, with the running Python."""
    return Stamp(
        root=clone.identity,
        interpreter=f"{sys.version_info[0]}.{sys.version_info[1]} {sys.base_prefix}",
        # The requirements are in the one file, those that need a step of their own in the other.
        project=_sha256(clone.project, Path(separate_steps.__file__)),
        extras=tuple(sorted(set(extras))),
        constraints=_sha256(constraints) if constraints else "",
    )


def read_stamp(environment: Path) -> Stamp | None:
    """The stamp of `environment`: None if it has none, an incomplete one if it cannot be understood."""
    fields = read_fields(environment / FILE_NAME)
    if fields is None:
        return None
    try:
        return Stamp(**{**fields, "extras": tuple(fields["extras"])})
    except (TypeError, KeyError):
        # Half-written, or by another version of the installer, but still ours.
        return Stamp(root="", interpreter="", project="")


def write_stamp(environment: Path, stamp: Stamp) -> None:
    """Put `stamp` into `environment`."""
    write_fields(environment / FILE_NAME, asdict(stamp))


def _sha256(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
