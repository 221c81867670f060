"""All is opened before the first step, and each fault is told by its file."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from cutsmith.finetuning.checking import check_examples
from cutsmith.finetuning.faults import BadExamples
from cutsmith.finetuning.finding import find_examples
from tests.core.finetuning.drawn import disc, gray, groups, pairs, picture


def refused(pictures, masks) -> str:
    with pytest.raises(BadExamples) as caught:
        check_examples(find_examples(pictures, masks, None))
    assert caught.value.exit_code == 2
    return str(caught.value)


def test_what_is_sound_stays_and_progress_is_told(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2", "cup-1")
    told = []
    found = check_examples(find_examples(pictures, masks, None), progress=lambda *each: told.append(each))
    assert set(groups(found)) == {"mug-1", "mug-2", "cup-1"}
    assert not found.faults
    assert not found.notices
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_a_mask_of_another_size(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2")
    gray(masks / "mug-1.png", disc((23, 16)))
    assert f"{pictures / 'mug-1.png'}: Its mask has 23 x 16 pixels, but it has 24 x 16." in refused(pictures, masks)


@pytest.mark.parametrize(
    ("data", "told"), [(b"", "It is empty: 0 bytes"), (b"no picture", "It must be a picture"), (None, "truncated")]
)
def test_a_picture_that_is_empty_or_cannot_be_read(tmp_path, data, told) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2")
    path = pictures / "mug-1.png"
    path.write_bytes(path.read_bytes()[:60] if data is None else data)
    message = refused(pictures, masks)
    assert f"{path}: It " in message
    assert told in message


def test_a_mask_that_cannot_be_read_is_told_by_its_own_file(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2")
    (masks / "mug-1.png").write_bytes(b"")
    assert f"{masks / 'mug-1.png'}: It is empty" in refused(pictures, masks)


def test_a_picture_that_exif_turns_wants_the_mask_of_the_upright_one(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-2")
    turned = picture(pictures / "mug-1.jpg", orientation=6)
    gray(masks / "mug-1.png", disc((16, 24)))
    assert set(groups(check_examples(find_examples(pictures, masks, None)))) == {"mug-1", "mug-2"}
    gray(masks / "mug-1.png", disc((24, 16)))
    message = refused(pictures, masks)
    assert f"{turned}: Its mask has 24 x 16 pixels, but upright it has 16 x 24" in message
    assert "as EXIF says (orientation 6). Turn the mask likewise." in message


@pytest.mark.parametrize(("size", "orientation"), [((24, 16), 3), ((16, 16), 6)])
def test_where_sizes_do_not_tell_whether_a_mask_is_turned_the_user_is_asked_to_look(
    tmp_path, size, orientation
) -> None:
    pictures, masks = pairs(tmp_path, "mug-2")
    picture(pictures / "mug-1.jpg", size=size, orientation=orientation)
    gray(masks / "mug-1.png", disc(size))
    (notice,) = check_examples(find_examples(pictures, masks, None)).notices
    assert notice.startswith("By EXIF, 1 picture is turned or mirrored")
    assert "mug-1. Look" in notice


def test_a_turned_mask_of_a_picture_that_is_not_turned(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1")
    gray(masks / "mug-1.png", disc((16, 24)))
    message = refused(pictures, masks)
    assert "One of them seems to be turned." in message
    assert "EXIF" not in message


def test_a_mask_that_covers_all_is_fatal_and_one_that_is_black_is_told(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2")
    gray(masks / "mug-1.png", np.zeros((16, 24), bool))
    found = check_examples(find_examples(pictures, masks, None))
    assert set(groups(found)) == {"mug-1", "mug-2"}
    assert "1 picture shows nothing, by its mask: mug-1." in found.notices
    gray(masks / "mug-1.png", np.ones((16, 24), bool))
    assert f"{pictures / 'mug-1.png'}: Its mask has one value only" in refused(pictures, masks)


def test_a_black_mask_of_another_size_is_fatal_too(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2")
    gray(masks / "mug-1.png", np.zeros((8, 12), bool))
    assert f"{pictures / 'mug-1.png'}: Its mask has 12 x 8 pixels, but it has 24 x 16." in refused(pictures, masks)


def test_pictures_that_all_show_nothing_teach_nothing(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2")
    for path in masks.iterdir():
        gray(path, np.zeros((16, 24), bool))
    assert "There is nothing to learn from. 2 pictures show nothing, by their masks" in refused(pictures, masks)


def test_a_picture_that_is_there_twice_is_left_out_within_a_product(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2", "cup-1")
    shutil.copy(pictures / "mug-1.png", pictures / "mug-2.png")
    found = check_examples(find_examples(pictures, masks, None))
    assert set(groups(found)) == {"mug-1", "cup-1"}
    (fault,) = found.faults
    assert (fault.path, fault.is_fatal) == (pictures / "mug-2.png", False)
    assert fault.what == f"It is the same picture as {pictures / 'mug-1.png'}, and was left out."


def test_a_picture_of_two_products_would_leak(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "cup-1")
    shutil.copy(pictures / "cup-1.png", pictures / "mug-1.png")
    message = refused(pictures, masks)
    assert f"{pictures / 'mug-1.png'}: It is the same picture as {pictures / 'cup-1.png'}" in message
    assert "they are of two products: 'cup' and 'mug'" in message


def test_faults_of_finding_are_fatal_here(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, "mug-1", "mug-2")
    (masks / "mug-2.png").unlink()
    assert f"{pictures / 'mug-2.png'}: It has no mask" in refused(pictures, masks)


def test_many_faults_are_told_together_and_counted(tmp_path) -> None:
    pictures, masks = pairs(tmp_path, *(f"mug-{number:02}" for number in range(30)))
    for path in masks.iterdir():
        gray(path, disc((9, 9)))
    with pytest.raises(BadExamples) as caught:
        check_examples(find_examples(pictures, masks, None))
    assert len(caught.value.faults) == 30
    what = caught.value.what
    assert what.startswith("30 faults have to be mended before anything can be learned:\n  ")
    assert what.count("Its mask has 9 x 9") == 20
    assert what.endswith("\n  and 10 more.")
    assert "Each picture needs a mask with its name" in caught.value.remedy
