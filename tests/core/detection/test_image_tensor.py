"""Pictures as the networks are shown them: to the pixel and the bit as upstream's own transforms do it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image

from cutsmith.detection.grounding_dino.network import IMAGE_SPEC
from cutsmith.detection.image_tensor import ImageSpec, image_tensor, scaled_size, without_extreme_ratio

HUB_SPEC = ImageSpec(800, 1333, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), 2, round_before_scaling=False)
SIDES = st.integers(30, 6000)


class Sized:
    """Stands for a picture in upstream's `resize`, which asks for its size and hands it on."""

    def __init__(self, width: int, height: int) -> None:
        self.size = (width, height)


def upstreams_size(width: int, height: int) -> tuple[int, int]:
    from groundingdino.datasets import transforms

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transforms.F, "resize", lambda image, size: size)
        (high, wide), _ = transforms.resize(Sized(width, height), None, 800, 1333)
    return wide, high


def hubs_size(width: int, height: int) -> tuple[int, int]:
    from transformers.image_transforms import get_size_with_aspect_ratio

    high, wide = get_size_with_aspect_ratio((height, width), 800, 1333)
    return wide, high


@pytest.mark.torch
@given(SIDES, SIDES)
@settings(max_examples=400, deadline=None)
@example(800, 800)
@example(1333, 800)
@example(800, 1333)
@example(611, 92)
@example(3000, 801)
def test_sizes_are_those_of_both_publishers(width, height) -> None:
    assert scaled_size(width, height, IMAGE_SPEC) == upstreams_size(width, height)
    assert scaled_size(width, height, HUB_SPEC) == hubs_size(width, height)


def test_the_two_ways_of_rounding_differ() -> None:
    assert scaled_size(611, 92, IMAGE_SPEC) == (1334, 201)
    assert scaled_size(611, 92, HUB_SPEC) == (1333, 201)


@pytest.mark.torch
@pytest.mark.parametrize(("width", "height"), [(300, 200), (90, 611), (801, 1200), (1000, 800)])
def test_pixels_equal_upstreams_transforms_to_the_bit(width, height, textured, tmp_path) -> None:
    from groundingdino.datasets import transforms

    path = textured(tmp_path / "picture.png", width, height)
    # As load_image puts them together.
    steps = [
        transforms.RandomResize([800], max_size=1333),
        transforms.ToTensor(),
        transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225]),
    ]
    theirs, _ = transforms.Compose(steps)(Image.open(path).convert("RGB"), None)
    ours = image_tensor(np.asarray(Image.open(path).convert("RGB")), IMAGE_SPEC)
    assert ours.dtype == np.float32
    np.testing.assert_array_equal(ours[0], theirs.numpy())


def test_mean_and_deviation_are_each_channels_own() -> None:
    spec = ImageSpec(8, 16, (0.1, 0.2, 0.3), (1.0, 2.0, 4.0), 2, round_before_scaling=True)
    tensor = image_tensor(np.full((8, 8, 3), (51, 102, 153), np.uint8), spec)
    np.testing.assert_allclose(tensor[0, :, 3, 3], [0.1, 0.1, 0.075], atol=1e-6)


@given(st.integers(1, 3000), st.integers(1, 60), st.booleans())
@settings(max_examples=60, deadline=None)
def test_a_picture_of_any_shape_is_shown_with_room_for_all_queries(long, short, upright) -> None:
    width, height = (short, long) if upright else (long, short)
    picture = np.full((height, width, 3), 200, np.uint8)
    shown = without_extreme_ratio(picture)
    np.testing.assert_array_equal(shown[:height, :width], picture)
    assert (shown[height:] == 128).all()
    assert (shown[:, width:] == 128).all()
    wide, high = scaled_size(shown.shape[1], shown.shape[0], IMAGE_SPEC)
    positions = sum(-(-wide // stride) * -(-high // stride) for stride in (8, 16, 32, 64))
    assert positions > 900


def test_usual_pictures_are_shown_as_they_are() -> None:
    picture = np.zeros((100, 2400, 3), np.uint8)
    assert without_extreme_ratio(picture) is picture
