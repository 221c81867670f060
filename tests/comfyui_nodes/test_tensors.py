"""ComfyUI's tensors -> the engine's arrays: no level is lost, and what is no picture or mask is told."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from comfyui_nodes.tensors import masks_for, pictures_of, trimaps_for
from cutsmith.errors import BadArray
from cutsmith.matting.trimap import checked_trimap
from cutsmith.picture import Picture

pytestmark = pytest.mark.torch

# The first example pays for an import.
unhurried = settings(max_examples=60, deadline=None)
seeds = st.integers(0, 2**32 - 1)
sides = st.integers(1, 12)


def every_level() -> np.ndarray:
    """All 256 levels in each channel, uint8 (16, 16, 3)."""
    levels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    return np.dstack((levels, levels.T, 255 - levels))


def loaded(pixels: np.ndarray) -> torch.Tensor:
    """`pixels`, uint8 (B, H, W, C), as ComfyUI's Load Image makes them."""
    return torch.from_numpy(pixels.astype(np.float32) / 255.0)


def pictures(*sizes: tuple[int, int]) -> list[Picture]:
    return [Picture(np.zeros((*size, 3), np.uint8)) for size in sizes]


class TestPictures:
    def test_every_8_bit_level_comes_back(self) -> None:
        (picture,) = pictures_of(loaded(every_level()[None]))
        assert picture.pixels.dtype == np.uint8
        assert picture.alpha is None
        np.testing.assert_array_equal(picture.pixels, every_level())

    @pytest.mark.parametrize("dtype", [torch.float16, torch.float64])
    def test_every_8_bit_level_comes_back_through_other_precisions(self, dtype) -> None:
        (picture,) = pictures_of(loaded(every_level()[None]).to(dtype))
        assert picture.pixels.dtype == np.uint8
        np.testing.assert_array_equal(picture.pixels, every_level())

    @unhurried
    @given(seeds, sides, sides, st.sampled_from([torch.float32, torch.float16]))
    def test_pictures_of_8_bits_come_back_exactly(self, seed, height, width, dtype) -> None:
        pixels = np.random.default_rng(seed).integers(0, 256, (2, height, width, 3), dtype=np.uint8)
        got = pictures_of(loaded(pixels).to(dtype))
        np.testing.assert_array_equal(np.stack([picture.pixels for picture in got]), pixels)
        assert {picture.pixels.dtype for picture in got} == {np.dtype(np.uint8)}

    @unhurried
    @given(seeds, sides, sides)
    def test_others_keep_16_bits_to_half_a_level(self, seed, height, width) -> None:
        values = np.random.default_rng(seed).random((1, height, width, 3), np.float32)
        values[0, 0, 0] = 0.5  # 127.5 of 255: surely no 8-bit level
        (picture,) = pictures_of(torch.from_numpy(values))
        assert picture.pixels.dtype == np.uint16
        # float32 itself is off by less than 0.01 of a level.
        assert np.abs(picture.pixels - values[0].astype(np.float64) * 65535).max() <= 0.51

    def test_16_bit_levels_come_back_exactly(self) -> None:
        levels = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
        pixels = np.repeat(levels, 3, axis=2)
        (picture,) = pictures_of(torch.from_numpy(pixels.astype(np.float32) / np.float32(65535))[None])
        np.testing.assert_array_equal(picture.pixels, pixels)

    def test_each_picture_of_a_batch_has_its_own_depth_and_its_number(self) -> None:
        batch = loaded(np.stack([every_level()] * 3))
        batch[1, 0, 0, 0] = 0.5
        got = pictures_of(batch)
        assert [picture.pixels.dtype for picture in got] == [np.uint8, np.uint16, np.uint8]
        assert [picture.source for picture in got] == ["image 1 of 3", "image 2 of 3", "image 3 of 3"]
        np.testing.assert_array_equal(got[1].pixels[1:], every_level()[1:].astype(np.uint16) * 257)

    def test_what_lies_outside_the_range_is_clipped(self) -> None:
        values = torch.tensor([[[[-0.5, 0.0, 1.0], [1.0, 1.5, 900.0]]]])
        (picture,) = pictures_of(values)
        assert picture.pixels.dtype == np.uint8
        assert picture.pixels.tolist() == [[[0, 0, 255], [255, 255, 255]]]

    def test_a_fourth_channel_is_alpha_and_the_colours_stay_straight(self) -> None:
        alpha = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
        (picture,) = pictures_of(loaded(np.concatenate((every_level(), alpha), axis=2)[None]))
        np.testing.assert_array_equal(picture.pixels, every_level())
        assert picture.alpha.dtype == np.float32
        np.testing.assert_array_equal(picture.alpha, alpha[..., 0].astype(np.float32) / 255)

    def test_alpha_is_clipped(self) -> None:
        (picture,) = pictures_of(torch.tensor([[[[0.0, 0.0, 0.0, -1.0], [1.0, 1.0, 1.0, 2.0]]]]))
        assert picture.alpha.tolist() == [[0, 1]]

    def test_one_channel_is_gray(self) -> None:
        gray = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
        (picture,) = pictures_of(loaded(gray))
        np.testing.assert_array_equal(picture.pixels, np.repeat(gray[0], 3, axis=2))
        assert picture.alpha is None

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    @pytest.mark.parametrize("channels", [1, 3, 4])
    def test_values_that_are_no_numbers_are_told_with_the_image(self, value, channels) -> None:
        batch = torch.zeros(3, 4, 5, channels)
        batch[1, 2, 3, channels - 1] = value
        with pytest.raises(BadArray, match=r"^image 2 of 3 must have finite values"):
            pictures_of(batch)

    @pytest.mark.parametrize("shape", [(4, 5, 3), (1, 4, 5, 2), (1, 4, 5, 5), (1, 3, 4, 5), (0, 4, 5, 3), (1, 0, 5, 3)])
    def test_other_shapes_are_told_with_what_is_wanted(self, shape) -> None:
        with pytest.raises(BadArray, match=r"must have the shape \(images, height, width, 3 or 4 c") as caught:
            pictures_of(torch.zeros(shape))
        assert str(shape) in caught.value.what

    def test_what_is_done_to_a_picture_stays_out_of_the_tensor(self) -> None:
        batch = torch.full((1, 4, 5, 4), 0.25)
        (picture,) = pictures_of(batch)
        picture.alpha[:] = 1
        assert (batch == 0.25).all()

    def test_a_tensor_that_is_being_trained_is_taken(self) -> None:
        (picture,) = pictures_of(loaded(every_level()[None]).requires_grad_())
        np.testing.assert_array_equal(picture.pixels, every_level())


class TestMasks:
    def test_no_mask_is_none_for_each_picture(self) -> None:
        assert masks_for(None, pictures((4, 5), (6, 7))) == [None, None]

    @unhurried
    @given(seeds, sides, sides, st.integers(1, 3))
    def test_masks_of_the_pictures_size_come_as_they_are(self, seed, height, width, count) -> None:
        values = np.random.default_rng(seed).random((count, height, width), np.float32)
        got = masks_for(torch.from_numpy(values), pictures(*[(height, width)] * count))
        assert {mask.dtype for mask in got} == {np.dtype(np.float32)}
        np.testing.assert_array_equal(np.stack(got), values)

    def test_one_mask_serves_all_pictures_at_their_own_sizes(self) -> None:
        mask = torch.zeros(1, 40, 40)
        mask[:, :, 20:] = 1
        first, second = masks_for(mask, pictures((40, 40), (20, 60)))
        np.testing.assert_array_equal(first, mask[0])
        assert second.shape == (20, 60)
        assert (second[:, :29] == 0).all()
        assert (second[:, 31:] == 1).all()

    @pytest.mark.parametrize("count", [1, 2])
    def test_load_images_placeholder_is_an_empty_mask_of_the_pictures_size(self, count) -> None:
        placeholder = torch.zeros((count, 64, 64))
        for mask, size in zip(masks_for(placeholder, pictures((30, 100), (7, 5))), [(30, 100), (7, 5)], strict=True):
            assert mask.shape == size
            assert not mask.any()

    @unhurried
    @given(seeds, sides, sides, sides, sides)
    def test_a_resized_mask_stays_between_its_lowest_and_highest_value(
        self, seed, height, width, rows, columns
    ) -> None:
        values = np.random.default_rng(seed).random((1, height, width), np.float32)
        (mask,) = masks_for(torch.from_numpy(values), pictures((rows, columns)))
        assert mask.shape == (rows, columns)
        assert mask.min() >= values.min() - 1e-6
        assert mask.max() <= values.max() + 1e-6

    def test_a_mask_of_half_the_size_is_enlarged_smoothly_about_the_same_place(self) -> None:
        ramp = torch.linspace(0, 1, 16).repeat(1, 16, 1)
        (mask,) = masks_for(ramp, pictures((32, 32)))
        np.testing.assert_allclose(mask[:, ::-1], 1 - mask, atol=1e-6)
        assert (np.diff(mask[0, 1:-1]) > 0).all()

    @pytest.mark.parametrize("shape", [(2, 1, 4, 5), (2, 4, 5, 1)])
    def test_a_channel_before_or_behind_is_taken_off(self, shape) -> None:
        values = torch.linspace(0, 1, 40).reshape(shape)
        got = masks_for(values, pictures((4, 5), (4, 5)))
        np.testing.assert_array_equal(np.stack(got), values.reshape(2, 4, 5).numpy())

    def test_two_dimensions_are_one_mask(self) -> None:
        values = torch.linspace(0, 1, 20).reshape(4, 5)
        first, second = masks_for(values, pictures((4, 5), (4, 5)))
        np.testing.assert_array_equal(first, values)
        np.testing.assert_array_equal(second, values)

    def test_what_is_done_to_a_mask_stays_out_of_the_tensor_and_the_other_masks(self) -> None:
        given_mask = torch.full((1, 4, 5), 0.25)
        first, second = masks_for(given_mask, pictures((4, 5), (4, 5)))
        first[:] = 1
        assert (given_mask == 0.25).all()
        assert (second == 0.25).all()

    def test_what_lies_outside_the_range_is_clipped(self) -> None:
        (mask,) = masks_for(torch.tensor([[[-1.0, 0.25, 7.0]]]), pictures((1, 3)))
        assert mask.tolist() == [[0, 0.25, 1]]

    def test_half_precision_is_taken(self) -> None:
        (mask,) = masks_for(torch.tensor([[[0.25, 0.5]]], dtype=torch.float16), pictures((1, 2)))
        assert mask.dtype == np.float32
        assert mask.tolist() == [[0.25, 0.5]]

    @pytest.mark.parametrize(("count", "wanted"), [(2, 3), (3, 1), (3, 2)])
    def test_another_number_of_masks_is_told_with_both(self, count, wanted) -> None:
        with pytest.raises(BadArray, match=f"must be 1 or {wanted} masks for {wanted} images, but got {count}"):
            masks_for(torch.zeros(count, 4, 5), pictures(*[(4, 5)] * wanted))

    @pytest.mark.parametrize("shape", [(5,), (1, 4, 5, 3), (1, 1, 1, 4, 5), (0, 4, 5), (1, 0, 5)])
    def test_other_shapes_are_told_with_what_is_wanted(self, shape) -> None:
        with pytest.raises(BadArray, match="must have the shape \\(masks, height, width\\)"):
            masks_for(torch.zeros(shape), pictures((4, 5)))

    @pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
    def test_values_that_are_no_numbers_are_told_with_the_inputs_name(self, value) -> None:
        mask = torch.zeros(2, 4, 5)
        mask[1, 0, 0] = value
        with pytest.raises(BadArray, match=r"^The mask must have finite values"):
            masks_for(mask, pictures((4, 5), (4, 5)))


class TestTrimaps:
    def test_no_trimap_is_none_for_each_picture(self) -> None:
        assert trimaps_for(None, pictures((4, 5), (6, 7))) == [None, None]

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
    @pytest.mark.parametrize("unknown", [0.5, 128 / 255, 127 / 255])
    def test_a_half_and_either_middle_level_are_unknown(self, unknown, dtype) -> None:
        (trimap,) = trimaps_for(torch.tensor([[[0.0, unknown, 1.0]]], dtype=dtype), pictures((1, 3)))
        assert trimap.dtype == np.uint8
        assert checked_trimap(trimap).tolist() == [[0, 128, 255]]

    @unhurried
    @given(seeds, sides, sides, st.integers(1, 40), st.integers(1, 40))
    def test_resizing_makes_no_level_of_its_own(self, seed, height, width, rows, columns) -> None:
        values = np.random.default_rng(seed).choice(np.array([0, 0.5, 1], np.float32), (1, height, width))
        (trimap,) = trimaps_for(torch.from_numpy(values), pictures((rows, columns)))
        assert trimap.shape == (rows, columns)
        assert set(np.unique(checked_trimap(trimap))) <= {round(value * 255 + 0.1) for value in np.unique(values)}

    def test_twice_the_size_is_each_pixel_four_times(self) -> None:
        values = torch.tensor([[[0.0, 0.5], [1.0, 0.0]]])
        (trimap,) = trimaps_for(values, pictures((4, 4)))
        assert trimap.tolist() == [[0, 0, 128, 128]] * 2 + [[255, 255, 0, 0]] * 2

    @unhurried
    @given(st.integers(0, 255))
    def test_other_levels_are_left_for_the_engine_to_refuse(self, level) -> None:
        (trimap,) = trimaps_for(torch.tensor([[[level / 255]]]), pictures((1, 1)))
        assert trimap.tolist() == [[level]]

    def test_one_trimap_serves_all_pictures(self) -> None:
        got = trimaps_for(torch.full((1, 8, 8), 0.5), pictures((4, 5), (8, 8)))
        assert [trimap.shape for trimap in got] == [(4, 5), (8, 8)]
        assert all((trimap == 128).all() for trimap in got)

    def test_what_is_no_trimap_is_told_by_its_name(self) -> None:
        with pytest.raises(BadArray, match="must be 1 or 2 trimaps for 2 images, but got 3"):
            trimaps_for(torch.zeros(3, 4, 5), pictures((4, 5), (4, 5)))
        with pytest.raises(BadArray, match="The trimap must have the shape"):
            trimaps_for(torch.zeros(1, 4, 5, 3), pictures((4, 5)))
        with pytest.raises(BadArray, match="The trimap must have finite values"):
            trimaps_for(torch.full((1, 4, 5), torch.nan), pictures((4, 5)))
