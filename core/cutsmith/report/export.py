"""The results of a batch that count, as one zip with a table of them."""

from __future__ import annotations

import csv
import io
import os
import shutil
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal, get_args

from cutsmith.batch.manifest import MANIFEST
from cutsmith.errors import BadManifest, NothingToExport, PictureNotFound
from cutsmith.picture import Originals, write_atomically
from cutsmith.report.places import output_path
from cutsmith.report.reading import ACCEPT, Entry, read_batch

Which = Literal["accepted", "reviewed", "all"]
"""accepted: those that a person accepted, and those that Cutsmith accepts and no person rejected;
reviewed: only those that a person accepted; all: every result."""

WHICH: tuple[Which, ...] = get_args(Which)
TABLE = "manifest.csv"

_COLUMNS = ("input", "output", "verdict", "verdict_by", "uncertainty", "reasons")
_FORMULA_STARTS = ("=", "@", "\t", "\r")
_FORMULA_SIGNS = frozenset("()|!=")
_MOST_NAMED = 3


@dataclass(frozen=True)
class Exported:
    """What was exported.

    Attributes:
        path: the zip.
        pictures: how many results it holds.
        left_out: how many other results the batch has.
    """

    path: Path
    pictures: int
    left_out: int


def export(
    folder: str | os.PathLike[str],
    target: str | os.PathLike[str],
    *,
    which: Which = "accepted",
    overwrite: bool = False,
    beside: Sequence[Path] | None = None,
) -> Exported:
    """Write the results of the batch in `folder` as the zip `target`, whole or not at all.

    The results keep their names. They are stored as they are, because pictures are compressed already. manifest.csv
    in the zip says of each its input, verdict, uncertainty and reasons.

    Args:
        folder: the folder of the batch.
        target: the zip.
        which: the results that are asked for.
        overwrite: whether a file at `target` may be replaced.
        beside: further files for the zip, such as the report. With these it is written even if there is no result.

    Raises:
        NothingToExport: no result is among those that are asked for.
        PictureNotFound: a result is there no more. OutputExists, OutputRefused: the zip. BatchMissing, BadManifest.
    """
    batch = read_batch(folder)
    results = [each for each in batch.entries if each.has_result]
    chosen = sorted((each for each in results if _is_chosen(each, which)), key=lambda each: each.order)
    if not chosen and beside is None:
        raise NothingToExport(
            f"There is nothing to export from {batch.folder}: {_WHY_NONE[which]}.",
            "Look at them and accept some, or export all.",
        )
    files = {**_files(batch.folder, chosen), **{path.name: path for path in beside or ()}}
    originals = Originals([*files.values(), batch.folder / MANIFEST])
    path = write_atomically(
        lambda stream: _fill(stream, chosen, files), target, overwrite=overwrite, originals=originals
    )
    return Exported(path, len(chosen), len(results) - len(chosen))


_WHY_NONE = {
    "accepted": "nobody accepted a result, and there is none that Cutsmith accepts and nobody rejected",
    "reviewed": "nobody accepted a result",
    "all": "it has no results",
}


def _is_chosen(entry: Entry, which: Which) -> bool:
    if which == "all":
        return True
    by_cutsmith = which == "accepted" and entry.result.verdict == ACCEPT and entry.said != "rejected"
    return entry.said == "accepted" or by_cutsmith


def _files(folder: Path, chosen: Sequence[Entry]) -> dict[str, Path]:
    """The results by their names in the zip; of an entry whose objects have a file each, all of them."""
    files: dict[str, Path] = {}
    gone: list[str] = []
    for entry in chosen:
        for name in entry.result.outputs or (str(entry.result.output),):
            path = output_path(folder, replace(entry.result, output=name))
            if path is None:
                raise BadManifest(
                    f"The manifest in {folder} names a result outside of it: {name!r:.80}.",
                    "Run the batch again, into another folder.",
                )
            if not path.is_file():
                gone.append(name)
            files[name] = path
    if gone:
        named = ", ".join(gone[:_MOST_NAMED])
        more = f" and {len(gone) - _MOST_NAMED} more" if len(gone) > _MOST_NAMED else ""
        raise PictureNotFound(
            f"Results are missing in {folder}: {named}{more}.",
            "Run the batch again: it makes what is missing.",
        )
    return files


def _fill(stream: BinaryIO, chosen: Sequence[Entry], files: Mapping[str, Path]) -> None:
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for name, path in files.items():
            _add(archive, name, path)
        table = zipfile.ZipInfo(TABLE, time.localtime()[:6])
        table.external_attr = 0o644 << 16
        archive.writestr(table, _table(chosen), zipfile.ZIP_DEFLATED)


def _add(archive: zipfile.ZipFile, name: str, path: Path) -> None:
    """One file, a piece at a time."""
    try:
        told = zipfile.ZipInfo.from_file(path, name.encode("utf-8", "replace").decode(), strict_timestamps=False)
        source = path.open("rb")
    except OSError as error:
        raise PictureNotFound(f"{path} cannot be read: {error.strerror}.", "Run the batch again.") from error
    with source, archive.open(told, "w") as stream:
        shutil.copyfileobj(source, stream, 1 << 20)


def _table(chosen: Sequence[Entry]) -> bytes:
    """The table, in UTF-8 with the mark by which spreadsheets know it."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(_COLUMNS)
    for entry in chosen:
        decided = entry.said != "undecided"
        doubt = entry.result.uncertainty
        writer.writerow(
            (
                _cell(entry.result.input),
                _cell(str(entry.result.output)),
                entry.said if decided else entry.result.verdict or "",
                "person" if decided else "Cutsmith" if entry.result.verdict else "",
                "" if doubt is None else f"{doubt:.4f}",
                _cell(" ".join(entry.reasons)),
            )
        )
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _cell(text: str) -> str:
    """`text` as a cell that no spreadsheet takes for a formula."""
    is_formula = text.startswith(_FORMULA_STARTS) or (text.startswith(("+", "-")) and _FORMULA_SIGNS & set(text))
    return f"'{text}" if is_formula else text
