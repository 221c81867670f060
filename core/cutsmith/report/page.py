"""The page of a batch: one HTML file that carries its style, its program, its data and the small pictures."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cutsmith.batch.manifest_rows import now
from cutsmith.picture import write_atomically
from cutsmith.report.places import address_from, input_path, output_path
from cutsmith.report.reading import Batch, Entry, read_batch
from cutsmith.report.thumbnails import CHUNK, thumbnail_chunks
from cutsmith.report.totals import totals_of
from cutsmith.report.verdicts import KIND
from cutsmith.version import __version__

REPORT = "report.html"

_FOLDER = Path(__file__).parent / "page_files"
# In this order they are one program.
_PROGRAM = ("data.js", "verdicts.js", "selection.js", "compare.js", "grid.js", "detail.js", "controls.js", "main.js")
_PLACE = re.compile(r"\{\{(\w+)\}\}")
# In a block of JSON no letter may end the block, begin a comment, or (in old programs) end a line.
_UNSAFE = {ord(letter): f"\\u{ord(letter):04x}" for letter in "<>&\u2028\u2029"}

Addresses = Callable[[Entry], tuple[str | None, str | None]]
"""The addresses of an entry's input and of its result, each None where a page cannot reach it."""


def write_report(folder: str | os.PathLike[str], *, with_inputs: bool = True) -> Path:
    """Write the page of the batch in `folder` as report.html in it, whole or not at all; -> its path.

    The page carries the thumbnails and needs no network. It opens the inputs and results themselves by addresses that
    are relative to it, where they are on this machine.

    Raises:
        BatchMissing, BadManifest: there is no batch. OutputRefused: the page cannot be written.
    """
    batch = read_batch(folder)

    def addresses(entry: Entry) -> tuple[str | None, str | None]:
        paths = input_path(entry.result) if with_inputs else None, output_path(batch.folder, entry.result)
        source, result = (None if path is None else address_from(batch.folder, path) for path in paths)
        return source, result

    def fill(stream: Any) -> None:
        for text in _page(batch, addresses, served=False):
            stream.write(text.encode())

    return write_atomically(fill, batch.folder / REPORT, overwrite=True)


def served_page(batch: Batch, addresses: Addresses) -> bytes:
    """The page as it is served: it asks the server for thumbnails, and sends it the verdicts."""
    return "".join(_page(batch, addresses, served=True)).encode()


def policy(*, served: bool) -> str:
    """The page's Content-Security-Policy: its own program and style by their hashes, pictures, and nothing else."""
    rules = {
        "default-src": "'none'",
        "script-src": _hash(_program()),
        "style-src": _hash(_style()),
        "img-src": "'self'" if served else "'self' data: file:",
        "connect-src": "'self'" if served else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def _page(batch: Batch, addresses: Addresses, *, served: bool) -> Iterator[str]:
    """The page in pieces, so that its thumbnails are never all in memory."""
    filled = {
        "policy": policy(served=served),
        "style": _style(),
        "data": _as_block(page_data(batch, addresses, served=served)),
        "program": _program(),
    }
    head, _, tail = (_FOLDER / "page.html").read_text(encoding="utf-8").partition("{{thumbnails}}")
    yield _filled(head, filled)
    if not served:
        for number, chunk in enumerate(thumbnail_chunks(batch.folder, batch.entries)):
            yield f'<script type="application/json" id="thumbnails-{number}">{_as_block(chunk)}</script>\n'
    yield _filled(tail, filled)


def page_data(batch: Batch, addresses: Addresses, *, served: bool) -> dict[str, Any]:
    """What the page knows, as JSON."""
    totals = totals_of(batch.entries)
    numbers = {reason: number for number, (reason, _) in enumerate(totals.reasons)}
    return {
        "batch": batch.identity,
        "folder": _name(batch.folder),
        "kind": KIND,
        "version": __version__,
        "made": now(),
        "served": served,
        "chunk": CHUNK,
        "skipped": batch.skipped,
        "seconds": totals.seconds,
        "perSecond": totals.pictures_per_second,
        "reasons": [reason for reason, _ in totals.reasons],
        "pictures": [_picture(entry, numbers, addresses(entry)) for entry in batch.entries],
    }


def _picture(entry: Entry, numbers: Mapping[str, int], addresses: tuple[str | None, str | None]) -> dict[str, Any]:
    """One picture; what is empty is left out, which makes a page with many a third smaller."""
    row, (source, result) = entry.result, addresses
    told = {
        "id": entry.identity,
        "name": row.input,
        "key": row.key,
        "status": row.status,
        "order": entry.order,
        "output": row.output,
        "inputAddress": source,
        "outputAddress": result if entry.has_result else None,
        "verdict": row.verdict,
        "doubt": row.uncertainty,
        "reasons": [numbers[reason] for reason in entry.reasons],
        "width": row.width,
        "height": row.height,
        "bytes": row.output_bytes,
        "seconds": row.seconds,
        "model": row.model,
        "view": row.view,
        "steps": [_step(step) for step in row.steps],
        "warnings": list(row.warnings),
        "error": row.error.get("what") if row.error is not None else None,
        "remedy": row.error.get("remedy") if row.error is not None else None,
        "said": entry.review.verdict if entry.review is not None else None,
        "saidAt": entry.review.at if entry.review is not None else None,
    }
    return {name: value for name, value in told.items() if value is not None and value != [] and value != ""}


def _step(step: Mapping[str, Any]) -> dict[str, Any]:
    return {name: step[name] for name in ("step", "uncertainty", "kept") if name in step}


def _name(folder: Path) -> str:
    return Path(os.path.abspath(folder)).name or str(folder)  # noqa: PTH100 - a link keeps its own name


def _as_block(told: Any) -> str:
    """JSON that is safe within an element of HTML, in ASCII alone."""
    return json.dumps(told, separators=(",", ":"), allow_nan=False).translate(_UNSAFE)


def _filled(template: str, values: Mapping[str, str]) -> str:
    """One pass: what a value holds is never taken for a place of its own."""
    return _PLACE.sub(lambda found: values[found[1]], template)


def _program() -> str:
    parts = "\n".join((_FOLDER / name).read_text(encoding="utf-8") for name in _PROGRAM)
    return f'"use strict";\n(() => {{\n{parts}}})();\n'


def _style() -> str:
    return (_FOLDER / "page.css").read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
