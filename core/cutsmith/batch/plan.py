"""Decides which file each input goes to, before any work starts."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cutsmith.batch.inputs import STANDARD, FoundInput, find_inputs
from cutsmith.batch.naming import Named, check_pattern, distinct_names
from cutsmith.cures import give, leave_out, set_option
from cutsmith.errors import BadOption, shown
from cutsmith.machine.files import is_folder
from cutsmith.output import Output
from cutsmith.picture.formats import OUTPUT_FORMATS, output_format
from cutsmith.picture.originals import Originals, Places, would_replace

__all__ = ["STANDARD", "Job", "Plan", "plan_jobs", "result_suffix"]

_PREVIEW_SUFFIX = ".png"


@dataclass(frozen=True)
class Job:
    """One picture: where to read it and where to write its results; "-" is standard input or output."""

    source: str
    output: str
    preview: str | None = None


@dataclass(frozen=True)
class Plan:
    """What a call is going to do.

    Attributes:
        jobs: one for each picture.
        originals: the files that the call reads; none of its results may replace one.
        notices: what was left out, for the user.
    """

    jobs: tuple[Job, ...]
    originals: Originals
    notices: tuple[str, ...] = ()


def plan_jobs(
    inputs: Sequence[str],
    output: str | None,
    preview: str | None,
    writing: Output,
    *,
    numbered: bool = False,
    also_read: Iterable[str] = (),
) -> Plan:
    """Make one job for each picture that `inputs` name.

    Without `output`, `photo.jpg` goes to `photo-cut.png` beside it, and standard input goes to standard output. With
    one, results go into that folder if it is one, ends in a slash or has no suffix, or if there are several pictures;
    the pictures of a folder keep its sub-folders there. The name and the suffix of results are those of `writing`.

    Args:
        inputs: paths of files or folders, or "-".
        output: a file, a folder, "-" or None.
        preview: the same for previews; None makes no previews.
        writing: how results are written. With `detections_only` there are no results, but there may be previews.
        numbered: whether each result gets numbers, because there may be several of a picture: NAME-1, NAME-2.
        also_read: other files that the call reads, which no result may replace.

    Raises:
        BadOption: two results would go to one file, or a result would replace an input; several pictures would go to
            standard output, to one file, or beside the pictures of a folder; a name and a file were given.
        PictureNotFound, PictureUnreadable: a folder without pictures, or one that may not be read.
    """
    if preview == STANDARD:
        raise BadOption(
            "The preview cannot go to standard output.", give("preview", "preview.png", "Give a file"), option="preview"
        )
    if writing.detections_only:
        output = STANDARD  # what is found is told, and no file is written
    _check_places(inputs, output, preview)
    found = find_inputs(inputs, [each for each in (output, preview) if each is not None and each != STANDARD])
    many = len(found.found) > 1 or any(map(is_folder, inputs))
    if many and output == STANDARD and not writing.detections_only:
        raise BadOption(
            "Several pictures cannot all go to standard output.",
            give("output", "cut-outs/", "Give a folder"),
            option="output",
        )
    outputs = _targets(found.found, output, result_suffix(writing), writing, many, "output")
    previews: Sequence[str | None] = [None] * len(outputs)
    if preview is not None:
        previews = _targets(found.found, preview, _PREVIEW_SUFFIX, writing, many, "preview")
    sources = [each.source for each in found.found]
    streams = [0] if STANDARD in sources else []
    originals = Originals([*(each for each in sources if each != STANDARD), *also_read], streams)
    _check_distinct(sources, outputs, previews)
    _check_originals(sources, [*outputs, *previews], originals, numbered=numbered)
    jobs = tuple(Job(*job) for job in zip(sources, outputs, previews, strict=True))
    return Plan(jobs, originals, tuple(found.notices))


def result_suffix(writing: Output) -> str:
    """The suffix of a result whose name we choose: that of the format, else .jpg on a background and .png without."""
    if writing.format is not None:
        return f".{writing.format}"
    is_opaque = writing.background != "transparent" and not writing.mask_only
    return ".jpg" if is_opaque else ".png"


def _check_places(inputs: Sequence[str], output: str | None, preview: str | None) -> None:
    """Refuse an empty path, and results beside the pictures of a folder: the next call would take them for pictures."""
    for option, path in (("output", output), ("preview", preview)):
        if path is not None and not path.strip():
            raise BadOption(
                "", give(option, "cut-outs/"), option=option, found=shown(path), wanted="a file or a folder"
            )
    folder = next((each for each in inputs if each != STANDARD and is_folder(each)), None)
    if folder is not None and output is None:
        example = f"{Path(folder).name or 'pictures'}-cut/"
        raise BadOption(
            f"{folder} is a folder, so its results need a folder of their own.",
            give("output", example, "Give one"),
            option="output",
        )


def _targets(
    found: Sequence[FoundInput], wanted: str | None, suffix: str, writing: Output, many: bool, option: str
) -> list[str]:
    """Where the result of each picture goes, as `wanted` says; `option` is what `wanted` is the value of."""
    if wanted == STANDARD:
        return [STANDARD] * len(found)
    if wanted is not None and not _is_folder_of_results(wanted, many, option):
        if option == "output":
            _check_file(wanted, writing)
        return [wanted]
    if writing.name is not None:
        check_pattern(writing.name, len(found))
    ending = "" if wanted is not None else "-mask" if writing.mask_only else "-cut"
    pattern = writing.name or f"{{stem}}{ending}"
    folders = [
        str(Path(wanted) / each.under) if wanted is not None else os.path.dirname(each.source)  # noqa: PTH120
        for each in found
    ]
    place_of = Places(fold=True)
    named = [
        Named.after(each.source, number, is_standard=each.source == STANDARD)
        for number, each in enumerate(found, start=1)
    ]
    names = distinct_names(named, [pattern] * len(found), [place_of(os.path.join(each, "x")) for each in folders])  # noqa: PTH118
    return [
        STANDARD if wanted is None and each.source == STANDARD else str(Path(folder) / f"{name}{suffix}")
        for each, folder, name in zip(found, folders, names, strict=True)
    ]


def _is_folder_of_results(wanted: str, many: bool, option: str) -> bool:
    if wanted.endswith(("/", os.sep)) or is_folder(wanted):
        return True
    suffix = Path(wanted).suffix
    if many and suffix:
        raise BadOption(
            f"The {option} for several pictures must be a folder, but got the file {wanted}.",
            set_option(option, f"{_without_format(wanted)}/"),
            option=option,
        )
    # A name without a suffix is a folder that is to be made; ".png" alone is a file.
    is_file = bool(suffix) or wanted.lower() in OUTPUT_FORMATS or os.path.lexists(wanted)
    return many or not is_file


def _without_format(path: str) -> str:
    return str(Path(path).with_suffix("")) if Path(path).suffix.lower() in OUTPUT_FORMATS else path


def _check_file(path: str, writing: Output) -> None:
    """Refuse a name or another format beside the path of a file."""
    if writing.name is not None:
        raise BadOption(
            f"A name for results was given, but also the file {path}.",
            leave_out("name"),
            give("output", f"{_without_format(path)}/", "Or give a folder"),
            option="name",
        )
    if writing.format is not None and output_format(path) != OUTPUT_FORMATS[f".{writing.format}"]:
        raise BadOption(
            f"The format {writing.format} was asked for, but {path} has the suffix {Path(path).suffix}.",
            leave_out("format"),
            give("output", f"{_without_format(path)}.{writing.format}", "Or give another file"),
            option="format",
            found=shown(writing.format),
        )


def _check_distinct(inputs: Sequence[str], outputs: Sequence[str], previews: Sequence[str | None]) -> None:
    taken: dict[object, str] = {}
    place_of = Places(fold=True)
    told = [f"{what} of {source}" for what in ("the cut-out", "the preview") for source in inputs]
    for each, target in zip(told, [*outputs, *previews], strict=True):
        if target is None or target == STANDARD:
            continue
        place = place_of(target)
        if place in taken:
            is_preview = each.startswith("the preview")
            raise BadOption(
                f"T{taken[place][1:]} and {each} would both be written to {target}.",
                give("preview", "previews/", "Nothing was done. Give another folder")
                if is_preview
                else "Nothing was done. Cut them out in two calls, each with a folder of its own.",
                option="preview" if is_preview else "output",
            )
        taken[place] = each


def _check_originals(
    sources: Sequence[str], targets: Sequence[str | None], originals: Originals, *, numbered: bool
) -> None:
    """Refuse a target that is an input, by whatever name, or whose numbers make it one."""
    place_of = Places(fold=False)
    for target in targets:
        if target is None or target == STANDARD:
            continue
        original = originals.behind(target, place_of)
        if original is not None:
            _refuse(target, original)
    if numbered:
        places = {place_of(target): target for target in targets if target is not None and target != STANDARD}
        for source in sources:
            path = Path(source)
            base, dash, number = path.stem.rpartition("-")
            if dash and number.isdecimal() and base:
                target = places.get(place_of(str(path.with_name(base + path.suffix))))
                if target is not None:
                    _refuse(source, source)


def _refuse(target: str, original: str) -> None:
    raise BadOption(
        would_replace(target, original), give("output", "FOLDER/", "Give another file or folder"), option="output"
    )
