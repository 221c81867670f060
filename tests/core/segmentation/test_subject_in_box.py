"""The subject in a box: a remover sees the crop with its surroundings, and nothing outside the box is kept."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.errors import BadBox
from cutsmith.geometry import Box
from cutsmith.protocols import Prompt
from cutsmith.segmentation.subject_in_box import SubjectInBox

GENERATOR = np.random.default_rng(0)
PICTURE = GENERATOR.integers(0, 256, (60, 80, 3), dtype=np.uint8)


class _RedRemover:
    """Takes the red channel for the mask, so that each pixel's place can be told; remembers what it was shown."""

    name = "red"

    def __init__(self) -> None:
        self.shown: list[np.ndarray] = []

    def soft_mask(self, image: np.ndarray) -> np.ndarray:
        self.shown.append(image)
        return image[:, :, 0].astype(np.float32) / 255

    def provenance(self) -> dict[str, str]:
        return {}


@given(st.floats(-20, 79), st.floats(-20, 59), st.floats(1, 100), st.floats(1, 100), st.floats(0, 1))
def test_the_mask_is_in_the_pictures_coordinates_and_zero_outside_the_box(x, y, width, height, margin) -> None:
    box = Box(x, y, x + width, y + height)
    if box.clip(80, 60).width <= 0 or box.clip(80, 60).height <= 0:
        return
    remover = _RedRemover()
    (segment,) = SubjectInBox(remover, margin).segment(PICTURE, [Prompt(box=box)])
    mask = segment.soft_mask()
    inside = np.zeros((60, 80), bool)
    inside[box.clip(80, 60).slices()] = True
    np.testing.assert_array_equal(mask, np.where(inside, PICTURE[:, :, 0] / np.float32(255), 0))
    assert mask.dtype == np.float32


def test_the_model_is_shown_the_surroundings() -> None:
    remover = _RedRemover()
    (segment,) = SubjectInBox(remover, margin=0.25).segment(PICTURE, [Prompt(box=(20, 20, 60, 40))])
    segment.soft_mask()
    np.testing.assert_array_equal(remover.shown[0], PICTURE[10:50, 10:70])


def test_a_bad_box_never_reaches_the_model() -> None:
    remover = _RedRemover()
    with pytest.raises(BadBox):
        SubjectInBox(remover).segment(PICTURE, [Prompt(box=(90, 0, 100, 10))])
    assert remover.shown == []
