"""Matting fades out where a mask cannot be relied on, and sooner where other views of the picture do not help."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith import cut_out
from cutsmith.pipeline.gate import trust_in
from cutsmith.pipeline.loading import Models
from cutsmith.result.looks import Looks


def mask_of(undecidedness: float) -> np.ndarray:
    """A mask whose every pixel is subject with 1 - `undecidedness`."""
    return np.full((20, 20), 1 - undecidedness, np.float32)


def looks(taken: str, agreement: float) -> Looks:
    return Looks(taken, {"first": 0.1}, agreement, "")


@pytest.mark.parametrize(
    ("seen", "trusted", "refused"),
    [
        (None, 0.09, 0.17),
        (looks("mirrored", 0.7), 0.14, 0.26),
        (looks("first", 0.95), 0.09, 0.13),
        (looks("first", 0.8), 0.04, 0.10),
    ],
)
def test_trust_fades_with_doubt(seen, trusted, refused) -> None:
    assert trust_in(mask_of(trusted), seen) == 1
    assert trust_in(mask_of(refused), seen) == 0
    between = trust_in(mask_of((trusted + refused) / 2), seen)
    assert 0 < between < 1


def test_a_mask_without_a_subject_is_not_matted() -> None:
    assert trust_in(np.full((5, 5), 0.4, np.float32), None) == 0


class Doubtful:
    """A remover that is undecided about the left half, and sure of nothing."""

    name = "doubtful"

    def provenance(self):
        return {"model": self.name}

    def soft_mask(self, image):
        mask = np.zeros(image.shape[:2], np.float32)
        mask[:, : image.shape[1] // 2] = 0.6
        return mask


def test_auto_keeps_a_mask_that_is_too_undecided_and_tells_so() -> None:
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    cut = cut_out(image, models=Models(remover=Doubtful()), looks="1")
    np.testing.assert_array_equal(cut.alpha, cut.soft_mask)
    assert cut.provenance["matting"] == "auto"
    assert cut.provenance["matting_used"].startswith("the mask itself")
    assert "matting_used" not in cut_out(image, models=Models(remover=Doubtful()), matting="closed-form").provenance
