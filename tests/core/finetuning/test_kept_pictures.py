"""What the service kept of /v1.0/improve, with masks that were drawn since."""

from __future__ import annotations

import json

import pytest

from cutsmith.errors import BadOption
from cutsmith.finetuning.finding import find_examples
from cutsmith.service.removebg.improving import kept
from tests.core.finetuning.drawn import disc, encoded, faults, gray, groups


@pytest.fixture
def keep(tmp_path):
    """Keeps a picture as the service does; -> its UUID."""

    def one(filename: str, tag: str = "", seed: int = 0) -> str:
        return kept(tmp_path / "kept", encoded(seed=seed), {"filename": filename, "tag": tag, "who": ""}, 10**6)

    return one


def test_masks_are_named_by_the_uuid_or_by_what_the_sender_called_the_picture(keep, tmp_path) -> None:
    first = keep("mug-1.jpg", "handle", seed=1)
    keep("cup-2.jpg", seed=2)
    keep("left out.jpg", seed=3)
    nameless = keep("", "handle", seed=4)
    masks = tmp_path / "masks"
    for name in (first, "cup-2", nameless):
        gray(masks / f"{name}.png", disc())
    found = find_examples(tmp_path / "kept", masks, None)
    assert not found.faults
    assert groups(found) == {"mug-1": "handle", "cup-2": "cup", nameless: "handle"}
    assert "1 picture has no mask and was left out." in found.notices
    given = find_examples(tmp_path / "kept", masks, "^(mug|cup|.)")
    assert groups(given) == {"mug-1": "mug", "cup-2": "cup", nameless: nameless[0]}


def test_two_pictures_that_were_called_the_same(keep, tmp_path) -> None:
    one, other = keep("image.jpg", seed=1), keep("image.jpg", seed=2)
    masks = tmp_path / "masks"
    path = gray(masks / "image.png", disc())
    assert faults(find_examples(tmp_path / "kept", masks, None))["image.png"].startswith("2 pictures that were kept")
    path.unlink()
    gray(masks / f"{one}.png", disc())
    gray(masks / f"{other}.png", disc())
    assert len(groups(find_examples(tmp_path / "kept", masks, None))) == 2


def test_masks_and_records_without_a_picture_and_two_masks_of_one_are_faults(keep, tmp_path) -> None:
    first, second = keep("mug-1.jpg", seed=1), keep("mug-2.jpg", seed=2)
    masks = tmp_path / "masks"
    for name in ("nobody", first, "mug-1"):
        gray(masks / f"{name}.png", disc())
    (tmp_path / "kept" / f"{second}.jpg").unlink()
    told = faults(find_examples(tmp_path / "kept", masks, None))
    assert told["nobody.png"].startswith("It has no picture")
    assert told[f"{second}.json"] == f"Its picture {second}.jpg is not there."
    assert len(told) == 3
    assert any("is a mask of the same picture" in what for what in told.values())


def test_masks_are_wanted(keep, tmp_path) -> None:
    keep("mug-1.jpg")
    with pytest.raises(BadOption, match="nothing tells what they show"):
        find_examples(tmp_path / "kept", None, None)


def test_a_record_names_no_picture_elsewhere(keep, tmp_path) -> None:
    first = keep("mug-1.jpg")
    path = tmp_path / "kept" / f"{first}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "file": f"../{first}.jpg"}))
    keep("mug-2.jpg", seed=2)
    gray(tmp_path / "masks" / "mug-2.png", disc())
    assert set(groups(find_examples(tmp_path / "kept", tmp_path / "masks", None))) == {"mug-2"}
