"""What is said of a cut-out: the verdict, and sentences that a shop understands."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.quality import reasons
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
    assert set(found.reasons) <= {*reasons.SENTENCES.values()}
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
