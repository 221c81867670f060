"""COCO's annotations in all their forms, and the faults that files of them have."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from cutsmith.errors import BadOption, ExtraMissing
from cutsmith.finetuning.checking import check_examples
from cutsmith.finetuning.finding import find_examples
from tests.core.finetuning.drawn import SIZE, by_name, disc, faults, groups, picture, same, two_discs

pytestmark = pytest.mark.torch

WIDTH, HEIGHT = SIZE
SQUARE = [4, 3, 12, 3, 12, 9, 4, 9]


def square_mask() -> np.ndarray:
    drawn = np.zeros((HEIGHT, WIDTH), bool)
    drawn[3:9, 4:12] = True
    return drawn


def run_lengths(mask: np.ndarray) -> list[int]:
    """Down the columns, background first."""
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat.astype(int))) + 1
    lengths = np.diff([0, *changes, flat.size]).tolist()
    return [0, *lengths] if flat[0] else lengths


def compressed(mask: np.ndarray) -> str:
    from pycocotools import mask as coco

    return coco.encode(np.asfortranarray(mask.astype(np.uint8)))["counts"].decode()


def outline(counts, height=HEIGHT, width=WIDTH) -> dict:
    return {"size": [height, width], "counts": counts}


class Annotated:
    """A folder of pictures and a file of annotations."""

    def __init__(self, folder) -> None:
        self.pictures, self.path = folder / "pictures", folder / "annotations.json"
        self.told: dict[str, list] = {"images": [], "annotations": []}

    def image(self, name: str, *outlines, **fields) -> None:
        """A picture with an annotation for each outline; the picture's file is written, too."""
        identity = len(self.told["images"]) + 1
        picture(self.pictures / name, identity)
        self.told["images"].append({"id": identity, "file_name": name, "height": HEIGHT, "width": WIDTH, **fields})
        for each in outlines:
            self.annotate(identity, segmentation=each)

    def annotate(self, image: int, **fields) -> None:
        self.told["annotations"].append({"id": len(self.told["annotations"]) + 1, "image_id": image, **fields})

    def found(self):
        self.path.write_text(json.dumps(self.told))
        return find_examples(self.pictures, self.path, None)


@pytest.fixture
def annotated(tmp_path) -> Annotated:
    return Annotated(tmp_path)


def test_polygons_and_both_kinds_of_run_lengths_give_the_same_masks(annotated) -> None:
    annotated.image("mug-1.png", [SQUARE])
    annotated.image("mug-2.png", outline(run_lengths(square_mask())))
    annotated.image("mug-3.png", outline(compressed(square_mask())))
    found = annotated.found()
    assert groups(found) == {"mug-1": "mug", "mug-2": "mug", "mug-3": "mug"}
    assert not found.faults
    for example in found.examples:
        assert same(example.truth.masks(), [square_mask()]), example.name


def test_several_annotations_are_several_objects_and_several_polygons_are_one(annotated) -> None:
    first, second = two_discs()
    annotated.image("mug-1.png", outline(compressed(first)), outline(run_lengths(second)))
    annotated.image("mug-2.png", [SQUARE, [16, 2, 20, 2, 20, 6, 16, 6]])
    found = by_name(annotated.found())
    assert same(found["mug-1"].truth.masks(), [first, second])
    (both,) = found["mug-2"].truth.masks()
    assert both.sum() == 6 * 8 + 4 * 4


def test_crowds_are_left_out_and_no_annotation_is_an_empty_truth(annotated) -> None:
    annotated.image("mug-1.png", [SQUARE])
    annotated.annotate(1, segmentation=outline(run_lengths(disc())), iscrowd=1)
    annotated.image("empty-1.png")
    annotated.image("crowd-1.png")
    annotated.annotate(3, segmentation=outline(run_lengths(disc())), iscrowd=1)
    found = annotated.found()
    assert same(by_name(found)["mug-1"].truth.masks(), [square_mask()])
    assert same(by_name(found)["empty-1"].truth.masks(), [np.zeros_like(square_mask())])
    (fault,) = found.faults
    assert (fault.path.name, fault.is_fatal) == ("crowd-1.png", False)
    assert "shows only crowds" in fault.what
    assert "1 picture shows nothing, by its mask: empty-1." in check_examples(found).notices


def test_pictures_below_are_found_by_their_path_or_by_their_name_alone(annotated) -> None:
    annotated.image("red/mug-1.png", [SQUARE])
    annotated.image("blue/mug-1.png", [SQUARE])
    annotated.image("cup-1.png", [SQUARE])
    annotated.told["images"][2]["file_name"] = "C:\\export\\cup-1.png"
    found = annotated.found()
    assert set(by_name(found)) == {"red/mug-1", "blue/mug-1", "cup-1"}
    annotated.told["images"][0]["file_name"] = "elsewhere/mug-1.png"
    assert "It is not there, but annotations.json lists this picture" in faults(annotated.found())["mug-1.png"]


def test_pictures_that_are_not_listed_are_counted_and_listed_ones_that_are_missing_are_faults(annotated) -> None:
    annotated.image("mug-1.png", [SQUARE])
    annotated.image("mug-2.png", [SQUARE])
    (annotated.pictures / "mug-2.png").unlink()
    picture(annotated.pictures / "other.png")
    found = annotated.found()
    assert faults(found) == {"mug-2.png": "It is not there, but annotations.json lists this picture."}
    assert "1 picture is not listed in annotations.json and was left out." in found.notices


def test_a_picture_that_is_listed_twice_and_annotations_of_none(annotated) -> None:
    annotated.image("mug-1.png", [SQUARE])
    annotated.image("mug-1.png", [SQUARE])
    annotated.annotate(77, segmentation=[SQUARE])
    told = faults(annotated.found())
    assert told["mug-1.png"] == "annotations.json lists this picture more than once."
    assert told["annotations.json"] == "It has annotations of 1 picture that is not listed."


@pytest.mark.parametrize(
    ("segmentation", "told"),
    [
        (None, "has no outline"),
        ([], "has no outline"),
        ([[4, 3, 12, 9]], "has a polygon that is none"),
        ([[4, 3, 12, 3, 12]], "has a polygon that is none"),
        ([[4, 3, 12, 3, float("nan"), 9]], "has a polygon that is none"),
        ([[4, 3, 12, 3, 1e9, 9]], "has a polygon that is none"),
        ([["a"] * 6], "has a polygon that is none"),
        (outline([100, 20]), "do not add up to 384 pixels"),
        (outline([-1, 385]), "do not add up to 384 pixels"),
        (outline([384], 24, 16), r"of the size \[24, 16\], not \[16, 24\]"),
        (outline("00000000"), "has damaged run lengths"),
        (outline("\n\n"), "has damaged run lengths"),
        (outline("oooooooooooooooooooooo"), "has damaged run lengths"),
        (outline("é"), "has damaged run lengths"),
        (outline(7), "has damaged run lengths"),
    ],
)
def test_outlines_that_are_none_are_faults_of_their_picture(annotated, segmentation, told) -> None:
    annotated.image("mug-1.png", segmentation)
    (fault,) = annotated.found().faults
    assert fault.is_fatal
    assert fault.path.name == "mug-1.png"
    assert re.search(told, fault.what), fault.what
    assert "Its annotation 1 in annotations.json" in fault.what


def test_compressed_run_lengths_are_counted_right(annotated) -> None:
    from cutsmith.finetuning.sources.coco import _pixels_of

    generator = np.random.default_rng(1)
    for size in [(16, 24), (300, 200), (1, 7)]:
        for share in (0, 0.01, 0.5, 0.99, 1):
            mask = generator.random(size) < share
            assert _pixels_of(compressed(mask)) == mask.size
    blocks = np.kron(generator.random((9, 9)) < 0.5, np.ones((70, 70))) > 0
    assert _pixels_of(compressed(blocks)) == blocks.size
    assert _pixels_of(compressed(blocks)[:-1]) != blocks.size


def test_outlines_without_a_pixel_count_for_nothing(annotated) -> None:
    flat = [5, 5, 9, 5, 7, 5]
    annotated.image("mug-1.png", [SQUARE], [flat])
    annotated.image("cup-1.png", [flat])
    found = annotated.found()
    assert same(by_name(found)["mug-1"].truth.masks(), [square_mask()])
    assert "mug-1: 1 outline encloses no pixel, and counts for nothing." in found.notices
    assert faults(found) == {"cup-1.png": "None of its outlines in annotations.json encloses a pixel."}


@pytest.mark.parametrize("height", [None, 0, -3, "16", True, 10**7])
def test_a_size_that_is_none_is_a_fault(annotated, height) -> None:
    annotated.image("mug-1.png", [SQUARE], height=height)
    assert "Its size in annotations.json is none" in faults(annotated.found())["mug-1.png"]


def test_a_picture_of_another_size_than_annotated_is_a_fault(annotated) -> None:
    from cutsmith.finetuning.faults import BadExamples

    annotated.image("mug-1.png", outline(compressed(np.pad(disc(), ((0, 0), (0, 1)))), width=25), width=25)
    with pytest.raises(BadExamples, match="Its mask has 25 x 16 pixels, but it has 24 x 16"):
        check_examples(annotated.found())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("no json", "it is no JSON"),
        ("[" * 100_000, "it is no JSON"),
        ("[]", "it has no list images"),
        ('{"images": []}', "it has no list annotations"),
        ('{"images": [1], "annotations": []}', "it has no list images"),
        ('{"images": [{}], "annotations": []}', "an image has no id"),
        ('{"images": [{"id": 1}, {"id": 1}], "annotations": []}', "two images have the same id"),
        ('{"images": [], "annotations": [{"image_id": []}]}', "an annotation has no image_id"),
    ],
)
def test_a_file_that_is_none_of_cocos(annotated, text, why) -> None:
    annotated.image("mug-1.png")
    annotated.path.write_text(text)
    with pytest.raises(BadOption, match=why) as caught:
        find_examples(annotated.pictures, annotated.path, None)
    assert (caught.value.option, caught.value.exit_code) == ("masks", 2)


def test_the_identity_changes_with_the_outlines_of_the_picture_alone(annotated) -> None:
    annotated.image("mug-1.png", [SQUARE])
    annotated.image("mug-2.png", [SQUARE])
    before = by_name(annotated.found())["mug-1"].truth.identity()
    annotated.told["annotations"][1]["segmentation"] = outline(run_lengths(disc()))
    assert by_name(annotated.found())["mug-1"].truth.identity() == before
    annotated.told["annotations"][0]["segmentation"] = outline(run_lengths(disc()))
    assert by_name(annotated.found())["mug-1"].truth.identity() != before


def test_without_pycocotools_the_extra_is_named(annotated, monkeypatch) -> None:
    monkeypatch.setattr("cutsmith.engines.torch_device.find_spec", lambda name: None)
    annotated.image("mug-1.png", [SQUARE])
    with pytest.raises(ExtraMissing, match=r"\[sam2\].*pycocotools"):
        annotated.found()
