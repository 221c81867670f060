"""Two folders: a picture and its mask have the same path in them, but for the suffix."""

from __future__ import annotations

from pathlib import Path

from cutsmith.errors import PictureNotFound
from cutsmith.finetuning.gathering import Gathering, pictures_by_name
from cutsmith.finetuning.mask_files import MaskFile
from cutsmith.machine.files import is_folder

_PICTURES = ("pictures", "images", "image", "im")
_MASKS = ("masks", "alpha", "gt")


def pair_within(folder: Path) -> tuple[Path, Path] | None:
    """(The folder of pictures, that of masks) within `folder`, by their usual names; None where it has no such pair."""
    pictures, masks = (
        next((folder / name for name in names if is_folder(folder / name)), None) for names in (_PICTURES, _MASKS)
    )
    return None if pictures is None or masks is None else (pictures, masks)


def find_in_folders(pictures: Path, masks: Path, gathering: Gathering) -> None:
    """Gather the pictures that have a mask with their name. What has no partner, or two, is a fault.

    Raises:
        PictureNotFound: a folder holds no picture. PictureUnreadable: it may not be read.
    """
    found = pictures_by_name(pictures, but=masks)
    truths = masks_by_name(masks, gathering, but=pictures)
    for name, (picture, *others) in found.items():
        for other in others:
            gathering.fault(other, f"It has the name of {picture.name}: of which of them the mask is cannot be told.")
        if name in truths:
            gathering.add(name, picture, MaskFile(truths[name]))
        else:
            gathering.fault(picture, f"It has no mask: there is no {name}.png in {masks}.")
    for name in truths.keys() - found.keys():
        gathering.fault(truths[name], f"It has no picture: there is no {name} in {pictures}.")


def masks_by_name(folder: Path, gathering: Gathering, but: Path | None = None) -> dict[str, Path]:
    """The masks in `folder` by their names, those in the folder `but` left out; a second of one name is a fault.

    Raises:
        PictureNotFound: there is none. PictureUnreadable: the folder may not be read.
    """
    try:
        found = pictures_by_name(folder, but=but)
    except PictureNotFound as error:
        annotations = next(iter(sorted(folder.glob("*.json"))), None) if is_folder(folder) else None
        cure = f"If {annotations} has the annotations, give that file." if annotations else "Give another folder."
        raise PictureNotFound(f"There is no mask in {folder}.", cure) from error
    for mask, *others in found.values():
        for other in others:
            gathering.fault(other, f"It has the name of {mask.name}: which of them is the mask cannot be told.")
    return {name: paths[0] for name, paths in found.items()}
