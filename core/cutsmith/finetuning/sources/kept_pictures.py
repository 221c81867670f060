"""What the service kept of POST /v1.0/improve: pictures that were cut out badly, and masks that were drawn since."""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath

from cutsmith.batch.inputs import counted
from cutsmith.finetuning.gathering import Gathering
from cutsmith.finetuning.mask_files import MaskFile
from cutsmith.finetuning.sources.folders import masks_by_name
from cutsmith.machine.files import is_file

_LONGEST_RECORD = 1 << 16


def is_folder_of_kept_pictures(folder: Path) -> bool:
    """Whether the service kept pictures in `folder`: it has a record named by a UUID that names a picture's file."""
    return next(_records(folder), None) is not None


def find_in_kept_pictures(folder: Path, masks: Path, gathering: Gathering) -> None:
    """Gather the pictures that have a mask, named by the picture's UUID or by the name that its sender gave it.

    The sender's tag is the product. Pictures without a mask are left out, and counted.

    Raises:
        PictureNotFound, PictureUnreadable: the folder of masks.
    """
    records = dict(_records(folder))
    by_name: defaultdict[str, list[str]] = defaultdict(list)
    for identity, record in records.items():
        by_name[_name(identity, record)].append(identity)
    drawn: dict[str, Path] = {}
    for name, path in masks_by_name(masks, gathering).items():
        named = [name] if name in records else by_name.get(name, [])
        if not named:
            gathering.fault(path, "It has no picture: none that was kept has its name.")
        elif len(named) > 1:
            gathering.fault(path, f"{len(named)} pictures that were kept have its name. Name it by the UUID instead.")
        elif named[0] in drawn:
            gathering.fault(path, f"{drawn[named[0]]} is a mask of the same picture.")
        else:
            drawn[named[0]] = path
    for identity, record in records.items():
        picture = folder / record["file"]
        if not is_file(picture):
            gathering.fault(folder / f"{identity}.json", f"Its picture {record['file']} is not there.")
        elif identity in drawn:
            product = record.get("tag", "")
            product = product.strip() if isinstance(product, str) else ""
            gathering.add(_name(identity, record), picture, MaskFile(drawn[identity]), product=product)
    without = len(records) - len(drawn)
    if without:
        gathering.notices.append(
            f"{counted(without, 'picture has no mask and was', 'pictures have no mask and were')} left out."
        )


def _records(folder: Path) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Each picture's UUID, with what the service wrote of it."""
    for path in sorted(folder.glob("*.json")):
        try:
            uuid.UUID(path.stem)
            record = json.loads(path.read_bytes()[:_LONGEST_RECORD])
        except (ValueError, RecursionError, OSError):
            continue
        file = record.get("file") if isinstance(record, dict) else None
        # The picture lies beside its record, wherever the record says.
        if isinstance(file, str) and PurePath(file).stem == path.stem and PurePath(file).name == file:
            yield path.stem, record


def _name(identity: str, record: Mapping[str, str]) -> str:
    given = record.get("filename", "")
    return (PurePath(given).stem if isinstance(given, str) else "") or identity
