"""The JSON form of a request: whatever the JSON is, it is a request or a typed error."""

from __future__ import annotations

import base64
import contextlib
import json
import math
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from cutsmith import Request
from cutsmith.errors import BadArray, BadBox, BadOption, BadPhrases, BadPoint, UsageError
from cutsmith.options import OPTIONS, PARTS, what_is_wanted
from cutsmith.request_json import VERSION, json_schema, packed
from tests.core.test_request import OTHER, is_same

MASK = np.arange(12, dtype=np.uint8).reshape(3, 4)

finite = st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6)
side = st.integers(1, 6)
planes = st.tuples(st.sampled_from(["bool", "uint8", "float16", "float32", "float64"]), side, side).flatmap(
    lambda kind: arrays.arrays(kind[0], kind[1:])
)


def values_of(name: str) -> st.SearchStrategy:
    """Values that the option takes."""
    option = OPTIONS[name]
    match option.kind:
        case "choice":
            values = st.sampled_from(option.choices)
        case "flag":
            values = st.booleans()
        case "number":
            values = st.floats(option.least, option.most if option.most is not None else 1e6)
        case "whole":
            values = st.integers(option.least if option.least is not None else -(10**6), 10**6)
        case "band":
            values = st.tuples(st.integers(0, 10**6), st.integers(0, 10**6))
        case "words":
            phrase = st.sampled_from(["red mug", "cat, dog", "Ærø ferry"])
            values = phrase | st.lists(phrase, min_size=1, max_size=3)
        case "model":
            values = st.text(min_size=1, max_size=20)
        case "box":
            values = st.tuples(finite, finite, finite, finite)
        case "points":
            labelled = st.tuples(finite, finite, st.sampled_from([0, 1]))
            values = st.lists(st.tuples(finite, finite) | labelled, max_size=3)
        case "array":
            values = planes
    return values | st.none() if option.default is None else values


def is_good(request: Request) -> bool:
    try:
        request.checked()
    except UsageError:
        return False
    return True


requests = (
    st.fixed_dictionaries({}, optional={name: values_of(name) for name in OPTIONS})
    .map(lambda options: Request.of(**options))
    .filter(is_good)
)


@settings(deadline=None)
@given(requests)
def test_json_gives_the_request_back(request) -> None:
    told = json.loads(json.dumps(request.to_json()))
    back = Request.from_json(told)
    assert back.to_json() == told
    assert back.key(b"", {}) == request.key(b"", {})
    for name, value in request.given().items():
        if OPTIONS[name].kind in ("box", "points"):
            np.testing.assert_array_equal(np.concatenate([np.ravel(each) for each in back.value(name)]),
                                          np.concatenate([np.ravel(each) for each in value]))  # fmt: skip
        elif OPTIONS[name].kind == "array":
            assert back.value(name).dtype == value.dtype
            np.testing.assert_array_equal(back.value(name), value)
        else:
            assert is_same(back.value(name), value)


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_has_a_form_in_json(name) -> None:
    told = json.loads(json.dumps(Request.of(**{name: OTHER[name]}).to_json()))
    assert list(told) == ["version", *PARTS]
    assert list(told[OPTIONS[name].part]) == [name]
    # What it needs beside it to be checked.
    needed = {"objects": {"text": "mug"}, "band": {"matting": "closed-form"}}.get(name, {})
    back = Request.from_json(by_part({**needed, name: told[OPTIONS[name].part][name]}))
    assert is_same(back.value(name), OTHER[name])


def by_part(options: dict[str, object]) -> dict[str, dict[str, object]]:
    return {part: {name: value for name, value in options.items() if OPTIONS[name].part == part} for part in PARTS}


def test_numpys_numbers_are_told_as_pythons() -> None:
    request = Request.of(
        box=np.array([1, 2, 30, 40]),
        points=np.array([[5, 6], [7, 8]], np.float32),
        box_threshold=np.float32(0.5),
        matting="closed-form",
        band=(np.int64(2), np.uint8(5)),
        threads=np.int32(2),
    )
    told = json.loads(json.dumps(request.to_json()))
    assert told["target"] == {"box": [1, 2, 30, 40], "points": [[5, 6], [7, 8]], "box_threshold": 0.5}
    assert told["finish"]["band"] == [2, 5]
    assert told["runtime"]["threads"] == 2


@pytest.mark.parametrize("order", [">f4", "<f4"])
def test_an_array_is_little_endian_in_json_wherever_it_comes_from(order) -> None:
    plane = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    assert packed(plane.astype(order)) == packed(plane)
    assert packed(np.asfortranarray(plane)) == packed(plane)
    content = zlib.decompress(base64.b64decode(packed(plane)["zlib"]))
    assert content == plane.astype("<f4").tobytes()


def plane(**changes: object) -> dict[str, object]:
    return {"target": {"mask": {**packed(MASK), **changes}}}


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        (None, BadOption),
        ([], BadOption),
        ("{}", BadOption),
        ({"version": 2}, BadOption),
        ({"version": "1"}, BadOption),
        ({"version": True}, BadOption),
        ({"version": None}, BadOption),
        ({"version": [1]}, BadOption),
        ({"targets": {}}, BadOption),
        ({1: {}}, BadOption),
        ({"target": []}, BadOption),
        ({"target": None}, BadOption),
        ({"target": {"matting": "none"}}, BadOption),
        ({"finish": {"masque": 1}}, BadOption),
        ({"finish": {"matting": None}}, BadOption),
        ({"finish": {"matting": ["none"]}}, BadOption),
        ({"finish": {"matting": "closed-form", "band": 3}}, BadOption),
        ({"finish": {"matting": "closed-form", "band": {"inner": 3}}}, BadOption),
        ({"finish": {"invert": 0}}, BadOption),
        ({"runtime": {"threads": 1.0}}, BadOption),
        ({"runtime": {"threads": 10**400}}, BadOption),
        ({"runtime": {"model": ["u2net"]}}, BadOption),
        ({"target": {"box": None, "points": None}}, BadPoint),
        ({"target": {"box": [1, 2, 3]}}, BadBox),
        ({"target": {"box": [1, 2, 3, "4"]}}, BadBox),
        ({"target": {"box": [1, 2, 3, True]}}, BadBox),
        ({"target": {"box": [1, 2, 3, math.inf]}}, BadBox),
        ({"target": {"box": [1, 2, 3, 10**400]}}, BadBox),
        ({"target": {"box": "1,2,3,4"}}, BadBox),
        ({"target": {"points": [1, 2]}}, BadPoint),
        ({"target": {"points": [[1]]}}, BadPoint),
        ({"target": {"points": [[1, 2, 1, 1]]}}, BadPoint),
        ({"target": {"points": [[1, math.nan]]}}, BadPoint),
        ({"target": {"points": {}}}, BadPoint),
        ({"target": {"text": 3}}, BadPhrases),
        ({"target": {"text": ["a", 3]}}, BadPhrases),
        ({"target": {"text": {"a": 1}}}, BadPhrases),
        ({"target": {"text": []}}, BadPhrases),
        ({"target": {"mask": [[0, 1]]}}, BadArray),
        ({"target": {"mask": {}}}, BadArray),
        (plane(more=1), BadArray),
        (plane(dtype="uint16"), BadArray),
        (plane(dtype=["uint8"]), BadArray),
        (plane(dtype={}), BadArray),
        (plane(dtype="float32"), BadArray),
        (plane(shape=[3, 4, 1]), BadArray),
        (plane(shape=[12]), BadArray),
        (plane(shape=[3, 5]), BadArray),
        (plane(shape=[3, 3]), BadArray),
        (plane(shape=[3, 0]), BadArray),
        (plane(shape=[-3, -4]), BadArray),
        (plane(shape=[3.0, 4]), BadArray),
        (plane(shape=[True, 12]), BadArray),
        (plane(shape=[10**12, 10**12]), BadArray),
        (plane(shape="34"), BadArray),
        (plane(zlib=None), BadArray),
        (plane(zlib=12), BadArray),
        (plane(zlib="%%%"), BadArray),
        (plane(zlib="ä"), BadArray),
        (plane(zlib=""), BadArray),
        (plane(zlib=base64.b64encode(b"not packed").decode()), BadArray),
        (plane(zlib=packed(MASK)["zlib"][:8]), BadArray),
    ],
)
def test_json_that_is_no_request_is_refused(told, kind) -> None:
    with pytest.raises(kind):
        Request.from_json(told)


def test_a_short_text_that_unpacks_to_gigabytes_is_not_unpacked() -> None:
    import tracemalloc

    bomb = base64.b64encode(zlib.compress(bytes(200_000_000), 9)).decode()
    tracemalloc.start()
    try:
        with pytest.raises(BadArray, match="has more"):
            Request.from_json(plane(zlib=bomb))
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(10**300, 10**310)
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["uint8", "none", "closed-form", "all", packed(MASK)["zlib"]]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["dtype", "shape", "zlib", "version", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)
documents = anything | st.fixed_dictionaries(
    {},
    optional={
        "version": st.just(VERSION) | anything,
        **{
            part: anything
            | st.fixed_dictionaries({}, optional={name: anything for name in OPTIONS if OPTIONS[name].part == part})
            for part in PARTS
        },
    },
)


@settings(deadline=None, max_examples=400)
@given(documents)
def test_any_json_is_a_request_or_a_typed_error(told) -> None:
    try:
        request = Request.from_json(told)
    except UsageError as error:
        json.dumps(error.to_json())
    else:
        assert request.checked() is request
        assert Request.from_json(json.loads(json.dumps(request.to_json()))).to_json() == request.to_json()


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(sorted(OPTIONS)), anything)
def test_any_value_of_any_option_is_taken_or_refused_by_type(name, value) -> None:
    with contextlib.suppress(UsageError):
        assert list(Request.from_fields({name: value}).given()) in ([], [name])


def test_the_schema_is_made_of_the_declarations() -> None:
    schema = json_schema()
    assert schema["properties"]["version"] == {"const": VERSION}
    assert schema["additionalProperties"] is False
    assert set(schema["properties"]) == {"version", *PARTS}
    for part in PARTS:
        assert schema["properties"][part]["additionalProperties"] is False
    properties = {name: value for part in PARTS for name, value in schema["properties"][part]["properties"].items()}
    assert list(properties) == list(OPTIONS)
    for name, option in OPTIONS.items():
        told = properties[name]
        assert told["description"] == option.help
        assert tuple(told.get("enum", ())) == option.choices
        limits = told["items"] if option.kind == "band" else told
        assert limits.get("minimum") == option.least
        assert limits.get("maximum") == option.most
        assert told.get("default", OPTIONS[name].default) == option.default
        assert ("default" in told) == (option.default not in (None, ()))
    json.dumps(schema)


@pytest.fixture(scope="module")
def is_valid():
    validator = pytest.importorskip("jsonschema", reason="jsonschema comes with rembg").Draft202012Validator
    validator.check_schema(json_schema())
    return validator(json_schema()).is_valid


@settings(deadline=None)
@given(requests)
def test_the_schema_takes_what_to_json_gives(is_valid, request) -> None:
    assert is_valid(json.loads(json.dumps(request.to_json())))


def test_the_schema_refuses_unknown_fields_and_wrong_values(is_valid) -> None:
    assert is_valid({})
    for told in (
        [],
        {"version": 2},
        {"more": {}},
        {"target": {"matting": "none"}},
        {"finish": {"masque": 1}},
        {"finish": {"matting": "magic"}},
        {"finish": {"band": [1, -1]}},
        {"finish": {"invert": 1}},
        {"target": {"box": [1, 2, 3]}},
        {"target": {"box_threshold": 1.5}},
        {"target": {"points": [[1]]}},
        {"target": {"mask": [[1]]}},
        {"runtime": {"threads": 0}},
        {"runtime": {"model": ""}},
    ):
        assert not is_valid(told), told


def test_what_the_schema_says_of_a_number_is_what_is_checked(is_valid) -> None:
    for name, option in OPTIONS.items():
        if option.kind in ("number", "whole", "choice", "flag"):
            for value in (-1, 0, 0.5, 1, 2, True, "none", "closed-form", "auto", [], {}):
                told = {option.part: {name: value}}
                assert is_valid(told) == (what_is_wanted(option, value) == ""), told
