"""A batch as its manifest tells it: an entry for each input, the most doubtful first."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from cutsmith.batch.inputs import natural_order
from cutsmith.batch.manifest import Manifest
from cutsmith.batch.manifest_rows import ResultRow, ReviewRow

DONE = "done"
FAILED = "failed"
NOTHING_FOUND = "nothing found"

ACCEPT = "accept"
REVIEW = "review"
_ID_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One input of a batch.

    Attributes:
        identity: 16 hexadecimal digits, which stand for its input and key together.
        result: its last result row.
        review: the person's verdict that counts, or None.
        order: its place in the manifest, from 0.
    """

    identity: str
    result: ResultRow
    review: ReviewRow | None
    order: int

    @property
    def said(self) -> str:
        """What a person said: "accepted", "rejected" or "undecided"."""
        return self.review.verdict if self.review is not None else "undecided"

    @property
    def has_result(self) -> bool:
        """Whether there is a result that a person can decide about."""
        return self.result.status == DONE and self.result.output is not None

    @property
    def reasons(self) -> tuple[str, ...]:
        """All that speaks against it, in sentences: doubts, failed checks, the error. Equal ones can be counted."""
        told = [*self.result.reasons, *self.result.checks]
        what = self.result.error.get("what") if self.result.error is not None else None
        if isinstance(what, str) and what:
            # An error names its picture, which would make each one a reason of its own.
            told.append(what.replace(self.result.input, "…").replace(Path(self.result.input).name or "\0", "…"))
        return tuple(dict.fromkeys(told))


@dataclass(frozen=True)
class Batch:
    """A batch as its manifest tells it.

    Attributes:
        folder: the folder of its results.
        identity: 16 hexadecimal digits that stay the same as long as the manifest grows, and when the folder moves.
        entries: each input, the most doubtful first.
        skipped: damaged lines of the manifest.
    """

    folder: Path
    identity: str
    entries: tuple[Entry, ...]
    skipped: int


def read_batch(folder: str | os.PathLike[str]) -> Batch:
    """Read the batch in `folder`.

    Raises:
        BatchMissing: there is no manifest. BadManifest: it is none.
    """
    manifest = Manifest(folder).require()
    state = manifest.latest()
    entries = [
        Entry(identity_of(name, row.key), row, state.reviews.get(name), order)
        for order, (name, row) in enumerate(state.results.items())
    ]
    entries.sort(key=_by_doubt)
    return Batch(Path(folder), _batch_identity(manifest), tuple(entries), state.skipped)


def identity_of(name: str, key: str | None) -> str:
    """What stands for an input and its key: a picture that is cut out anew is another."""
    return _digits(f"{name}\0{key or ''}".encode("utf-8", "surrogatepass"))


def _by_doubt(entry: Entry) -> tuple[object, ...]:
    """Results that Cutsmith sends to review or could not judge, then those that it accepts, then what has no result.

    Within each, an unknown doubt comes first (nobody has vouched for it), then the greater one.
    """
    if not entry.has_result:
        rank = 2 if entry.result.status == NOTHING_FOUND else 3
    else:
        rank = 1 if entry.result.verdict == ACCEPT else 0
    doubt = entry.result.uncertainty
    return rank, doubt is not None, -(doubt or 0.0), natural_order(entry.result.input)


def _batch_identity(manifest: Manifest) -> str:
    """It is made from the first row: a manifest only grows, so that row stays."""
    first = next(manifest.rows(), None)
    return _digits(json.dumps(first, sort_keys=True).encode())


def _digits(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:_ID_DIGITS]
