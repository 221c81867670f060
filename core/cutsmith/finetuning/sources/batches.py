"""A batch's folder: its inputs, with the results that a reviewer accepted, or that were corrected since."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path, PurePath, PurePosixPath

from cutsmith.batch.inputs import counted
from cutsmith.finetuning.examples import Truth
from cutsmith.finetuning.gathering import Gathering
from cutsmith.finetuning.mask_files import MaskFile, ResultFiles
from cutsmith.finetuning.sources.folders import masks_by_name
from cutsmith.report.places import input_path, output_path
from cutsmith.report.reading import Entry, read_batch


def find_in_batch(folder: Path, masks: Path | None, gathering: Gathering) -> None:
    """Gather the inputs whose result a person accepted, and those that have a mask in the folder `masks`.

    A mask has the name of the result, or of the input, below its folder or by itself. It takes the place of the result,
    whatever the person said of that. All others are left out, and counted.

    Raises:
        BadManifest: the manifest is none. PictureNotFound, PictureUnreadable: the folder of masks.
    """
    batch = read_batch(folder)
    entries = sorted(batch.entries, key=lambda entry: entry.order)
    corrected = {} if masks is None else _corrections(masks, entries, gathering)
    left_out: Counter[str] = Counter()
    for entry in entries:
        picture = input_path(entry.result)
        truth: Truth | None = corrected.get(entry.identity)
        if truth is None and not (entry.said == "accepted" and entry.has_result):
            left_out[entry.said if entry.has_result else "without a result"] += 1
            continue
        if picture is None:
            gathering.fault(
                Path(entry.result.input),
                "This input of the batch is not there. If its path is a relative one, begin in the folder in which the "
                "batch was begun.",
            )
        elif _has_changed(picture, entry):
            gathering.fault(picture, "It has changed since the batch cut it out.")
        else:
            truth = truth or _result(folder, entry, gathering)
            if truth is not None:
                gathering.add(_name(entry), picture, truth)
    if left_out:
        told = ", ".join(f"{number} {said}" for said, number in sorted(left_out.items()))
        gathering.notices.append(
            f"{counted(left_out.total(), 'picture of the batch was', 'pictures of the batch were')} left out: {told}."
        )


def _result(folder: Path, entry: Entry, gathering: Gathering) -> ResultFiles | None:
    paths = []
    for name in _outputs(entry):
        path = output_path(folder, replace(entry.result, output=name))
        if path is None or not path.is_file():
            gathering.fault(folder / name, "This result of the batch is not there.")
            return None
        paths.append(path)
    return ResultFiles(tuple(paths))


def _corrections(masks: Path, entries: Sequence[Entry], gathering: Gathering) -> dict[str, MaskFile]:
    """The masks in the folder `masks` by the identity of the entry that they correct; others are faults."""
    tables: list[defaultdict[str, list[Entry]]] = []
    for entry in entries:
        for place, name in enumerate(_names(entry)):
            if place == len(tables):
                tables.append(defaultdict(list))
            tables[place][name].append(entry)
    found: dict[str, MaskFile] = {}
    for name, path in masks_by_name(masks, gathering).items():
        named = next((table[name] for table in tables if name in table), [])
        if not named:
            gathering.fault(path, "It has no picture: no input or result of the batch has its name.")
        elif len(named) > 1:
            gathering.fault(path, f"{len(named)} pictures of the batch have its name. Name it like the result.")
        elif named[0].identity in found:
            gathering.fault(path, f"{found[named[0].identity].path} is a mask of the same picture.")
        else:
            found[named[0].identity] = MaskFile(path)
    return found


def _names(entry: Entry) -> Iterator[str]:
    """The names that a mask of the entry may have, those that are told apart best first."""
    result = _result_name(entry)
    source = PurePath(entry.result.input).stem
    yield result or source
    yield _name(entry)
    yield PurePosixPath(result or source).name
    yield source


def _name(entry: Entry) -> str:
    """The input's own name in the folder of its result."""
    result = _result_name(entry)
    return (PurePosixPath(result or "").parent / PurePath(entry.result.input).stem).as_posix()


def _result_name(entry: Entry) -> str | None:
    """The path of the result without its suffix, and without the number of its object; None without a result."""
    outputs = _outputs(entry)
    if not outputs:
        return None
    name = PurePosixPath(outputs[0]).with_suffix("").as_posix()
    return name.removesuffix("-1") if entry.result.outputs else name


def _outputs(entry: Entry) -> Sequence[str]:
    if not entry.has_result:
        return ()
    return entry.result.outputs or (str(entry.result.output),)


def _has_changed(picture: Path, entry: Entry) -> bool:
    size = entry.result.source.get("bytes") if entry.result.source is not None else None
    return isinstance(size, int) and picture.stat().st_size != size
