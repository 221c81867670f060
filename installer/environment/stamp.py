"""What an environment was made from, so that a second run knows that nothing is left to do."""

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
    """One environment: what it was made from, and how far its making got.

    A stamp with `complete` false is written before anything else, so that a run that was interrupted leaves it behind.
    """

    root: str
    interpreter: str
    project: str
    extras: tuple[str, ...] = ()
    constraints: str = ""
    complete: bool = False
    warmed: bool = False

    def same_place(self, wanted: Stamp) -> bool:
        """Whether the clone is where it was, under the same Python: an environment that was moved cannot be mended."""
        return (self.root, self.interpreter) == (wanted.root, wanted.interpreter)

    def provides(self, wanted: Stamp) -> bool:
        """Whether all that `wanted` asks for is installed: its extras, and its constraints if it has any."""
        return (
            self.complete
            and self.same_place(wanted)
            and self.project == wanted.project
            and set(wanted.extras) <= set(self.extras)
            and wanted.constraints in ("", self.constraints)
        )


def wanted_stamp(clone: Clone, extras: Iterable[str], constraints: Path | None) -> Stamp:
    """What the environment of `clone` is to be made from, under the Python that runs now."""
    return Stamp(
        root=str(clone.root),
        interpreter=f"{sys.version_info[0]}.{sys.version_info[1]} {sys.base_prefix}",
        # The requirements are in the one file, those that need a step of their own in the other.
        project=_sha256(clone.project, Path(separate_steps.__file__)),
        extras=tuple(sorted(set(extras))),
        constraints=_sha256(constraints) if constraints else "",
    )


def read_stamp(environment: Path) -> Stamp | None:
    """The stamp of `environment`; None if it has none; an incomplete one if it cannot be understood."""
    fields = read_fields(environment / FILE_NAME)
    if fields is None:
        return None
    try:
        return Stamp(**{**fields, "extras": tuple(fields["extras"])})
    except (TypeError, KeyError):
        # Half-written, or by another version of the installer: ours all the same.
        return Stamp(root="", interpreter="", project="")


def write_stamp(environment: Path, stamp: Stamp) -> None:
    """Put `stamp` into `environment`."""
    write_fields(environment / FILE_NAME, asdict(stamp))


def _sha256(*paths: Path) -> str:
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()
