"""Whether the tuned network is better: intervals over products, and sentences that say what they show."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import numpy as np
import pytest

from cutsmith.errors import BadOption, UsageError
from cutsmith.finetuning.bootstrap import interval_of_mean
from cutsmith.finetuning.verdict import judge
from tests.core.finetuning.held_out import measured

PRODUCTS = [f"product{number}" for number in range(8)]


def of(change, *, products=PRODUCTS, pictures=4, noise=0.02, seed=0, **both):
    """Baseline and tuned, measured on pictures of `products`; `change` is a product's gain of IoU."""
    generator = np.random.default_rng(seed)
    baseline, tuned = [], []
    for product in products:
        for picture in range(pictures):
            before = 0.6 + generator.normal(0, 0.05)
            after = before + change(product) + generator.normal(0, noise)
            name = f"{product}/{picture}"
            baseline.append(measured(name, before, predicted=before, sad=3.0, **both))
            tuned.append(measured(name, after, predicted=after, sad=3.0 - change(product), **both))
    return baseline, tuned


def test_a_gain_on_every_product_is_better() -> None:
    verdict = judge(*of(lambda product: 0.2, noise=0.04), seed=1)
    assert verdict.is_better
    assert verdict.iou.difference == pytest.approx(0.2, abs=0.01)
    low, high = verdict.iou.interval
    assert 0.16 < low < verdict.iou.difference < high < 0.24
    assert verdict.reasons[0].startswith("On 8 held-out products the IoU rose from .6")
    assert re.search(r"to \.8\d \(\+\.\d\d, between \+\.\d\d and \+\.\d\d\)\.$", verdict.reasons[0])
    assert verdict.warnings == ()
    assert (verdict.before.iou, verdict.after.sad) == (verdict.iou.before, pytest.approx(2.8))


def test_what_goes_up_and_down_is_not_better() -> None:
    verdict = judge(*of(lambda product: 0.1 if int(product[-1]) % 2 else -0.08), seed=1)
    assert not verdict.is_better
    assert verdict.iou.difference > 0
    assert verdict.reasons[0].startswith("Not better: the IoU's difference lies between -.")
    assert "chance alone" in verdict.reasons[0]


def test_a_gain_that_nobody_sees_is_not_better_unless_the_edges_show_it() -> None:
    baseline, tuned = of(lambda product: 0.003, noise=0.0, boundary=0.5)
    verdict = judge(baseline, tuned, seed=1)
    assert verdict.iou.has_risen
    assert not verdict.is_better
    assert verdict.reasons[0] == "Not better: the IoU has risen, but by less than .005, which nobody sees."
    assert verdict.reasons[1] == "On 8 held-out products the IoU stayed at .60."
    sharper = [replace(each, boundary_iou=0.52) for each in tuned]
    assert judge(baseline, sharper, seed=1).is_better


def test_a_change_that_nobody_sees_is_told_without_an_interval_of_zeros() -> None:
    verdict = judge(*of(lambda product: 0.002 if int(product[-1]) % 2 else -0.002, noise=0.0), seed=1)
    assert verdict.reasons[0] == (
        "Not better: the IoU has changed by less than .005, and chance alone may explain that."
    )


def test_a_loss_is_told_as_one() -> None:
    verdict = judge(*of(lambda product: -0.2), seed=1)
    assert not verdict.is_better
    assert verdict.reasons[0] == "Not better: the IoU has fallen."
    assert "Alpha after matting has become worse." in verdict.warnings


def test_worse_edges_outweigh_a_better_iou() -> None:
    baseline = [measured(f"{product}/0", 0.6, boundary=0.5) for product in PRODUCTS]
    tuned = [measured(f"{product}/0", 0.8, boundary=0.3) for product in PRODUCTS]
    verdict = judge(baseline, tuned, seed=1)
    assert not verdict.is_better
    assert verdict.reasons[0] == "Not better: the edges have become worse, for the boundary IoU has fallen."


def test_products_are_resampled_not_pictures() -> None:
    """One product of eight gains a lot on very many pictures: by picture that would look certain."""
    baseline, tuned = of(lambda product: 0.3 if product == "product0" else 0.0, pictures=1, noise=0.01)
    more_baseline, more_tuned = of(lambda product: 0.3, products=["product0"], pictures=60)
    baseline, tuned = baseline[1:] + more_baseline, tuned[1:] + more_tuned
    verdict = judge(baseline, tuned, seed=1)
    assert verdict.iou.difference > 0.2
    assert not verdict.is_better
    gains = np.array([b.iou - a.iou for a, b in zip(baseline, tuned, strict=True)])
    assert interval_of_mean(gains, [each.name for each in baseline], seed=1).low > 0.2


def test_one_product_alone_is_resampled_by_picture_and_told() -> None:
    verdict = judge(*of(lambda product: 0.2, products=["mug"], pictures=9), seed=1)
    assert verdict.is_by_picture
    assert verdict.is_better
    assert verdict.reasons[0].startswith("On 9 held-out pictures of one product the IoU rose")
    assert verdict.warnings[0].startswith("Only one product is held out, mug, so")


def test_few_products_are_told() -> None:
    verdict = judge(*of(lambda product: 0.2, products=PRODUCTS[:3]), seed=1)
    assert verdict.is_better
    assert "Only 3 products are held out: by chance alone all of them rise once in 8 tries." in verdict.warnings[0]


def test_one_picture_shows_nothing() -> None:
    verdict = judge([measured("mug/1", 0.2)], [measured("mug/1", 0.9)], seed=1)
    assert not verdict.is_better
    assert verdict.iou.interval is None
    assert verdict.reasons[0] == "Not better: one picture alone cannot show it. Hold out more."
    assert "On 1 held-out picture of one product the IoU rose from .20 to .90 (+.70)." in verdict.reasons


def test_a_worse_estimate_of_the_masks_is_a_warning() -> None:
    baseline, tuned = of(lambda product: 0.2)
    overconfident = [measured(each.name, each.iou, predicted=1.0) for each in tuned]
    verdict = judge(baseline, overconfident, seed=1)
    assert verdict.is_better
    assert verdict.calibration_error.after == pytest.approx(0.2, abs=0.02)
    (warning,) = verdict.warnings
    assert "which the quality score reads, has become worse: its error rose from .00 to ." in warning


def test_where_nothing_is_to_be_found_the_calibration_counts_alone() -> None:
    baseline, tuned = of(lambda product: 0.2)
    baseline.append(measured("empty/0", None, predicted=0.9))
    tuned.append(measured("empty/0", None, predicted=0.1))
    verdict = judge(baseline, tuned, seed=1)
    assert (verdict.objects, len(verdict.groups)) == (32, 8)
    assert verdict.calibration_error.before == pytest.approx(0.9 / 33)
    assert verdict.calibration_error.after == pytest.approx(0.1 / 33)


def test_matting_may_be_left_out() -> None:
    baseline = [measured(f"{product}/0", 0.6) for product in PRODUCTS]
    verdict = judge(baseline, baseline, seed=1)
    assert verdict.sad is None
    assert verdict.before.sad is None
    assert not verdict.is_better
    assert verdict.reasons[:2] == (
        "Not better: the tuned network finds what the baseline finds.",
        "On 8 held-out products the IoU stayed at .60.",
    )


def test_the_same_seed_gives_the_same_verdict_and_json() -> None:
    given = of(lambda product: 0.05, noise=0.1)
    told = [json.dumps(judge(*given, seed=seed).to_json()) for seed in (3, 3, 4)]
    assert told[0] == told[1] != told[2]
    assert set(json.loads(told[0])) >= {"is_better", "iou", "sad", "reasons", "warnings"}


def test_other_objects_and_no_objects_are_refused() -> None:
    with pytest.raises(UsageError, match="the same objects"):
        judge([measured("mug/1", 0.2)], [measured("mug/2", 0.2)], seed=1)
    with pytest.raises(BadOption, match="holds an object"):
        judge([measured("mug/1", None)], [measured("mug/1", None)], seed=1)


@pytest.mark.parametrize("products", [6, 12])
def test_the_interval_holds_the_truth_as_often_as_it_says(products) -> None:
    """Where nothing was gained, 95 % of the intervals hold 0, give or take; of plain percentiles of six only 89 %."""
    generator = np.random.default_rng(0)
    units = [f"{product}" for product in range(products) for _ in range(3)]
    held = 0
    for seed in range(400):
        gains = np.repeat(generator.normal(0, 0.1, products), 3) + generator.normal(0, 0.02, 3 * products)
        low, high = interval_of_mean(gains, units, seed=seed)
        held += low <= 0 <= high
    assert 0.92 <= held / 400 <= 0.98
