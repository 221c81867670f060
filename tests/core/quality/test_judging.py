"""What is said of a cut-out: the verdict, and sentences that a shop understands."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.quality import reasons
from cutsmith.quality.content_box import content_beyond
from cutsmith.quality.enclosed import enclosed_background
from cutsmith.quality.judging import judged
from cutsmith.result.cutout import FoundObject
from cutsmith.result.looks import Looks

ISNET = "isnet-general-use-fp16"


def picture(ring: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A blue disc, or a ring, on a white ground: the picture and its true alpha."""
    rows, columns = np.mgrid[:320, :320]
    distance = np.hypot(rows - 160, columns - 160)
    mask = ((distance < 110) & ~(ring & (distance < 45))).astype(np.float32)
    noise = np.random.default_rng(3).normal(0, 1.5, (320, 320, 3))
    colours = np.where(mask[..., None] > 0, (40, 70, 160), (246, 246, 244)) + noise
    return np.clip(colours, 0, 255).astype(np.uint8), mask


def test_a_plain_product_is_accepted() -> None:
    image, mask = picture()
    found = judged(image, mask, mask, network=ISNET)
    assert found.verdict == "accept", found
    assert found.reasons == ()
    assert found.uncertainty is not None
    assert found.uncertainty < 0.06
    assert found.warning == ""


def test_half_a_product_goes_to_review_and_says_why() -> None:
    image, mask = picture()
    mask[:, :160] = 0
    found = judged(image, mask, mask, network=ISNET)
    assert found.verdict == "review"
    assert found.reasons
    assert set(found.reasons) <= {*reasons.SENTENCES.values(), reasons.VANISHED}
    assert found.warning.startswith("Look at this result, it may be wrong: ")


def test_nothing_and_everything_go_to_review() -> None:
    image, mask = picture()
    nothing = judged(image, mask, np.zeros_like(mask), network=ISNET)
    assert (nothing.uncertainty, nothing.reasons) == (1.0, (reasons.NOTHING,))
    everything = judged(image, np.ones_like(mask), np.ones_like(mask), network=ISNET)
    assert reasons.EVERYTHING in everything.reasons


def test_another_model_has_no_uncertainty_but_a_verdict() -> None:
    image, mask = picture()
    assert judged(image, mask, mask, network="u2net") == judged(image, mask, mask)
    assert judged(image, mask, mask, network="u2net").uncertainty is None
    unsure = np.where(mask > 0, np.float32(0.6), np.float32(0.3))
    assert judged(image, unsure, mask, network="u2net").verdict == "review"


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (FoundObject(predicted_iou=0.95, stability=0.97), "accept"),
        (FoundObject(predicted_iou=0.4, stability=0.97), "review"),
        (FoundObject(predicted_iou=0.95, stability=0.5), "review"),
        (FoundObject(box=(0, 0, 9, 9)), "accept"),
    ],
)
def test_objects_go_by_what_sam_2_says(found: FoundObject, verdict: str) -> None:
    image, mask = picture()
    assert judged(image, mask, mask, named=[found]).verdict == verdict


def test_views_that_disagree_though_each_is_sure_go_to_review() -> None:
    image, mask = picture()
    looks = Looks("first", {"first": 0.01, "mirrored": 0.02}, 0.3, "no other view was more decided")
    assert reasons.SENTENCES["disagreement"] in judged(image, mask, mask, looks).reasons


def test_background_in_a_ring_is_found_where_the_mask_covers_it() -> None:
    image, mask = picture(ring=True)
    assert enclosed_background(image, mask) is None
    filled = picture()[1]
    found = enclosed_background(image, filled)
    assert found is not None
    hole = (filled > 0) & (mask == 0)
    assert np.count_nonzero(found & hole) > 0.9 * np.count_nonzero(hole)
    assert np.count_nonzero(found & ~hole) < 0.05 * np.count_nonzero(hole)
    assert reasons.ENCLOSED in judged(image, filled, filled, network=ISNET).reasons


def test_a_white_subject_on_white_is_no_hole() -> None:
    image, mask = picture()
    white = np.full_like(image, 246)
    assert enclosed_background(white, mask) is None


def test_on_a_busy_ground_nothing_is_called_enclosed() -> None:
    image, _ = picture(ring=True)
    busy = np.random.default_rng(0).integers(0, 256, image.shape, dtype=np.uint8)
    assert enclosed_background(busy, picture()[1]) is None


def white_on_white(shadow: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """A white box with a handle on a white ground, lighter than both: the picture and its true alpha."""
    mask = np.zeros((320, 320), np.float32)
    mask[120:240, 80:180] = 1
    mask[150:210, 180:250] = 1
    ground = np.full((320, 320), 252.0)
    if shadow:
        rows, columns = np.mgrid[:320, :320]
        ground -= 45 * np.exp(-(((rows - 245) / 14) ** 2) - ((columns - 190) / 90) ** 2)
    values = np.where(mask > 0, 241, ground)[..., None] + np.random.default_rng(5).normal(0, 0.8, (320, 320, 3))
    return np.clip(values, 0, 255).astype(np.uint8), mask


@pytest.mark.parametrize("shadow", [False, True])
def test_a_part_that_vanished_white_on_white_goes_to_review(shadow: bool) -> None:
    image, mask = white_on_white(shadow)
    assert content_beyond(image, mask) == 0
    lost = mask.copy()
    lost[:, 180:] = 0
    assert content_beyond(image, lost) > 0.3
    assert reasons.VANISHED in judged(image, lost, lost, network=ISNET).reasons
    assert reasons.VANISHED not in judged(image, mask, mask, network=ISNET).reasons


def test_content_is_looked_for_on_a_white_ground_alone() -> None:
    image, mask = picture()
    mask[:, :160] = 0
    assert content_beyond(image, mask) > 0.3
    assert content_beyond((image * 0.8).astype(np.uint8), mask) == 0
    assert content_beyond(image, np.zeros_like(mask)) == 0


def test_what_sam_2_was_asked_for_may_be_a_part() -> None:
    image, mask = picture()
    mask[:, :160] = 0
    found = FoundObject(predicted_iou=0.95, stability=0.97)
    assert judged(image, mask, mask, named=[found]).verdict == "accept"
