"""A user's folders -> the examples in them."""

from __future__ import annotations

from pathlib import Path

from cutsmith.batch.manifest import Manifest
from cutsmith.errors import BadOption, PictureNotFound
from cutsmith.finetuning.examples import Examples
from cutsmith.finetuning.gathering import Gathering
from cutsmith.finetuning.grouping import Grouping
from cutsmith.finetuning.sources.batches import find_in_batch
from cutsmith.finetuning.sources.coco import find_in_coco
from cutsmith.finetuning.sources.folders import find_in_folders, pair_within
from cutsmith.finetuning.sources.kept_pictures import find_in_kept_pictures, is_folder_of_kept_pictures
from cutsmith.machine.files import is_file, is_folder


def find_examples(pictures: Path, masks: Path | None, group: str | None) -> Examples:
    """Find the pictures in a folder, the truth of each, and the product that it shows.

    What the folders hold decides how they are read:

    - `masks` is a .json file: COCO's annotations of the pictures (`sources.coco`).
    - `pictures` is the folder of a batch's results: the batch's inputs, with the results that a reviewer accepted, and
      with those that stand corrected in the folder `masks`, which may be None (`sources.batches`).
    - `pictures` is the folder in which the service kept pictures for its operator: those that have a mask in the folder
      `masks` (`sources.kept_pictures`).
    - else two folders, in which a picture and its mask have the same name before the suffix (`sources.folders`);
      without `masks`, two folders within `pictures`: images/ and masks/.

    Nothing is decoded yet: `checking.check_examples` does that.

    Args:
        pictures: a folder.
        masks: a folder, a .json file, or None where `pictures` holds all.
        group: a regular expression that is searched in a picture's name: its first capturing group, or all that
            matched, is the product. None for the rule of `grouping.Grouping`.

    Raises:
        BadOption: `group` is no regular expression, no masks were given and there are none within, or the JSON is none
            of COCO's.
        PictureNotFound, PictureUnreadable: a folder is none, holds no picture, or may not be read.
        BadManifest: the batch's manifest is damaged.
        ExtraMissing: COCO's annotations without pycocotools.
    """
    grouping = Grouping(group)
    if not is_folder(pictures):
        raise PictureNotFound(f"There is no folder {pictures}.", "Check the name.")
    if masks is not None and not (is_folder(masks) or is_file(masks)):
        raise PictureNotFound(f"There is no {masks}, which is to tell what the pictures show.", "Check the name.")
    gathering = Gathering(pictures, grouping)
    if masks is not None and is_file(masks):
        find_in_coco(pictures, masks, gathering)
    elif Manifest(pictures).exists():
        find_in_batch(pictures, masks, gathering)
    elif is_folder_of_kept_pictures(pictures):
        find_in_kept_pictures(pictures, _required(pictures, masks), gathering)
    else:
        pair = pair_within(pictures) if masks is None else None
        find_in_folders(*(pair or (pictures, _required(pictures, masks))), gathering)
    return gathering.gathered()


def _required(pictures: Path, masks: Path | None) -> Path:
    """`masks`, if there are any that are not the pictures themselves."""
    if masks is None:
        raise BadOption(
            f"There are pictures in {pictures}, but nothing tells what they show.",
            "Give the folder of their masks, or the JSON file of their annotations.",
            option="masks",
        )
    if masks.resolve() == pictures.resolve():
        raise BadOption(
            f"{masks} is the folder of the pictures, and cannot be that of their masks too.",
            "Put the masks into a folder of their own, with the names of their pictures.",
            option="masks",
        )
    return masks
