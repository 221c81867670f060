"""What is measured on held-out pictures equals what a cut would give, and one picture is held at a time."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from cutsmith.errors import BadArray, Cancelled
from cutsmith.evaluation.mask_metrics import boundary_iou
from cutsmith.evaluation.matting_metrics import sad
from cutsmith.finetuning.measuring import measure
from cutsmith.geometry import box_of_mask
from cutsmith.pipeline.loading import Models
from cutsmith.protocols import Prompt
from cutsmith.segmentation.loading import load_segmenter
from tests.core.finetuning.held_out import disc, example

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def segmenter(tiny_sam2):
    return load_segmenter(str(tiny_sam2), device="cpu").model


class Followed(SimpleNamespace):
    """Hears of progress, and may end the work."""

    def check(self) -> None:
        self.checks += 1
        if self.checks > self.most:
            raise Cancelled("enough")

    def warn(self, text: str) -> None:
        raise AssertionError(text)

    def progress(self, share: float) -> None:
        self.shares.append(share)


def followed(most: int = 1000) -> Followed:
    return Followed(checks=0, most=most, shares=[])


def test_each_object_is_measured_as_a_cut_would_give_it(segmenter, tmp_path) -> None:
    from cutsmith import cut_out

    one, other = disc(120, 90, 30, 40, 18), disc(120, 90, 85, 50, 25)
    given = [example(tmp_path, "mug/1", one, other), example(tmp_path, "jug/1", other, seed=1)]
    watch = followed()
    found = measure(segmenter, given, watch=watch)
    assert [(each.name, each.number, each.group) for each in found] == [
        ("mug/1", 1, "mug"),
        ("mug/1", 2, "mug"),
        ("jug/1", 1, "jug"),
    ]
    assert watch.shares == [0.5, 1.0]
    box = box_of_mask(other)
    cut = cut_out(given[0].picture, box=box, models=Models(segmenter=segmenter))
    mask = cut.soft_mask >= 0.5
    assert found[1].iou == pytest.approx((mask & other).sum() / (mask | other).sum())
    assert found[1].boundary_iou == boundary_iou(cut.soft_mask, other)
    assert found[1].sad == pytest.approx(sad(cut.alpha, other))
    (segment,) = segmenter.segment(cut.picture.for_models(), [Prompt(box=box)])
    assert found[1].predicted_iou == pytest.approx(min(max(segment.predicted_iou, 0), 1))


def test_where_nothing_is_to_be_found_only_the_estimate_counts(segmenter, tmp_path) -> None:
    given = [example(tmp_path, "table/1"), example(tmp_path, "table/2", np.zeros((90, 120), bool))]
    found = measure(segmenter, given)
    assert [(each.iou, each.boundary_iou, each.sad) for each in found] == [(None, None, None)] * 2
    assert [each.calibration_error for each in found] == [each.predicted_iou for each in found]
    assert measure(segmenter, given) == found


def test_matting_may_be_left_out_and_nothing_is_kept_of_a_picture(segmenter, tmp_path) -> None:
    found = measure(segmenter, [example(tmp_path, "mug/1", disc(120, 90, 60, 45, 20))], with_matting=False)
    assert found[0].sad is None
    assert found[0].iou is not None
    assert not segmenter._embeddings


def test_it_can_be_ended(segmenter, tmp_path) -> None:
    given = [example(tmp_path, f"mug/{number}", disc(120, 90, 60, 45, 20)) for number in range(3)]
    watch = followed(most=3)
    with pytest.raises(Cancelled):
        measure(segmenter, given, with_matting=False, watch=watch)
    assert len(watch.shares) == 1


def test_a_truth_of_another_size_is_refused(segmenter, tmp_path) -> None:
    given = example(tmp_path, "mug/1", disc(120, 90, 60, 45, 20))
    smaller = example(tmp_path, "small/1", disc(60, 45, 30, 22, 10), size=(60, 45))
    with pytest.raises(BadArray):
        measure(segmenter, [type(given)("mug/1", given.picture, smaller.truth, "mug", given.sha256)])
