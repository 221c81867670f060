"""Pictures that belong together on their canvases at one scale: also resumed, limited, killed, joined by others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith import Models, Request
from cutsmith.batch.catalogue import Catalogue, locked, planned, worked_off
from cutsmith.batch.cutting import Cutter
from cutsmith.batch.manifest import Manifest, ManifestWriter
from cutsmith.batch.manifest_rows import ReviewRow
from cutsmith.batch.weights import Weights
from cutsmith.batch.writing import Writing
from cutsmith.errors import BadOption
from cutsmith.output import Output
from tests.core.stand_ins import LeftHalf

REQUEST = Request.of(matting="none", foreground="none", looks="1")


class RedPart(LeftHalf):
    """A remover that takes for the subject what is red."""

    name = "red part"

    def soft_mask(self, image):
        self.seen.append(image)
        return (image[..., 0] > 128).astype(np.float32)


def make(path: Path, across: int, down: int) -> None:
    """A red rectangle of that size in a blue picture of 300 x 300."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((300, 300, 3), (20, 30, 200), np.uint8)
    pixels[50 : 50 + down, 60 : 60 + across] = (220, 30, 20)
    Image.fromarray(pixels).save(path)


def size(path: Path) -> tuple[int, int]:
    """Width and height of what can be seen in a result."""
    rows, columns = np.nonzero(np.asarray(Image.open(path).convert("RGBA"))[..., 3] > 128)
    return int(np.ptp(columns)) + 1, int(np.ptp(rows)) + 1


@pytest.fixture
def shop(tmp_path) -> Path:
    make(tmp_path / "shop" / "tea" / "pot.png", 200, 100)
    make(tmp_path / "shop" / "tea" / "cup.png", 50, 40)
    make(tmp_path / "shop" / "rings" / "ring.png", 80, 80)
    return tmp_path / "shop"


@pytest.fixture
def catalogue(shop, tmp_path) -> Catalogue:
    writing = Writing(Output(canvas="400x400", fill=0.5))
    cutter = Cutter(tmp_path / "out", writing, weights=Weights(given=Models(remover=RedPart())))
    return Catalogue([str(shop)], REQUEST, cutter, same_scale="folder")


def round_of(catalogue: Catalogue) -> set[str]:
    """The names of the results of one round."""
    with locked(catalogue.cutter.folder):
        return {Path(str(row.output)).stem for row in worked_off(catalogue, planned(catalogue))}


def sizes(catalogue: Catalogue) -> dict[str, tuple[int, int]]:
    return {path.stem: size(path) for path in catalogue.cutter.folder.rglob("*.png")}


def test_each_folder_has_the_scale_at_which_its_largest_subject_fits(catalogue) -> None:
    assert round_of(catalogue) == {"pot", "cup", "ring"}
    assert sizes(catalogue) == {"pot": (200, 100), "cup": (200, 160), "ring": (200, 200)}
    assert round_of(catalogue) == {"cup"}, "what limits the scale, and what is alone, is right already"
    assert sizes(catalogue) == {"pot": (200, 100), "cup": (50, 40), "ring": (200, 200)}
    assert round_of(catalogue) == set()


def test_all_pictures_can_have_one_scale(catalogue) -> None:
    whole = replace(catalogue, same_scale="all")
    round_of(whole)
    assert round_of(whole) == {"cup", "ring"}
    assert sizes(whole) == {"pot": (200, 100), "cup": (50, 40), "ring": (80, 80)}
    assert round_of(catalogue) == {"ring"}, "the groups were changed"
    assert round_of(replace(catalogue, same_scale=None)) == {"cup"}
    assert sizes(whole) == {"pot": (200, 100), "cup": (200, 160), "ring": (200, 200)}


def test_a_group_waits_until_all_of_it_is_known(catalogue) -> None:
    few = replace(catalogue, limit=1)
    rounds = [round_of(few) for _ in range(5)]
    assert sorted(map(len, rounds)) == [0, 1, 1, 1, 1]
    assert rounds[3] == {"cup"}
    assert sizes(catalogue) == {"pot": (200, 100), "cup": (50, 40), "ring": (200, 200)}


def test_a_larger_one_that_joins_a_group_changes_the_others_and_a_smaller_one_does_not(catalogue, shop) -> None:
    round_of(catalogue)
    round_of(catalogue)
    make(shop / "tea" / "spoon.png", 100, 20)
    assert (round_of(catalogue), round_of(catalogue), round_of(catalogue)) == ({"spoon"}, {"spoon"}, set())
    make(shop / "tea" / "tray.png", 240, 80)
    assert (round_of(catalogue), round_of(catalogue), round_of(catalogue)) == ({"tray"}, {"pot", "cup", "spoon"}, set())
    found = sizes(catalogue)
    assert (found["tray"][0], found["pot"][0], found["cup"][0]) == (200, round(200 / 1.2), round(50 / 1.2))


def test_a_broken_picture_does_not_keep_its_group_waiting(catalogue, shop) -> None:
    (shop / "tea" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    round_of(catalogue)
    assert round_of(catalogue) == {"cup"}
    assert round_of(catalogue) == set()


def test_a_result_that_is_lost_is_made_again_at_its_groups_scale(catalogue, tmp_path) -> None:
    round_of(catalogue)
    round_of(catalogue)
    (tmp_path / "out" / "tea" / "cup.png").unlink()
    assert (round_of(catalogue), round_of(catalogue), round_of(catalogue)) == ({"cup"}, {"cup"}, set())
    assert sizes(catalogue)["cup"] == (50, 40)


def test_what_was_rejected_is_cut_out_again_at_the_scale_that_it_had(catalogue, shop, tmp_path) -> None:
    round_of(catalogue)
    round_of(catalogue)
    name = str(shop / "tea" / "cup.png")
    with ManifestWriter(tmp_path / "out") as manifest:
        manifest.append(ReviewRow(name, "rejected", Manifest(tmp_path / "out").latest().results[name].key))
    other = replace(catalogue, redo_rejected=True, request=REQUEST.updated({"mask_offset": 2}))
    assert round_of(other) == {"cup"}
    assert sizes(catalogue)["cup"] == (54, 44)
    assert round_of(catalogue) == set()


def test_without_a_canvas_there_is_no_scale(catalogue) -> None:
    for output in (Output(), Output(crop=True)):
        with pytest.raises(BadOption, match="Only on a canvas"):
            planned(replace(catalogue, cutter=replace(catalogue.cutter, writing=Writing(output))))
