"""Background that shows through a subject is taken out, softly at its rim, and the result tells of it."""

from __future__ import annotations

import cv2
import numpy as np

from cutsmith import Models, cut_out
from cutsmith.pipeline.cascade.enclosed import without_enclosed
from cutsmith.pipeline.subject import Subject
from cutsmith.quality import reasons

SIDE = 320


def ring() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A blue ring on a white ground: the picture, its true alpha, and a mask that covers the hole."""
    rows, columns = np.mgrid[:SIDE, :SIDE]
    distance = np.hypot(rows - SIDE / 2, columns - SIDE / 2)
    covered = (distance < 110).astype(np.float32)
    truth = covered * (distance > 45)
    noise = np.random.default_rng(3).normal(0, 1.5, (SIDE, SIDE, 3))
    colours = np.where(truth[..., None] > 0, (40, 70, 160), (246, 246, 244)) + noise
    return np.clip(colours, 0, 255).astype(np.uint8), truth, covered


class Covering:
    """A remover that closes holes, and is sure of it."""

    name = "isnet-general-use"

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        blue = (image[..., 0] < 140).astype(np.uint8)
        contours, _ = cv2.findContours(blue, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        return cv2.drawContours(np.zeros_like(blue), contours, -1, 1, cv2.FILLED).astype(np.float32)


def test_the_hole_is_taken_out_and_nothing_else() -> None:
    image, truth, covered = ring()
    before = covered.copy()
    opened = without_enclosed(image, Subject(covered))
    np.testing.assert_array_equal(covered, before)
    assert np.abs(opened.soft_mask - truth).sum() < 0.05 * (covered - truth).sum()
    assert opened.soft_mask.max() <= 1
    assert opened.soft_mask.min() >= 0
    assert opened.doubts == (reasons.OPENED,)
    assert opened.steps[-1].name == "enclosed background"


def test_a_mask_without_such_a_hole_stays_as_it_is() -> None:
    image, truth, _ = ring()
    subject = Subject(truth)
    assert without_enclosed(image, subject) is subject


def test_the_cascade_takes_it_out_and_a_person_looks_at_it() -> None:
    image, truth, covered = ring()
    plain = {"matting": "closed-form", "foreground": "none", "looks": "1", "segmenter": "subject-in-box"}
    closed = cut_out(image, models=Models(remover=Covering()), **plain)
    assert np.abs(closed.alpha - covered).mean() < 0.01
    assert reasons.ENCLOSED in closed.quality.reasons
    opened = cut_out(image, models=Models(remover=Covering()), cascade=True, **plain)
    assert np.abs(opened.alpha - truth).mean() < 0.01
    assert opened.quality.verdict == "review"
    assert reasons.OPENED in opened.quality.reasons
    assert reasons.ENCLOSED not in opened.quality.reasons
    assert "enclosed background" in opened.provenance["cascade"]
    assert any("taken out" in each for each in opened.warnings)
