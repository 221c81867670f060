"""Whether a file of weights is the publisher's: hashed once, and the hash remembered until the file changes."""

from __future__ import annotations

import datetime
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

from cutsmith.models.entry import Entry

logger = logging.getLogger(__name__)


class Integrity(NamedTuple):
    """What a check of a file found.

    `status` is "verified" (the publisher's hash), "unverified" (the publisher gives no hash) or "damaged"; `detail`
    says what was compared; `changed` is true where an unverified file is not the one first seen under its name.
    """

    status: Literal["verified", "unverified", "damaged"]
    detail: str
    changed: bool = False


class HashMemory:
    """Digests of files, remembered in `folder`: one small JSON record a file, keyed by its path.

    A record counts while the file's size and modification time (ns) are the recorded ones, so that a warm start does
    not read hundreds of megabytes again.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def digest(self, path: Path, algorithm: str, *, fresh: bool = False) -> str:
        """The hexadecimal digest of `path`; with `fresh` from the file's bytes even where it is remembered."""
        state = path.stat()
        record = read_record(self._record_path(path))
        same_file = (record.get("size"), record.get("mtime_ns")) == (state.st_size, state.st_mtime_ns)
        digests = dict(record.get("digests", {})) if same_file else {}
        if fresh or not isinstance(digests.get(algorithm), str):
            digests[algorithm] = hash_file(path, algorithm)
            write_record(
                self._record_path(path),
                {
                    "path": str(path.resolve()),
                    "size": state.st_size,
                    "mtime_ns": state.st_mtime_ns,
                    "digests": digests,
                },
            )
        return str(digests[algorithm])

    def moved(self, old: Path, new: Path) -> None:
        """Keep the record of the file `old`, which has been renamed to `new`."""
        record = read_record(self._record_path(old))
        if record:
            write_record(self._record_path(new), {**record, "path": str(new.resolve())})
            self._record_path(old).unlink(missing_ok=True)

    def _record_path(self, path: Path) -> Path:
        key = hashlib.sha256(os.fsencode(path.resolve())).hexdigest()
        return self.folder / f"{key}.json"


class FirstSeen:
    """SHA-256 of the first file seen of each model whose publisher gives no hash: a JSON record a model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def compare(self, name: str, sha256: str) -> str | None:
        """None where `sha256` is the recorded one, or is now recorded; else a sentence that says what changed."""
        path = self.folder / f"{name}.json"
        record = read_record(path)
        if not record.get("sha256"):
            today = datetime.datetime.now(datetime.UTC).date().isoformat()
            write_record(path, {"sha256": sha256, "date": today})
            return None
        if record["sha256"] == sha256:
            return None
        return f"its content has changed since {record.get('date')}: sha256 was {record['sha256']}, is {sha256}"


def check_file(
    path: Path, entry: Entry, memory: HashMemory, first_seen: FirstSeen, *, fresh: bool = False
) -> Integrity:
    """Compare the file `path` with what the catalogue says of `entry`: its size where known, then its hash.

    Raises:
        OSError: the file cannot be read.
    """
    size = path.stat().st_size
    if size == 0 or (entry.size is not None and size != entry.size):
        wanted = f"{entry.size:,}" if entry.size is not None else "more"
        return Integrity("damaged", f"it must have {wanted} bytes, but has {size:,}")
    if entry.published_hash is None:
        sha256 = memory.digest(path, "sha256", fresh=fresh)
        changed = first_seen.compare(entry.name, sha256)
        if changed:
            return Integrity("unverified", changed, changed=True)
        return Integrity("unverified", f"the publisher gives no hash; sha256 {sha256}, as first seen")
    algorithm, wanted_digest = entry.published_hash
    digest = memory.digest(path, algorithm, fresh=fresh)
    if digest != wanted_digest:
        return Integrity("damaged", f"its {algorithm} is {digest}, the publisher's is {wanted_digest}")
    return Integrity("verified", f"{algorithm} {digest}, the publisher's")


def hash_file(path: Path, algorithm: str) -> str:
    """The hexadecimal digest of a file's bytes; `algorithm` as hashlib names it."""
    # MD5 guards against damage here; some publishers give nothing else.
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()


def read_record(path: Path) -> Mapping[str, Any]:
    """A JSON object from `path`; empty where there is none, or it cannot be read."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write a JSON object atomically; a failure is only logged, because a record merely saves time."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=".", suffix=".tmp", delete=False
        ) as file:
            json.dump(record, file)
        try:
            Path(file.name).replace(path)
        except OSError:
            Path(file.name).unlink(missing_ok=True)
            raise
    except OSError as error:
        logger.debug("%s cannot be written: %s", path, error)
