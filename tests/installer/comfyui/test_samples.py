from __future__ import annotations

import pytest

from installer.comfyui.samples import place_samples, placed_samples
from tests.installer.stand_ins import make_clone, make_comfyui


@pytest.fixture
def clone(tmp_path):
    made = make_clone(tmp_path / "clone")
    (made.root / "workflows" / "samples").mkdir(parents=True)
    for name in ("cutsmith-mug.jpg", "cutsmith-beach.jpg"):
        (made.root / "workflows" / "samples" / name).write_bytes(name.encode())
    return made


@pytest.fixture
def comfyui(tmp_path):
    return make_comfyui(tmp_path / "ComfyUI")


def test_the_samples_lie_where_load_image_looks_and_are_taken_away_again(clone, comfyui):
    placed = place_samples(comfyui, clone)
    assert sorted(path.name for path in (comfyui / "input").iterdir()) == ["cutsmith-beach.jpg", "cutsmith-mug.jpg"]
    assert placed == placed_samples(comfyui, clone)
    assert place_samples(comfyui, clone) == []


def test_a_picture_of_the_users_is_neither_replaced_nor_taken_away(clone, comfyui):
    (comfyui / "input").mkdir()
    (comfyui / "input" / "cutsmith-mug.jpg").write_bytes(b"the user's own")
    assert [path.name for path in place_samples(comfyui, clone)] == ["cutsmith-beach.jpg"]
    assert (comfyui / "input" / "cutsmith-mug.jpg").read_bytes() == b"the user's own"
    assert [path.name for path in placed_samples(comfyui, clone)] == ["cutsmith-beach.jpg"]


def test_a_clone_without_samples_is_no_failure(comfyui, tmp_path):
    assert place_samples(comfyui, make_clone(tmp_path / "old clone")) == []
