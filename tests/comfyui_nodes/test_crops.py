"""Crops of tensors: what is laid back unchanged is the same to the bit, at any size, and edits stay where they were."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from comfyui_nodes.crops import Crop, cut, cut_mask, put_back
from cutsmith.errors import BadArray
from cutsmith.result.crop_window import CropWindow, windows_around

pytestmark = pytest.mark.torch


def images(count: int, height: int, width: int, channels: int = 3) -> torch.Tensor:
    return torch.rand(count, height, width, channels, generator=torch.Generator().manual_seed(0))


def ellipse(height: int, width: int, x: float, y: float) -> np.ndarray:
    rows, columns = np.mgrid[:height, :width]
    return (((columns - x) / 20) ** 2 + ((rows - y) / 14) ** 2 <= 1).astype(np.float32)


def cropped(image: torch.Tensor, masks: list[np.ndarray], **options) -> Crop:
    windows = windows_around(masks, **options)
    size = options.get("size") or (windows[0].width, windows[0].height)
    crops = torch.stack([cut(each, window, size) for each, window in zip(image, windows, strict=True)])
    within = tuple(cut_mask(mask, window) for mask, window in zip(masks, windows, strict=True))
    return Crop(image, tuple(windows), crops, within)


@pytest.mark.parametrize("size", [None, (64, 64), (256, 128)])
@pytest.mark.parametrize("whole", [False, True])
def test_an_unchanged_crop_is_the_same_image_to_the_bit(size, whole) -> None:
    image = images(2, 90, 130)
    crop = cropped(image, [ellipse(90, 130, 40, 40), ellipse(90, 130, 120, 80)], size=size)
    back = put_back(crop, crop.delivered.clone(), None, 6, whole=whole)
    assert back is not image
    assert torch.equal(back, image)


@pytest.mark.parametrize("size", [None, (256, 256)])
def test_everything_outside_mask_and_feather_is_the_same_to_the_bit(size) -> None:
    image, mask, feather = images(1, 90, 130), ellipse(90, 130, 60, 45), 5
    crop = cropped(image, [mask], size=size, margin=0.5)
    back = put_back(crop, 1 - crop.delivered, None, feather, whole=False)
    import cv2

    away = cv2.distanceTransform((mask == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    outside = torch.from_numpy(away >= feather + 1)
    assert torch.equal(back[0][outside], image[0][outside])
    inside = torch.from_numpy(mask > 0)
    assert (back[0][inside] != image[0][inside]).float().mean() > 0.95
    if size is None:
        # Nothing was resized: on the subject there is the edit itself.
        assert torch.equal(back[0][inside], 1 - image[0][inside])


def test_only_the_pixels_that_were_edited_change() -> None:
    image, mask = images(1, 90, 130), ellipse(90, 130, 60, 45)
    crop = cropped(image, [mask])
    edited = crop.delivered.clone()
    edited[0, 20, 20] = 0.5
    back = put_back(crop, edited, None, 8, whole=True)
    changed = (back != image).any(dim=-1)[0].nonzero().tolist()
    window = crop.windows[0]
    assert changed == [[window.y + 20, window.x + 20]]


def test_an_edit_in_another_size_is_resized() -> None:
    image, mask = images(1, 90, 130), ellipse(90, 130, 60, 45)
    crop = cropped(image, [mask])
    edited = torch.full((1, 333, 217, 3), 0.25)
    back = put_back(crop, edited, None, 0, whole=False)
    np.testing.assert_allclose(back[0][torch.from_numpy(mask > 0)].numpy(), 0.25, atol=1e-6)


def test_a_window_beyond_the_image_repeats_its_edge_and_comes_back_whole() -> None:
    image = images(1, 40, 100)
    mask = np.ones((40, 100), np.float32)
    crop = cropped(image, [mask], size=(64, 64), margin=0)
    assert crop.windows[0] == CropWindow(0, -30, 100, 100)
    plain = cut(image[0], crop.windows[0], (100, 100))
    assert torch.equal(plain[0], image[0, 0])
    assert torch.equal(plain[30:70], image[0])
    back = put_back(crop, torch.zeros(1, 64, 64, 3), None, 9, whole=False)
    assert back.abs().max() == 0


@given(st.integers(1, 40), st.integers(1, 40), st.integers(-30, 30), st.integers(-30, 30), st.integers(1, 70))
@settings(max_examples=60)
def test_windows_anywhere_are_cut_and_laid_back(height, width, x, y, side) -> None:
    window = CropWindow(min(x, width - 1), min(y, height - 1), side, side)
    rows, columns = window.within(width, height)
    if rows.stop <= rows.start or columns.stop <= columns.start:
        return
    image = images(1, height, width)
    crops = cut(image[0], window, (side, side))[None]
    assert crops.shape == (1, side, side, 3)
    mask = cut_mask(np.ones((height, width), np.float32), window)
    assert mask.sum() == (rows.stop - rows.start) * (columns.stop - columns.start)
    back = put_back(Crop(image, (window,), crops, (mask,)), crops + 1, None, 0, whole=True)
    assert torch.equal(back[0, rows, columns], crops[0][mask > 0].reshape(back[0, rows, columns].shape) + 1)


def test_a_fourth_channel_stays_where_the_edit_has_three() -> None:
    image = images(1, 60, 80, channels=4)
    crop = cropped(image, [ellipse(60, 80, 40, 30)])
    back = put_back(crop, torch.zeros_like(crop.delivered)[..., :3], None, 0, whole=False)
    assert torch.equal(back[..., 3], image[..., 3])
    assert back[0, 30, 40, :3].tolist() == [0, 0, 0]


def test_with_a_fourth_channel_too_only_the_pixels_that_were_edited_change() -> None:
    image = images(1, 60, 80, channels=4)
    crop = cropped(image, [ellipse(60, 80, 40, 30)], size=(128, 128))
    assert torch.equal(put_back(crop, crop.delivered[..., :3].clone(), None, 4, whole=True), image)


def test_a_grey_image_takes_a_grey_edit_and_refuses_colours() -> None:
    image = images(1, 60, 80, channels=1)
    crop = cropped(image, [ellipse(60, 80, 40, 30)])
    back = put_back(crop, torch.zeros_like(crop.delivered), None, 0, whole=False)
    assert back[0, 30, 40].tolist() == [0]
    with pytest.raises(BadArray, match=r"\(1 or 1, height, width, 1\), but has \(1, 9, 9, 3\)"):
        put_back(crop, torch.zeros(1, 9, 9, 3), None, 0, whole=False)


@pytest.mark.parametrize("shape", [(3, 10, 10, 3), (2, 10, 10, 1), (10, 10, 3)])
def test_another_number_of_images_or_channels_is_refused(shape) -> None:
    image = images(2, 60, 80)
    crop = cropped(image, [ellipse(60, 80, 40, 30)] * 2)
    with pytest.raises(BadArray, match=r"The edited crop must have the shape \(2 or 1, height, width, 3\)"):
        put_back(crop, torch.zeros(shape), None, 0, whole=False)
