"""Where a subject goes: inside its canvas, as large as was asked for, and on the sides where it is cut off."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cutsmith.geometry import Box
from cutsmith.result.canvas.layout import SIDES, Subject, find_subject, group_scale, place
from cutsmith.result.canvas.settings import Canvas

SIZES = st.tuples(st.integers(50, 3000), st.integers(50, 3000))
POSITIONS = st.sampled_from(["centre", "top", "bottom", "left", "right", "top-left", "bottom right", "30%,70%"])


CUTS = st.sets(st.sampled_from(SIDES))


@st.composite
def subjects(draw, cut_off=CUTS) -> Subject:
    width, height = draw(SIZES)
    cut = draw(cut_off)
    x0 = 0 if "left" in cut else draw(st.integers(2, width // 2 - 1))
    y0 = 0 if "top" in cut else draw(st.integers(2, height // 2 - 1))
    x1 = width if "right" in cut else draw(st.integers(width // 2, width - 2))
    y1 = height if "bottom" in cut else draw(st.integers(height // 2, height - 2))
    return Subject(Box(x0, y0, x1, y1), width, height, tuple(side for side in SIDES if side in cut))


WHOLE = subjects(cut_off=st.just(set()))


@given(subjects(), SIZES, st.floats(0.05, 1), POSITIONS)
def test_the_subject_lies_inside_its_canvas_and_keeps_its_shape(subject, size, fill, position) -> None:
    placed = place(subject, Canvas(size, fill, position=position))
    assert (placed.width, placed.height) == size
    assert placed.box == placed.box.clip(*size)
    for found, length in ((placed.box.width, subject.box.width), (placed.box.height, subject.box.height)):
        assert abs(found - max(length * placed.scale, 1)) <= 1


@given(WHOLE, SIZES, st.floats(0.05, 1), POSITIONS)
def test_the_fill_is_reached_on_the_side_that_limits_it(subject, size, fill, position) -> None:
    placed = place(subject, Canvas(size, fill, position=position))
    assert abs(placed.fill - fill) <= 1 / min(size)


@given(subjects(), SIZES, st.floats(0.05, 1), POSITIONS)
def test_a_subject_that_is_cut_off_on_one_side_stays_there(subject, size, fill, position) -> None:
    placed = place(subject, Canvas(size, fill, position=position))
    edges = {"left": 0, "top": 0, "right": size[0], "bottom": size[1]}
    for index, side in enumerate(SIDES):
        opposite = SIDES[(index + 2) % 4]
        if side in subject.cut_off and opposite not in subject.cut_off:
            assert placed.box[index] == edges[side]
            # Nothing of the picture ends within the canvas there.
            assert placed.target[index] == edges[side]


@given(subjects(cut_off=st.just({"left", "right"})), SIZES)
def test_a_subject_that_is_cut_off_on_both_sides_reaches_both_where_the_canvas_is_high_enough(subject, size) -> None:
    placed = place(subject, Canvas(size, 0.5))
    if subject.box.height * size[0] <= subject.box.width * size[1]:
        assert (placed.box.x0, placed.box.x1) == (0, size[0])
    else:
        assert placed.box.width < size[0] or abs(placed.fill - 1) < 1 / min(size)
        assert any("straight cut" in each for each in placed.warnings) or placed.box.width == size[0]


@given(st.lists(WHOLE, min_size=2, max_size=5), SIZES, st.floats(0.05, 1))
def test_pictures_that_belong_together_have_one_scale_and_the_largest_has_the_fill(group, size, fill) -> None:
    canvas = Canvas(size, fill)
    scale = group_scale(group, canvas)
    placed = [place(each, Canvas(size, fill, scale=scale)) for each in group]
    assert {each.scale for each in placed} == {scale}
    assert abs(max(each.fill for each in placed) - fill) <= 1 / min(size) + 1e-9
    assert not any("group" in warning for each in placed for warning in each.warnings)


@given(WHOLE, SIZES, st.floats(0, 20).map(lambda share: f"{share:.2f}%"), POSITIONS)
def test_a_margin_is_kept_on_every_side(subject, size, margin, position) -> None:
    canvas = Canvas(size, margin=margin, position=position)
    placed = place(subject, canvas)
    wanted = canvas.room.share * max(placed.box.width, placed.box.height)
    box = placed.box
    gaps = (box.x0, box.y0, size[0] - box.x1, size[1] - box.y1)
    assert min(gaps) >= wanted - 1.5
    # And no more than that on the side that limits it.
    assert min(gaps) <= wanted + 1.5


@given(subjects(), st.integers(0, 200))
def test_a_cropped_frame_is_the_subject_and_its_margin_at_its_own_size(subject, margin) -> None:
    placed = place(subject, Canvas(crop=True, margin=margin))
    gaps = (placed.box.x0, placed.box.y0, placed.width - placed.box.x1, placed.height - placed.box.y1)
    assert gaps == tuple(0 if side in subject.cut_off else margin for side in SIDES)
    assert (placed.box.width, placed.box.height) == (subject.box.width, subject.box.height)
    assert placed.scale == 1


@given(WHOLE)
def test_a_position_says_where_the_free_room_is(subject) -> None:
    for position, index, edge in (("left", 0, 0), ("top", 1, 0), ("right", 2, 4000), ("bottom", 3, 4000)):
        assert place(subject, Canvas((4000, 4000), 0.5, position=position)).box[index] == edge
    box = place(subject, Canvas((4000, 4000), 0.5, position="25%,75%")).box
    assert abs(box.x0 - 0.25 * (4000 - box.width)) <= 1
    assert abs(box.y0 - 0.75 * (4000 - box.height)) <= 1


def test_enlarging_is_told_and_shrinking_is_not() -> None:
    subject = Subject(Box(10, 10, 110, 60), 200, 200)
    (told,) = place(subject, Canvas("1000x1000", 0.9)).warnings
    assert "100 x 50 pixels" in told
    assert "9.0 times" in told
    assert place(subject, Canvas("100x100", 0.9)).warnings == ()


def test_a_group_whose_scale_is_too_large_for_one_is_told() -> None:
    placed = place(Subject(Box(10, 10, 110, 60), 200, 200), Canvas((100, 100), scale=1.2))
    assert placed.box.width == 100
    assert "group's scale of 1.20" in placed.warnings[0]


def test_a_margin_that_leaves_less_room_than_the_fill_is_told() -> None:
    placed = place(Subject(Box(10, 10, 110, 110), 200, 200), Canvas((100, 100), 0.9, margin=20))
    assert placed.fill == 0.6
    assert placed.warnings == ("the margin leaves room for 60% of the canvas, not 90%",)


def test_of_a_subject_without_room_for_both_cuts_the_lower_one_stays() -> None:
    placed = place(Subject(Box(20, 0, 180, 50), 200, 50, ("top", "bottom")), Canvas((100, 100)))
    assert placed.box.y1 == 100
    assert placed.box.y0 > 0
    assert "(bottom): it stays" in placed.warnings[0]
    assert "(top), where the canvas has room left" in placed.warnings[1]


def test_the_subject_is_where_its_alpha_can_be_seen() -> None:
    alpha = np.zeros((40, 60), np.float32)
    alpha[10:20, 5:30] = 1
    alpha[20:22, 5:30] = 0.3
    alpha[30:, :] = 0.05
    assert find_subject(alpha) == Subject(Box(5, 10, 30, 22), 60, 40)
    alpha[15, 1:5] = 0.4
    assert find_subject(alpha).cut_off == ("left",)
    assert find_subject(np.ones((40, 60), np.float32)).cut_off == SIDES
    assert find_subject(np.zeros((40, 60), np.float32)) == Subject(Box(0, 0, 60, 40), 60, 40)


@given(WHOLE, SIZES)
def test_faint_alpha_beyond_the_box_is_drawn_at_the_same_scale(subject, size) -> None:
    placed = place(subject, Canvas(size, 0.8))
    assume(placed.box.width > 1 and placed.box.height > 1)
    for axis in (0, 1):
        here, there = placed.source[axis + 2] - placed.source[axis], placed.target[axis + 2] - placed.target[axis]
        assert abs(there - here * placed.scale) <= 2
    assert placed.source == placed.source.clip(subject.width, subject.height)


@pytest.mark.parametrize("shadow", [False, True])
def test_without_a_size_or_a_crop_the_frame_stays_the_pictures(shadow) -> None:
    subject = Subject(Box(10, 10, 110, 60), 200, 150)
    placed = place(subject, Canvas(shadow=shadow))
    assert (placed.width, placed.height, placed.box) == (200, 150, subject.box)
    assert placed.source == placed.target == Box(0, 0, 200, 150)
