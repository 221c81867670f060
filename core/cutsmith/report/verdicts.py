"""A person's verdicts, from the page's file or from the served page, into the manifest."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cutsmith.batch.manifest import ManifestWriter
from cutsmith.batch.manifest_rows import ReviewRow, RowUnusable, now
from cutsmith.errors import BadVerdicts
from cutsmith.report.reading import Batch, read_batch

KIND = "cutsmith verdicts"
"""What the page's file says that it is."""

_LARGEST_FILE = 256 << 20


@dataclass(frozen=True)
class Applied:
    """What became of the verdicts of a file.

    Attributes:
        applied: how many were written into the manifest.
        known: how many the manifest had already, or had a later one for.
        stale: how many are of results that are there no more, because their pictures were cut out anew.
    """

    applied: int
    known: int
    stale: int


def apply_verdicts(folder: str | os.PathLike[str], path: str | os.PathLike[str]) -> Applied:
    """Write the verdicts that the page saved as the file `path` into the manifest of `folder`.

    A verdict keeps the time at which it was given. One that the manifest has a later verdict for is left out.

    Raises:
        BadVerdicts: the file is none of the page's, is damaged, or belongs to another batch; nothing is written.
        BatchMissing, BadManifest: the folder. OutputRefused: the manifest cannot be written.
    """
    batch = read_batch(folder)
    rows = _read(Path(path), batch)
    entries = {(each.result.input, each.result.key): each for each in batch.entries if each.has_result}
    fresh: list[ReviewRow] = []
    known = stale = 0
    for row in rows:
        entry = entries.get((row.input, row.key))
        if entry is None:
            stale += 1
        elif entry.said == row.verdict or (entry.review is not None and entry.review.at > row.at):
            known += 1
        else:
            fresh.append(row)
    if fresh:
        with ManifestWriter(folder) as writer:
            for row in fresh:
                writer.append(row)
    return Applied(len(fresh), known, stale)


def review_rows(batch: Batch, told: Iterable[Mapping[str, Any]]) -> list[ReviewRow]:
    """The rows for verdicts that name their entries by "identity"; all or none.

    Raises:
        BadVerdicts: one names no entry of the batch that has a result, or its verdict is none.
    """
    entries = {each.identity: each.result for each in batch.entries if each.has_result}
    rows = []
    for each in told:
        identity = each.get("identity") if isinstance(each, Mapping) else None
        if not isinstance(identity, str) or identity not in entries:
            raise BadVerdicts(f"{identity!r:.40} is no result of this batch.", "Load the page again.")
        result = entries[identity]
        rows.append(_row({"input": result.input, "key": result.key, "verdict": each.get("verdict"), "at": now()}))
    return rows


def _read(path: Path, batch: Batch) -> list[ReviewRow]:
    """The rows of a file; the last one of an input counts."""
    try:
        with path.open("rb") as stream:
            data = stream.read(_LARGEST_FILE)
    except OSError as error:
        raise BadVerdicts(f"{path} cannot be read: {error.strerror}.", "Give the file that the page saved.") from error
    try:
        told = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _wrong(path, "it is no JSON") from error
    if not isinstance(told, dict) or told.get("kind") != KIND or not isinstance(told.get("verdicts"), list):
        raise _wrong(path, f'it has no "kind": "{KIND}"')
    if told.get("batch") != batch.identity:
        raise BadVerdicts(
            f"{path} holds the verdicts of another batch, not of the one in {batch.folder}.",
            "Give the folder of that batch, or the file that this batch's page saved.",
        )
    rows = {(row.input, row.key): row for row in map(_row, told["verdicts"])}
    return list(rows.values())


def _row(told: Any) -> ReviewRow:
    if not isinstance(told, Mapping):
        raise BadVerdicts(f"A verdict must be an object, but is {told!r:.60}.")
    try:
        return ReviewRow.from_json({name: told[name] for name in ("input", "key", "verdict", "at") if name in told})
    except RowUnusable as error:
        raise BadVerdicts(f"A verdict is damaged: {error}.", "Save the verdicts again.") from error


def _wrong(path: Path, why: str) -> BadVerdicts:
    return BadVerdicts(f"{path} is no file of verdicts: {why}.", "Give the file that the page saved: verdicts.json.")
