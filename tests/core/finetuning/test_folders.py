"""Pictures and masks in two folders: equal names are partners, and what has none is a fault."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from cutsmith.errors import BadOption, PictureNotFound
from cutsmith.finetuning.finding import find_examples
from tests.core.finetuning.drawn import by_name, disc, faults, gray, groups, pairs, picture, same


def test_equal_names_are_partners_in_folders_below_too(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "shoes/boot-1")
    picture(pictures / "cup-1.jpg")
    gray(masks / "cup-1.png", disc())
    found = find_examples(pictures, masks, None)
    assert groups(found) == {"cup-1": "cup", "mug-1": "mug", "shoes/boot-1": "boot"}
    assert not found.faults
    example = by_name(found)["cup-1"]
    assert example.picture == pictures / "cup-1.jpg"
    assert example.sha256 == hashlib.sha256(example.picture.read_bytes()).hexdigest()
    assert same(example.truth.masks(), [disc()])


def test_what_has_no_partner_is_a_fault(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2", "mug-3")
    (pictures / "mug-2.png").unlink()
    (masks / "mug-3.png").unlink()
    found = find_examples(pictures, masks, None)
    assert groups(found) == {"mug-1": "mug"}
    assert all(fault.is_fatal for fault in found.faults)
    told = faults(found)
    assert told["mug-2.png"].startswith("It has no picture")
    assert told["mug-3.png"].startswith("It has no mask: there is no mug-3.png")


def test_two_of_one_name_are_a_fault(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "cup-1")
    picture(pictures / "mug-1.jpg")
    gray(masks / "cup-1.tif", disc())
    told = faults(find_examples(pictures, masks, None))
    assert set(told) == {"mug-1.png", "cup-1.tif"}
    assert "has the name of mug-1.jpg" in told["mug-1.png"]


def test_masks_may_lie_within_the_pictures_and_pictures_within_the_masks(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "cup-1")
    inner = shutil.copytree(masks, pictures / "true")
    assert not find_examples(pictures, inner, None).faults
    shutil.rmtree(inner)
    inner = shutil.copytree(pictures, masks / "photos")
    assert not find_examples(inner, masks, None).faults


@pytest.mark.parametrize("names", [("pictures", "masks"), ("images", "masks"), ("im", "alpha")])
def test_one_folder_with_both_within_is_enough(tmp_path, names) -> None:
    for folder, name in zip(pairs(tmp_path, "mug-1"), names, strict=True):
        folder.rename(tmp_path / name)
    assert groups(find_examples(tmp_path, None, None)) == {"mug-1": "mug"}


def test_masks_are_wanted(tmp_path) -> None:
    pictures, _ = pairs(tmp_path, "mug-1")
    with pytest.raises(BadOption, match="nothing tells what they show") as caught:
        find_examples(pictures, None, None)
    assert caught.value.option == "masks"
    with pytest.raises(BadOption, match="cannot be that of their masks too"):
        find_examples(pictures, pictures, None)


def test_folders_that_are_none_or_hold_nothing(tmp_path) -> None:
    pictures, _ = pairs(tmp_path, "mug-1")
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(PictureNotFound, match="There is no folder"):
        find_examples(tmp_path / "nowhere", pictures, None)
    with pytest.raises(PictureNotFound, match=r"There is no .*nowhere, which is to tell"):
        find_examples(pictures, tmp_path / "nowhere", None)
    with pytest.raises(PictureNotFound, match="There is no picture in the folder"):
        find_examples(empty, pictures, None)
    with pytest.raises(PictureNotFound, match="There is no mask in"):
        find_examples(pictures, empty, None)
    (empty / "annotations.json").write_text("{}")
    with pytest.raises(PictureNotFound, match=r"annotations\.json has the annotations, give that file"):
        find_examples(pictures, empty, None)
