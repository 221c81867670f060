"""From logits to objects: scores, labels, thresholds, boxes in pixels, and each object once. On constructed logits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutsmith.detection.selection import SAME_OBJECT_IOU, best_score, select
from cutsmith.errors import BadOption
from cutsmith.geometry import Box
from cutsmith.options import OPTIONS
from cutsmith.protocols import GROUNDING_DINO_THRESHOLDS, Candidates

# [CLS] red mug . table . [SEP]
PHRASES, SPANS, TOKENS = ("Red mug", "table"), ((1, 3), (4, 5)), 7
WIDTH, HEIGHT = 200, 100


def logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def candidates(rows, boxes, *, width: int = WIDTH, height: int = HEIGHT) -> Candidates:
    """`rows`: a query's probabilities by token, all else next to nothing; `boxes`: shares."""
    logits = np.full((len(rows), 256), -np.inf, np.float32)
    logits[:, :TOKENS] = -12
    for query, row in enumerate(rows):
        for token, probability in row.items():
            logits[query, token] = logit(probability)
    return Candidates(logits, np.array(boxes, np.float32).reshape(-1, 4), PHRASES, SPANS, width, height)


LEFT, RIGHT, MIDDLE = (0.25, 0.5, 0.2, 0.4), (0.75, 0.5, 0.2, 0.4), (0.5, 0.5, 0.2, 0.4)


def test_scores_labels_and_boxes_in_pixels() -> None:
    found = select(candidates([{2: 0.6, 1: 0.3}, {4: 0.8}], [LEFT, RIGHT]))
    assert [each.label for each in found] == ["table", "Red mug"]
    assert [each.score for each in found] == pytest.approx([0.8, 0.6], abs=1e-6)
    assert found[0].box == pytest.approx((130, 30, 170, 70), abs=1e-4)
    assert found[1].box == pytest.approx((30, 30, 70, 70), abs=1e-4)
    assert isinstance(found[0].box, Box)
    assert all(type(value) is float for value in (*found[0].box, found[0].score))


def test_the_score_is_the_best_tokens_even_if_that_is_no_word() -> None:
    # As upstream: the full stop behind "table" says 0.9, the word itself 0.4.
    (found,) = select(candidates([{4: 0.4, 5: 0.9}], [LEFT]))
    assert (found.label, found.score) == ("table", pytest.approx(0.9, abs=1e-6))


def test_a_box_that_no_word_supports_is_left_out() -> None:
    assert select(candidates([{5: 0.9, 4: 0.2, 1: 0.24}], [LEFT])) == []
    assert len(select(candidates([{5: 0.9, 4: 0.2, 1: 0.24}], [LEFT]), text_threshold=0.23)) == 1


def test_the_label_is_the_phrase_of_the_best_word_not_of_the_most_words() -> None:
    (found,) = select(candidates([{1: 0.5, 2: 0.5, 4: 0.51}], [LEFT]))
    assert found.label == "table"


@pytest.mark.parametrize(("threshold", "count"), [(0.0, 3), (0.29, 3), (0.31, 2), (0.61, 1), (1.0, 0)])
def test_scores_must_pass_the_box_threshold(threshold, count) -> None:
    found = select(candidates([{1: 0.3}, {1: 0.6}, {1: 0.9}], [LEFT, RIGHT, MIDDLE]), box_threshold=threshold)
    assert len(found) == count


def test_boxes_are_clipped_and_those_without_area_left_out() -> None:
    partly = [(0.0, 0.0, 0.5, 0.5), (0.9, 0.9, 0.8, 0.8)]
    boxes = [*partly, (1.5, 0.5, 0.2, 0.2), (0.5, 0.5, 0.0, 0.3), (0.5, -1, 0.1, 0.1)]
    found = select(candidates([{1: 0.9 - 0.1 * n} for n in range(5)], boxes))
    assert [each.box for each in found] == [
        pytest.approx((0, 0, 50, 25), abs=1e-4),
        pytest.approx((100, 50, 200, 100), abs=1e-4),
    ]


def overlapping(share: float) -> tuple[float, float, float, float]:
    """A box as large as LEFT, shifted so that the IoU of both is `share`."""
    x, y, width, height = LEFT
    return (x + width * (1 - share) / (1 + share), y, width, height)


@pytest.mark.parametrize(
    ("share", "count"), [(0.5, 2), (SAME_OBJECT_IOU - 0.01, 2), (SAME_OBJECT_IOU + 0.01, 1), (1, 1)]
)
def test_the_less_probable_of_two_boxes_of_one_object_goes_whatever_its_label(share, count) -> None:
    found = select(candidates([{1: 0.5}, {4: 0.7}], [LEFT, overlapping(share)]))
    assert [each.label for each in found] == ["table", "Red mug"][:count]


def test_a_box_that_itself_went_suppresses_none() -> None:
    # Second and first are one, third and second too; third and first are not.
    boxes = [LEFT, overlapping(0.85), (LEFT[0] + 2 * (overlapping(0.85)[0] - LEFT[0]), *LEFT[1:])]
    found = select(candidates([{1: 0.9}, {1: 0.8}, {1: 0.7}], boxes))
    assert [each.score for each in found] == pytest.approx([0.9, 0.7], abs=1e-6)


def test_max_detections_takes_the_most_probable() -> None:
    rows, boxes = [{1: 0.5}, {1: 0.9}, {1: 0.7}], [LEFT, RIGHT, MIDDLE]
    assert [each.score for each in select(candidates(rows, boxes), max_detections=2)] == pytest.approx([0.9, 0.7])
    assert len(select(candidates(rows, boxes), max_detections=9)) == 3


def test_the_best_score_is_told_below_the_thresholds_too() -> None:
    assert best_score(candidates([{1: 0.05}, {4: 0.11}], [LEFT, RIGHT])) == pytest.approx(0.11, abs=1e-6)
    assert best_score(candidates([], [])) == 0.0
    assert select(candidates([], [])) == []


def test_extreme_logits_are_probabilities_without_a_warning() -> None:
    extreme = candidates([{1: 0.5}], [LEFT])
    extreme.logits[0, :3] = [1e30, -1e30, 3e38]
    with np.errstate(all="raise"):
        assert best_score(extreme) == 1.0


@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan, math.inf, "0.3", True])
@pytest.mark.parametrize("option", ["box_threshold", "text_threshold"])
def test_a_threshold_that_is_no_probability_is_refused(option, value) -> None:
    with pytest.raises(BadOption, match=f"{option} must be a number from 0 to 1, but got") as caught:
        select(candidates([{1: 0.9}], [LEFT]), **{option: value})
    assert (caught.value.option, caught.value.found) == (option, repr(value))


@pytest.mark.parametrize("value", [0, -3, 1.5, "2", True])
def test_max_detections_below_one_is_refused(value) -> None:
    with pytest.raises(BadOption, match="max_detections must be a whole number, 1 or more, but got"):
        select(candidates([{1: 0.9}], [LEFT]), max_detections=value)


def test_numbers_of_numpy_are_numbers() -> None:
    assert len(select(candidates([{1: 0.9}], [LEFT]), np.float32(0.3), np.float64(0.25), np.int64(3))) == 1


def test_the_defaults_are_the_networks_own() -> None:
    assert OPTIONS["box_threshold"].default is OPTIONS["text_threshold"].default is None
    probabilities = [{1: GROUNDING_DINO_THRESHOLDS.box + step} for step in (-0.01, 0.01)]
    assert len(select(candidates(probabilities, [LEFT, RIGHT]))) == 1


def intersection_over_union(one: Box, other: Box) -> float:
    wide = max(0.0, min(one.x1, other.x1) - max(one.x0, other.x0))
    high = max(0.0, min(one.y1, other.y1) - max(one.y0, other.y0))
    return wide * high / (one.width * one.height + other.width * other.height - wide * high)


SHARES = st.floats(-0.25, 1.25, width=32)


@st.composite
def random_candidates(draw):
    count = draw(st.integers(0, 30))
    logits = np.full((count, 256), -np.inf, np.float32)
    logits[:, :TOKENS] = draw(arrays(np.float32, (count, TOKENS), elements=st.floats(-6, 6, width=32)))
    boxes = draw(arrays(np.float32, (count, 4), elements=SHARES))
    # Half of them in pairs that nearly coincide.
    boxes[1::2] = boxes[: len(boxes[1::2]) * 2 : 2] * np.float32(draw(st.floats(0.875, 1.125, width=32)))
    boxes[:, 2:] = np.abs(boxes[:, 2:])
    return Candidates(logits, boxes, PHRASES, SPANS, draw(st.integers(1, 4000)), draw(st.integers(1, 4000)))


@given(random_candidates(), st.floats(0, 1), st.floats(0, 1), st.one_of(st.none(), st.integers(1, 10)))
@settings(max_examples=300, deadline=None)
def test_whatever_the_network_gives(given_candidates, box_threshold, text_threshold, max_detections) -> None:
    found = select(given_candidates, box_threshold, text_threshold, max_detections)
    width, height = given_candidates.width, given_candidates.height
    for each in found:
        assert 0 <= each.box.x0 < each.box.x1 <= width
        assert 0 <= each.box.y0 < each.box.y1 <= height
        assert np.float32(box_threshold) < each.score <= 1
        assert each.label in PHRASES
    scores = [each.score for each in found]
    assert scores == sorted(scores, reverse=True)
    assert all(
        intersection_over_union(one.box, other.box) <= SAME_OBJECT_IOU + 1e-6
        for number, one in enumerate(found)
        for other in found[:number]
    )
    assert max_detections is None or len(found) <= max_detections


@given(random_candidates(), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=150, deadline=None)
def test_a_higher_box_threshold_only_takes_away_the_least_probable(given_candidates, one, other) -> None:
    lower, higher = sorted((one, other))
    more, fewer = select(given_candidates, lower, 0.1), select(given_candidates, higher, 0.1)
    assert fewer == more[: len(fewer)]
    assert all(each.score <= np.float32(higher) for each in more[len(fewer) :])
