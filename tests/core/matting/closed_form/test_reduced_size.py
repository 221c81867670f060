"""A smaller picture's alpha at the picture's own size."""

import cv2
import numpy as np
import pytest

from cutsmith.matting.closed_form import local_linear_upsample, reduced_size


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_alpha_that_is_linear_in_colour_comes_back(photo, dtype):
    colours = photo("coffee")[:300, :500].astype(np.float32) / 255
    image = colours if dtype == np.float32 else (colours * np.iinfo(dtype).max).astype(dtype)
    alpha = np.clip(colours @ np.array([0.3, 0.4, 0.3], np.float32), 0, 1)
    small = (250, 150)
    small_image = cv2.resize(image, small, interpolation=cv2.INTER_AREA)
    small_alpha = cv2.resize(alpha, small, interpolation=cv2.INTER_AREA)
    found = local_linear_upsample(small_image, small_alpha, image)
    enlarged = cv2.resize(small_alpha, (500, 300), interpolation=cv2.INTER_LINEAR)
    assert found.dtype == np.float32
    assert found.shape == (300, 500)
    assert np.abs(found - alpha).mean() < 0.2 * np.abs(enlarged - alpha).mean()


def test_strips_change_nothing(photo, monkeypatch):
    image = np.ascontiguousarray(photo("chelsea"))
    small_image = cv2.resize(image, (151, 97), interpolation=cv2.INTER_AREA)
    small_alpha = small_image[..., 0].astype(np.float32) / 255
    whole = local_linear_upsample(small_image, small_alpha, image)
    monkeypatch.setattr(reduced_size, "_BYTES_AT_ONCE", 100_000)
    np.testing.assert_allclose(local_linear_upsample(small_image, small_alpha, image), whole, atol=1e-6)


@pytest.mark.parametrize("value", [0, 0.4, 1])
def test_one_value_stays_what_it_is(photo, value):
    image = np.ascontiguousarray(photo("chelsea")[:90, :120])
    small = np.full((9, 12), value, np.float32)
    small_image = cv2.resize(image, (12, 9), interpolation=cv2.INTER_AREA)
    np.testing.assert_allclose(local_linear_upsample(small_image, small, image), value, atol=2e-4)
