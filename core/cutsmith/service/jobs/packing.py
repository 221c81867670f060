"""The zip that a job ends with: the results under their names, manifest.csv and report.html.

What the client gets tells nothing of this machine: the pictures have the names that the client gave them.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Any

from cutsmith.batch.manifest import MANIFEST, Manifest, ResultRow
from cutsmith.picture import write_bytes_atomically
from cutsmith.report.export import export
from cutsmith.report.page import write_report
from cutsmith.service.jobs.folder import JobFolder


def pack(folder: JobFolder) -> None:
    """Make the zip of a job whose pictures are all done. It may be called again after any end.

    Raises:
        CutsmithError: something cannot be written, or is there no more.
    """
    _name_as_client(folder)
    report = write_report(folder.results, with_inputs=False)
    export(folder.results, folder.result, which="all", overwrite=True, beside=[report])


def _name_as_client(folder: JobFolder) -> None:
    """Let the manifest name each input as its client did, once: the last row of each, and no others."""
    manifest = Manifest(folder.results)
    if not manifest.exists():
        write_bytes_atomically(b"", manifest.path, overwrite=False)
        return
    rows = manifest.latest().results.values()
    lines = [json.dumps(_told(row, folder.inputs), ensure_ascii=False) for row in rows]
    write_bytes_atomically(
        "".join(f"{line}\n" for line in lines).encode("utf-8", "replace"),
        folder.results / MANIFEST,
        overwrite=True,
    )


def _told(row: ResultRow, inputs: Path) -> Any:
    # A model of the operator's own is named by its path.
    model = None if row.model is None else PurePath(row.model).name
    return _without(replace(row, model=model).as_json(), inputs)


def _without(told: Any, inputs: Path) -> Any:
    """`told` without the folder of inputs, wherever a text in it names that."""
    if isinstance(told, str):
        return told.replace(f"{inputs}/", "").replace(f"{inputs}\\", "").replace(str(inputs), "the job")
    if isinstance(told, dict):
        return {name: _without(value, inputs) for name, value in told.items()}
    if isinstance(told, list | tuple):
        return [_without(each, inputs) for each in told]
    return told
