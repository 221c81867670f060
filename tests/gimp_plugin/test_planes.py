"""The arithmetic on planes: which part of a layer lies on the canvas, parts of planes, hard edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutsmith.worker.protocol import Array
from gimp_plugin.cutsmith.plug_in.planes import (
    CanvasPart,
    canvas_part,
    cropped,
    hardened,
    in_8_bits,
    pasted,
    with_alpha,
)

sizes = st.integers(1, 12)
offsets = st.integers(-15, 15)


def plane(values: np.ndarray) -> Array:
    return Array(values.dtype.name, values.shape, values.tobytes())


@given(st.tuples(offsets, offsets), st.tuples(sizes, sizes), st.tuples(sizes, sizes), st.sampled_from("BHf"))
def test_the_part_on_the_canvas_is_what_painting_pixel_by_pixel_gives(offset, size, canvas, dtype) -> None:
    (x, y), (width, height) = offset, size
    values = np.arange(1, width * height + 1).reshape(height, width).astype(dtype)
    expected = np.zeros((canvas[1], canvas[0]), dtype)
    for row in range(height):
        for column in range(width):
            if 0 <= x + column < canvas[0] and 0 <= y + row < canvas[1]:
                expected[y + row, x + column] = values[row, column]
    part = canvas_part(offset, size, canvas)
    if part is None:
        assert not expected.any()
        return
    made = cropped(plane(values), part.rows, part.columns)
    found = np.zeros_like(expected)
    inside = np.frombuffer(made.data, made.dtype).reshape(made.shape)
    found[part.y : part.y + made.shape[0], part.x : part.x + made.shape[1]] = inside
    np.testing.assert_array_equal(found, expected)


def test_a_layer_that_only_touches_the_canvas_lies_beside_it() -> None:
    assert canvas_part((-10, 0), (10, 10), (20, 20)) is None
    assert canvas_part((0, 20), (10, 10), (20, 20)) is None
    assert canvas_part((-9, 19), (10, 10), (20, 20)) == CanvasPart(range(1), range(9, 10), 0, 19)


def test_a_plane_that_is_wanted_whole_is_not_copied() -> None:
    whole = plane(np.ones((3, 4), np.uint8))
    assert cropped(whole, range(3), range(4)) is whole


def test_a_part_is_taken_from_another_plane() -> None:
    ground, other = np.zeros((4, 5), np.uint8), np.arange(20, dtype=np.uint8).reshape(4, 5)
    made = pasted(plane(ground), plane(other), CanvasPart(range(1, 3), range(2, 5), 0, 0))
    expected = ground.copy()
    expected[1:3, 2:5] = other[1:3, 2:5]
    np.testing.assert_array_equal(np.frombuffer(made.data, np.uint8).reshape(made.shape), expected)


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_parts_are_made_of_whatever_holds_the_bytes(kind) -> None:
    values = np.arange(12, dtype=np.float32).reshape(3, 4)
    part = cropped(Array("float32", (3, 4), kind(values.tobytes())), range(1, 3), range(2, 4))
    np.testing.assert_array_equal(np.frombuffer(part.data, np.float32).reshape(part.shape), values[1:, 2:])


def test_half_and_more_becomes_opaque() -> None:
    assert bytes(hardened(Array("uint8", (1, 4), bytes([0, 127, 128, 255]))).data) == bytes([0, 0, 255, 255])


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 3)])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
def test_for_the_eye_eight_bits_are_enough(dtype, shape) -> None:
    share = np.random.default_rng(0).random(shape)
    share.flat[:2] = 0, 1
    most = 1 if dtype == "float32" else np.iinfo(dtype).max
    made = in_8_bits(plane((share * most).astype(dtype)))
    assert (made.dtype, made.shape) == ("uint8", shape)
    found = np.frombuffer(made.data, np.uint8).reshape(shape)
    np.testing.assert_allclose(found, share * 255, atol=1)
    assert found.flat[:2].tolist() == [0, 255]


@pytest.mark.parametrize(("colours", "alpha"), [("uint8", "uint8"), ("uint16", "uint16"), ("uint16", "uint8")])
def test_colours_and_alpha_become_pixels(colours, alpha) -> None:
    random = np.random.default_rng(0)
    rgb = random.integers(0, np.iinfo(colours).max, (5, 7, 3), colours, endpoint=True)
    values = random.integers(0, np.iinfo(alpha).max, (5, 7), alpha, endpoint=True)
    made = with_alpha(plane(rgb), plane(values))
    scale = np.iinfo(colours).max // np.iinfo(alpha).max
    expected = np.dstack((rgb, values.astype(colours) * scale))
    assert (made.dtype, made.shape) == (colours, (5, 7, 4))
    np.testing.assert_array_equal(np.frombuffer(made.data, colours).reshape(5, 7, 4), expected)
