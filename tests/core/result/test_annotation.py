"""What is drawn on a picture can be read on any background, and lies where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.geometry import Box
from cutsmith.protocols import Point
from cutsmith.result.annotation import annotated
from cutsmith.result.cutout import FoundObject

FOUND = FoundObject(Box(40, 60, 140, 120), label="red mug", score=0.87)


def contrast(pixels: np.ndarray, background: int) -> int:
    """The greatest difference of a channel to the background."""
    return int(np.abs(pixels.astype(int) - background).max())


@pytest.mark.parametrize("background", [0, 16, 90, 128, 200, 255])
def test_box_label_and_outline_stand_out_from_every_background(background):
    image = np.full((160, 200, 3), background, np.uint8)
    mask = np.zeros((160, 200), bool)
    mask[80:110, 60:120] = True
    drawn = annotated(image, [FOUND], mask)
    assert contrast(drawn[60:65, 80:100], background) >= 100, "the box's upper edge"
    assert contrast(drawn[40:60, 40:100], background) >= 100, "the label above it"
    assert contrast(drawn[78:82, 80:100], background) >= 100, "the mask's outline"
    assert (drawn[130:, :] == background).all()
    assert (image == background).all(), "the picture itself is not drawn on"


def test_boxes_are_scaled_with_the_picture():
    image = np.full((80, 100, 3), 128, np.uint8)
    drawn = annotated(image, [FoundObject(Box(40, 60, 140, 120))], scale=0.5)
    rows, columns = np.nonzero((drawn != 128).any(axis=2))
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (30, 59, 20, 69)


@pytest.mark.parametrize("box", [Box(0, 0, 30, 20), Box(170, 0, 200, 20), Box(170, 140, 200, 160), Box(0, 150, 9, 160)])
@pytest.mark.parametrize("label", ["mug", "a very long phrase that is wider than the whole picture is by far"])
def test_labels_stay_inside_the_picture(box, label):
    image = np.full((160, 200, 3), 128, np.uint8)
    drawn = annotated(image, [FoundObject(box, label=label, score=0.5)])
    without = annotated(image, [FoundObject(box)])
    assert drawn.shape == image.shape
    rows, columns = np.nonzero((drawn != without).any(axis=2))
    # The whole tag is there: as high as a line of text, not cut by an edge.
    assert rows.max() - rows.min() >= 12
    assert columns.max() - columns.min() >= 30


def test_clicks_are_green_on_the_subject_and_red_beside_it():
    image = np.full((60, 80, 3), 128, np.uint8)
    drawn = annotated(image, [FoundObject(points=(Point(20, 30, 1), Point(60, 30, 0)))])
    on, beside = drawn[30, 20].astype(int), drawn[30, 60].astype(int)
    assert on[1] > on[0] + 50
    assert beside[0] > beside[1] + 50
