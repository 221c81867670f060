"""The sheet of the worst held-out pictures: the worst first, and what is wrong with a mask is seen."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from cutsmith.finetuning.measuring import measure
from cutsmith.finetuning.sheet import worst_sheet
from cutsmith.segmentation.loading import load_segmenter
from tests.core.finetuning.held_out import disc, example

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def networks(random_sam2):
    return [load_segmenter(str(random_sam2(seed=seed)), device="cpu").model for seed in (0, 1)]


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_the_worst_come_first_and_no_more_than_asked(networks, tmp_path) -> None:
    size = (120, 90)
    given = [example(tmp_path, f"mug/{n}", disc(*size, 40 + 8 * n, 45, 12 + 6 * n), seed=n) for n in range(4)]
    given.append(example(tmp_path, "empty/1"))
    baseline, tuned = (measure(network, given, with_matting=False) for network in networks)
    whole = opened(worst_sheet(given, (networks[0], baseline), (networks[1], tuned)))
    two = opened(worst_sheet(given, (networks[0], baseline), (networks[1], tuned), most=2))
    assert whole.shape[1] == two.shape[1] == 4 * 312 + 12
    assert (whole.shape[0] - 42) / 4 == (two.shape[0] - 42) / 2 == 30 + 225 + 12
    # Whichever is the worst stands first: its line alone is the first of all.
    worst = min((each for each in tuned if each.iou is not None), key=lambda each: each.iou)
    alone = [each for each in given if each.name == worst.name]
    pick = [[each for each in measured if each.name == worst.name] for measured in (baseline, tuned)]
    one = opened(worst_sheet(alone, (networks[0], pick[0]), (networks[1], pick[1])))
    difference = np.abs(one[:270].astype(int) - whole[:270])
    assert difference.max() <= 24  # JPEG


def test_what_is_wrong_is_tinted_and_the_truth_is_outlined() -> None:
    from cutsmith.finetuning.sheet import _compared, _shown

    image = np.full((225, 300, 3), 100, np.uint8)
    truth, mask = disc(300, 225, 120, 110, 60), disc(300, 225, 180, 110, 60)
    shown = _compared(image, mask, truth).astype(int)
    much, little = shown[110, 220], shown[110, 80]
    assert much[0] > much[2] + 80
    assert little[2] > little[0] + 80
    assert tuple(shown[110, 150]) == (100, 100, 100)  # right: as it is
    assert shown[10, 10].min() > 150  # outside: made light
    outlined = _shown(image, truth)
    assert (outlined[50:54, 118:122] > 200).any()


def test_a_long_name_loses_its_middle_and_keeps_its_figures(networks, tmp_path) -> None:
    name = "mugs/" + "a-very-long-name-of-a-product-that-somebody-has-typed-" * 3 + "0004"
    given = [example(tmp_path, "mug/1", disc(120, 90, 60, 45, 25))]
    given = [replace(given[0], name=name)]
    baseline, tuned = (measure(network, given, with_matting=False) for network in networks)
    sheet = opened(worst_sheet(given, (networks[0], baseline), (networks[1], tuned)))
    title = sheet[42:70]
    ink = np.flatnonzero((title < 128).all(axis=2).any(axis=0))
    assert sheet.shape[1] - 12 >= ink.max() > sheet.shape[1] - 100
