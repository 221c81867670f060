"""Decides which file each input goes to, before any work starts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cutsmith.cures import give, set_option
from cutsmith.errors import BadOption
from cutsmith.machine.files import is_folder

STANDARD = "-"


@dataclass(frozen=True)
class Job:
    """One picture: where to read it and where to write its results; "-" is standard input or output."""

    source: str
    output: str
    preview: str | None = None


def plan_jobs(inputs: Sequence[str], output: str | None, preview: str | None, *, suffix: str, ending: str) -> list[Job]:
    """Make one job for each input.

    Without `output`, `photo.jpg` goes to `photo-ENDING.SUFFIX` beside it, and standard input goes to standard output.
    For a single input, `output` is a file unless it is a folder or ends in a slash; for several, it is a folder.

    Args:
        inputs: paths, or "-".
        output: a file, a folder, "-" or None.
        preview: the same for previews; None makes no previews.
        suffix: the suffix of files that we name, such as ".png".
        ending: what is added to the stem of a file beside its input.

    Raises:
        BadOption: two inputs would go to one file, an output is also an input, or several pictures would go to
            standard output or to a single file.
    """
    if preview == STANDARD:
        raise BadOption(
            "The preview cannot go to standard output.", give("preview", "preview.png", "Give a file"), option="preview"
        )
    several = len(inputs) > 1
    outputs = [_target(source, output, several, suffix, ending) for source in inputs]
    previews: list[str | None] = [
        None if preview is None else _target(source, preview, several, ".png", "preview") for source in inputs
    ]
    _check_distinct([*inputs, *inputs], [*outputs, *previews])
    _check_inputs_survive(inputs, [*outputs, *previews])
    return [Job(*job) for job in zip(inputs, outputs, previews, strict=True)]


def _target(source: str, wanted: str | None, several: bool, suffix: str, ending: str) -> str:
    # A folder such as "." has no name; it is rejected when it is read.
    name = "standard-input" if source == STANDARD else Path(source).stem or "picture"
    if wanted is None:
        return STANDARD if source == STANDARD else str(Path(source).parent / f"{name}-{ending}{suffix}")
    if wanted == STANDARD:
        if several:
            raise BadOption(
                "Several pictures cannot all go to standard output.",
                give("output", "cut-outs/", "Give a folder"),
                option="output",
            )
        return STANDARD
    folder = wanted.endswith(("/", os.sep)) or is_folder(wanted)
    if not folder and several:
        if Path(wanted).suffix:
            raise BadOption(
                f"The output for several pictures must be a folder, but got the file {wanted}.",
                set_option("output", f"{Path(wanted).with_suffix('')}/"),
                option="output",
            )
        folder = True
    return str(Path(wanted) / f"{name}{suffix}") if folder else wanted


def _absolute(path: str) -> str:
    # Not resolve(): replacing a link does not touch the file that it points to.
    return os.path.abspath(path)  # noqa: PTH100


def _check_distinct(inputs: Sequence[str], targets: Sequence[str | None]) -> None:
    taken: dict[str, str] = {}
    for source, target in zip(inputs, targets, strict=True):
        if target is None or target == STANDARD:
            continue
        # On many disks, names that differ only in case are the same file.
        key = _absolute(target).casefold()
        if key in taken:
            raise BadOption(
                f"{taken[key]} and {source} would both be written to {target}.",
                "Nothing was done. Cut them out in two calls, each with a folder of its own.",
                option="output",
            )
        taken[key] = source


def _check_inputs_survive(inputs: Sequence[str], targets: Sequence[str | None]) -> None:
    originals = {_absolute(source) for source in inputs if source != STANDARD}
    for target in targets:
        if target is not None and target != STANDARD and _absolute(target) in originals:
            raise BadOption(
                f"{target} is one of the inputs and would be replaced.",
                give("output", "FOLDER/", "Give another file or folder"),
                option="output",
            )
