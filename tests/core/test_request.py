"""A request: made, changed, checked, told as provenance, hashed, and to and from JSON, whatever the JSON is."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cutsmith import Picture, Request
from cutsmith.errors import BadOption, BadPhrases
from cutsmith.options import OPTIONS, Finish, Runtime, Target
from cutsmith.request import Options

MASK = np.arange(12, dtype=np.uint8).reshape(3, 4)
# A value that is not the default, of every option; together they need not make sense.
OTHER = {
    "text": "red mug",
    "box": (1, 2, 30, 40),
    "points": ((5, 6), (7, 8, 0)),
    "mask": MASK,
    "selection": MASK,
    "objects": "each",
    "box_threshold": 0.5,
    "text_threshold": 0.5,
    "max_detections": 3,
    "matting": "closed-form",
    "matting_effort": "exact",
    "band": (2, 5),
    "trimap": MASK,
    "harden": 0.25,
    "threshold": 0.5,
    "mask_offset": -2,
    "mask_blur": 1.5,
    "invert": True,
    "foreground": "none",
    "subject_alone": True,
    "model": "u2net",
    "looks": "3",
    "cascade": True,
    "segmenter": "subject-in-box",
    "detector": "some.safetensors",
    "matting_model": "some.onnx",
    "engine": "onnxruntime",
    "device": "cpu",
    "threads": 2,
    "matting_memory": 500,
    "max_pixels": 1000,
}
WITHOUT_EFFECT = {"threads", "max_pixels"}
PICTURE = Picture(np.full((8, 9, 3), 7, np.uint8))


def is_same(one: object, other: object) -> bool:
    """Whether two values of an option are the same, whatever holds their numbers."""
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.asarray(one).dtype == np.asarray(other).dtype and np.array_equal(one, other)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(is_same, one, other))
    return one == other


def are_same(one: Request, other: Request) -> bool:
    return all(is_same(one.value(name), other.value(name)) for name in OPTIONS)


def test_there_is_another_value_for_every_option() -> None:
    assert list(OTHER) == list(OPTIONS)


def test_the_keywords_are_the_declared_options() -> None:
    assert list(Options.__annotations__) == list(OPTIONS)
    assert not Options.__required_keys__
    declared = {name: hint for part in (Target, Finish, Runtime) for name, hint in part.__annotations__.items()}
    # As texts: both modules postpone their annotations.
    told = {name: getattr(hint, "__forward_arg__", hint) for name, hint in Options.__annotations__.items()}
    assert told.pop("looks") == f"{declared.pop('looks')} | Literal[1, 3]"
    assert told == declared


def test_a_request_without_options_has_the_defaults() -> None:
    request = Request.of()
    assert request.given() == {}
    assert {name: request.value(name) for name in OPTIONS} == {name: each.default for name, each in OPTIONS.items()}
    assert not request.is_prompted
    assert request.prompts == request.phrases == ()
    assert request.checked() is request


@pytest.mark.parametrize("name", OPTIONS)
def test_one_option_is_put_into_its_part_and_nothing_else_changes(name) -> None:
    request = Request.of(**{name: OTHER[name]})
    assert getattr(getattr(request, OPTIONS[name].part), name) is OTHER[name]
    assert list(request.given()) == [name]
    assert request.value(name) is OTHER[name]
    assert request.is_prompted == (name in ("text", "box", "points", "mask", "selection"))
    back = request.updated({name: OPTIONS[name].default})
    assert back.given() == {}
    assert list(request.given()) == [name], "a request does not change"


def test_updates_add_up_and_the_later_wins() -> None:
    request = Request.of(matting="closed-form", band=(1, 1)).updated({"band": (2, 2), "model": "u2net"})
    assert request.given() == {"matting": "closed-form", "band": (2, 2), "model": "u2net"}


def test_a_threshold_and_a_harder_inside_exclude_each_other() -> None:
    with pytest.raises(BadOption, match="cannot be combined") as refused:
        Request.of(harden=0.2, threshold=0.5).checked()
    assert refused.value.option == "threshold"
    assert [(cure.action, cure.option) for cure in refused.value.cures] == [("leave_out", "harden")]
    assert Request.of(harden=0.0, threshold=0.5).checked().finish.threshold == 0.5
    assert Request.of(harden=0.5, threshold=None).checked().finish.harden == 0.5


@pytest.mark.parametrize("value", [(), [], np.zeros((0, 2))])
def test_no_points_are_the_default(value) -> None:
    assert not Request.of(points=value).is_prompted


def test_unknown_options_are_refused_with_the_known_ones() -> None:
    with pytest.raises(BadOption, match=r"no option 'colour', 'modell'.\n.*box_threshold"):
        Request.of(modell="u2net", colour="red")
    with pytest.raises(BadOption, match="no option 'x'"):
        Request().updated({"x": 1})


@pytest.mark.parametrize(
    ("options", "kind", "option"),
    [
        ({"matting": "magic"}, BadOption, "matting"),
        ({"foreground": None}, BadOption, "foreground"),
        ({"objects": "some"}, BadOption, "objects"),
        ({"engine": "steam"}, BadOption, "engine"),
        ({"device": 0}, BadOption, "device"),
        ({"box_threshold": math.nan}, BadOption, "box_threshold"),
        ({"text_threshold": 2}, BadOption, "text_threshold"),
        ({"max_detections": 0}, BadOption, "max_detections"),
        ({"mask_offset": 0.5}, BadOption, "mask_offset"),
        ({"mask_blur": -1}, BadOption, "mask_blur"),
        ({"invert": "no"}, BadOption, "invert"),
        ({"subject_alone": None}, BadOption, "subject_alone"),
        ({"threads": 0}, BadOption, "threads"),
        ({"max_pixels": 0}, BadOption, "max_pixels"),
        ({"model": ""}, BadOption, "model"),
        ({"segmenter": 3}, BadOption, "segmenter"),
        ({"detector": b"x"}, BadOption, "detector"),
        ({"matting": "closed-form", "band": (1, -1)}, BadOption, "band"),
        ({"matting": "none", "band": (3, 3)}, BadOption, "band"),
        ({"objects": "best"}, BadOption, "objects"),
        ({"text": "mug", "box": (1, 2, 3, 4)}, BadOption, "text"),
        ({"text": "mug", "points": [(1, 2)]}, BadOption, "text"),
        ({"text": "mug", "mask": MASK}, BadOption, "text"),
        ({"text": "mug", "selection": MASK}, BadOption, "text"),
        ({"selection": MASK, "box": (1, 2, 3, 4)}, BadOption, "selection"),
        ({"selection": MASK, "points": [(1, 2)]}, BadOption, "selection"),
        ({"selection": MASK, "mask": MASK}, BadOption, "selection"),
    ],
)
def test_what_is_not_understood_or_excludes_another_is_refused(options, kind, option) -> None:
    with pytest.raises(kind) as caught:
        Request.of(**options).checked()
    assert caught.value.option == option
    assert caught.value.exit_code == 2
    assert caught.value.cures, "it says what mends it"


@pytest.mark.parametrize("text", ["", "...", 3, ["a", 3], b"mug", [], "猫"])
def test_words_without_words_are_refused(text) -> None:
    with pytest.raises(BadPhrases):
        Request.of(text=text).checked()


@pytest.mark.parametrize(
    "options",
    [
        {"box": (1, 2, 3, 4), "points": [(1, 2)], "mask": MASK},
        {"text": "mug", "objects": "each", "max_detections": 2},
        {"matting": "closed-form", "trimap": MASK},
        {"matting": "closed-form", "band": (0, 0)},
        {"selection": MASK},
    ],
)
def test_what_goes_together_passes(options) -> None:
    request = Request.of(**options)
    assert request.checked() is request


def test_provenance_says_what_was_asked_for_and_nothing_else() -> None:
    bare = {"matting": "none", "foreground": "multilevel"}
    assert Request.of(matting="none").provenance() == bare
    plain = {**bare, "matting": "auto", "band": "adaptive", "matting_effort": "balanced"}
    assert Request().provenance() == plain
    assert Request.of(matting="closed-form", band=(1, 2)).provenance() == {
        **plain,
        "matting": "closed-form",
        "band": "1,2",
    }
    trimap = Request.of(matting="closed-form", matting_effort="exact", trimap=MASK, band=(1, 2)).provenance()
    assert trimap == {**bare, "matting": "closed-form", "matting_effort": "exact", "trimap": "given"}
    edits = Request.of(mask_offset=-2, mask_blur=1.5, invert=True, subject_alone=True).provenance()
    assert edits == {**plain, "mask_offset": "-2", "mask_blur": "1.5", "invert": "true", "subject_alone": "true"}
    pointed = Request.of(box=(1, 2.5, 30, 40), points=[(5, 6), (7, 8, 0)], mask=MASK).provenance()
    assert pointed == {**plain, "box": "1,2.5,30,40", "points": "5,6 7,8,0", "mask": "given"}
    assert Request.of(selection=MASK).provenance() == {**plain, "selection": "given"}
    words = Request.of(text=["red  mug", "spoon"], max_detections=2, objects="best", box_threshold=0.5).provenance()
    assert words == {
        **plain,
        "text": "red mug, spoon",
        "box_threshold": "0.5",
        "objects": "best",
        "max_detections": "2",
    }
    assert Request.of(model="u2net", threads=2).provenance() == plain, "models tell of themselves"


def key(request: Request, picture: Picture | bytes = PICTURE, **weights: str) -> str:
    return request.key(picture, weights)


def test_equal_requests_have_equal_keys() -> None:
    assert len(key(Request())) == 64
    assert int(key(Request()), 16) > 0
    assert key(Request.of(invert=True, model="u2net")) == key(Request.of(model="u2net", invert=True))
    assert key(Request.of(mask=MASK)) == key(Request.of(mask=MASK.T.copy().T)), "the order in memory is no matter"
    assert key(Request.of(box=(1, 2, 3, 4))) == key(Request.of(box=np.array([1.0, 2, 3, 4])))
    assert key(Request.of(box_threshold=1)) == key(Request.of(box_threshold=np.float64(1)))
    assert key(Request.of(points=[(1, 2)])) == key(Request.of(points=((np.float32(1), 2.0),)))
    again = Picture(PICTURE.pixels.copy(), source="elsewhere.png", dpi=(72, 72))
    assert key(Request(), again) == key(Request())
    assert Request().key(PICTURE, {"a": "1", "b": "2"}) == Request().key(PICTURE, {"b": "2", "a": "1"})


@pytest.mark.parametrize("name", OPTIONS)
def test_a_key_differs_with_every_option_that_has_an_effect(name) -> None:
    assert (key(Request.of(**{name: OTHER[name]})) == key(Request())) == (name in WITHOUT_EFFECT)


def test_a_key_differs_with_the_picture_and_the_weights() -> None:
    pixels = PICTURE.pixels.copy()
    pixels[3, 4, 1] += 1
    clear = np.ones((8, 9), np.float32)
    others = [
        Picture(pixels),
        Picture(PICTURE.pixels.reshape(9, 8, 3)),
        Picture(PICTURE.pixels.astype(np.uint16)),
        Picture(PICTURE.pixels, clear),
        Picture(PICTURE.pixels, clear * np.float32(0.5)),
        Picture(PICTURE.pixels, icc=b"profile"),
    ]
    keys = [key(Request(), picture) for picture in (PICTURE, *others, b"", b"a file")]
    keys += [key(Request(), model="u2net"), key(Request(), model="u2netp"), key(Request(), segmenter="u2net")]
    assert len(set(keys)) == len(keys)
