"""Whatever is handed to the public functions either works or is refused by an error of Cutsmith's own."""

from __future__ import annotations

import io
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutsmith import CutsmithError, Picture, cut_out, find_detections, refine_mask
from cutsmith.errors import BadOption
from cutsmith.options import OPTIONS
from cutsmith.pipeline.loading import Models
from tests.core.stand_ins import LeftHalf, TwoMugs, WholeBox

SHAPE = (24, 32)
PIXELS = np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), np.uint8)
PICTURE = Picture(PIXELS)
MASK = np.zeros(SHAPE, np.float32)
MASK[6:18, 8:24] = 1
CUT = refine_mask(PICTURE, MASK, matting="none")
MODELS = Models(remover=LeftHalf(), detector=TwoMugs(), segmenter=WholeBox())


class Tensor:
    """An array of another library, such as a tensor."""

    def __init__(self, samples):
        self.samples = samples

    def __array__(self, dtype=None, copy=None):
        return self.samples if dtype is None else self.samples.astype(dtype)


class TensorOnGpu:
    """PyTorch's answer when its memory cannot be read from here."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert cuda:0 device type tensor to numpy.")


STRANGE = {
    "None": None,
    "whole number": 5,
    "negative": -1,
    "huge": 10**400,
    "number": 1.5,
    "nan": float("nan"),
    "infinite": float("inf"),
    "decimal": Decimal("1"),
    "true": True,
    "word": "xyz",
    "empty": "",
    "spaces": "  ",
    "zero byte": "a\0b",
    "lone surrogate": "\ud800",
    "bytes": b"x",
    "stream": io.BytesIO(b""),
    "no list": [],
    "ragged": [[1, 2], [3]],
    "words": ["a", "b", "c"],
    "three": (1, 2, 3),
    "four": (1, 2, 3, 255),
    "beyond": (300, 0, 0),
    "three nans": (float("nan"),) * 3,
    "three huge": (10**400,) * 3,
    "dictionary": {},
    "set": {1},
    "object": object(),
    "function": len,
    "array of no axes": np.array(3),
    "array of nothing": np.empty((0,)),
    "array of objects": np.array([None, 1], object),
    "array of words": np.array([["a"]]),
    "array of dates": np.zeros(SHAPE, "M8[s]"),
    "complex": MASK.astype(complex),
    "records": np.zeros(SHAPE, [("a", "f4")]),
    "plane": MASK,
    "plane of 0 and 1": MASK.astype(np.uint8),
    "plane first": MASK[None],
    "big-endian": MASK.astype(">f4"),
    "pixels": PIXELS,
    "two channels": PIXELS[..., :2],
    "PIL": Image.fromarray(PIXELS),
    "PIL of one channel": Image.fromarray((MASK * 255).astype(np.uint8)),
    "PIL of 32 bits": Image.fromarray(MASK.astype(np.int32)),
    "tensor": Tensor(MASK),
    "tensor on a GPU": TensorOnGpu(),
    "picture": PICTURE,
}

TAKERS = {
    "mask": lambda value: refine_mask(PICTURE, value, matting="none"),
    "pixels": Picture,
    "alpha": lambda value: Picture(PIXELS, value),
    "samples": Picture.from_samples,
    "background": CUT.on,
    "quality": lambda value: PICTURE.encode(".jpg", quality=value),
    "largest picture": lambda value: cut_out(PIXELS, models=MODELS, max_pixels=value),
    "request": lambda value: cut_out(PICTURE, value, models=MODELS),
    "request of a mask": lambda value: refine_mask(PICTURE, MASK, value),
    "words to look for": lambda value: find_detections(PICTURE, value, models=MODELS),
    **{f"option {name}": lambda value, name=name: cut_out(PICTURE, models=MODELS, **{name: value}) for name in OPTIONS},
}


@pytest.mark.parametrize("take", TAKERS.values(), ids=TAKERS)
def test_a_strange_value_works_or_is_refused_by_our_own_errors(take):
    for value in STRANGE.values():
        with suppress(CutsmithError):
            take(value)


# Python's own error for a type that can be no path and no picture; it is part of `Picture.read`'s promise.
@pytest.mark.parametrize("take", [Picture.of, Picture.read, lambda value: cut_out(value, models=MODELS)])
def test_a_source_of_a_strange_type_is_a_type_error(take):
    for value in STRANGE.values():
        if isinstance(value, str) and not value.strip():
            continue  # the current folder
        with suppress(CutsmithError, TypeError):
            take(value)


def test_points_in_an_array_are_points():
    cut = cut_out(PICTURE, points=np.array([[8, 8], [12, 12]]), models=MODELS)
    assert [tuple(point) for point in cut.objects[0].points] == [(8, 8, 1), (12, 12, 1)]


def test_a_tensor_is_a_picture_and_a_background_as_its_array_is():
    np.testing.assert_array_equal(Picture.of(Tensor(PIXELS)).pixels, PIXELS)
    np.testing.assert_array_equal(CUT.on(Tensor(PIXELS)).pixels, CUT.on(PIXELS).pixels)


def test_the_path_of_a_result_given_as_the_request_is_told():
    with pytest.raises(BadOption, match=r"must be a Request, but got 'out\.png'"):
        cut_out(PICTURE, "out.png")  # type: ignore[arg-type]
    assert not Path("out.png").exists()


@pytest.mark.parametrize("quality", [85.5, "85", 0, 101])
def test_a_quality_is_a_whole_number(quality):
    with pytest.raises(BadOption, match="whole number from 1 to 100"):
        PICTURE.encode(".jpg", quality=quality)
    assert PICTURE.encode(".jpg", quality=np.int64(85)) == PICTURE.encode(".jpg", quality=85)
