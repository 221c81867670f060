"""The JSON form of a request: its schema, and the values whose form in JSON differs from Python's."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cutsmith.cures import advise
from cutsmith.errors import BadArray, BadBox, BadPhrases, BadPoint, shown
from cutsmith.options import OPTIONS, PARTS, Option

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

VERSION = 1
"""The version of this JSON form."""


def json_schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of `Request.to_json`."""
    parts: dict[str, Any] = {
        part: {"type": "object", "additionalProperties": False, "properties": {}} for part in PARTS
    }
    for option in OPTIONS.values():
        parts[option.part]["properties"][option.name] = schema_of(option)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Cutsmith request",
        "type": "object",
        "additionalProperties": False,
        "properties": {"version": {"const": VERSION}, **parts},
    }


def schema_of(option: Option) -> dict[str, Any]:
    """The JSON Schema of the values of `option`, with its help."""
    return {"description": option.help, **_schema(option)}


def _schema(option: Option) -> dict[str, Any]:
    numbers = {"minimum": option.least, "maximum": option.most}
    limits = {name: value for name, value in numbers.items() if value is not None}
    number = {"type": "number"}
    base: dict[str, Any]
    match option.kind:
        case "choice":
            default = {} if option.default is None else {"default": option.default}
            return {"enum": list(option.choices), **default}
        case "flag":
            return {"type": "boolean", "default": option.default}
        case "number" | "whole":
            base = {"type": "number" if option.kind == "number" else "integer", **limits}
        case "words":
            base = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        case "model":
            base = {"type": "string", "minLength": 1}
        case "box":
            base = {"type": "array", "items": number, "minItems": 4, "maxItems": 4}
        case "band":
            base = {"type": "array", "items": {"type": "integer", **limits}, "minItems": 2, "maxItems": 2}
        case "points":
            base = {"type": "array", "items": {"type": "array", "items": number, "minItems": 2, "maxItems": 3}}
        case "array":
            base = {"type": "object", "required": ["dtype", "shape", "zlib"]}
        case "names":
            base = {"type": "array", "items": {"enum": list(option.choices)}}
        case "background" | "pattern" | "name":
            base = {"type": "string"}
    return base if option.default in (None, ()) else {**base, "default": option.default}


def to_json(option: Option, value: Any) -> Any:
    """`value` of `option` for JSON: of lists, texts and Python's own numbers, equal values in one and the same way."""
    match option.kind:
        case "array":
            return packed(value)
        case "number":
            return float(value)
        case "whole":
            return int(value)
        case "box":
            return [float(each) for each in value]
        case "points":
            return [[float(each) for each in point] for point in value]
        case "band":
            return [int(each) for each in value]
        case "words":
            return value if isinstance(value, str) else list(value)
        case _:
            return value


def from_json(name: str, value: Any) -> Any:
    """Turn JSON's `value` into the value of the option `name`. Only its form is checked here, not its numbers."""
    option = OPTIONS.get(name)
    if option is None or (value is None and option.default is None):
        return value
    match option.kind:
        case "box":
            if not _are_numbers(value, 4, 4):
                raise BadBox("", option=name, found=shown(value), wanted="four numbers, [x0, y0, x1, y1]")
            return tuple(float(each) for each in value)
        case "points":
            if not isinstance(value, list) or not all(_are_numbers(point, 2, 3) for point in value):
                raise BadPoint("", option=name, found=shown(value), wanted="a list of [x, y] or [x, y, label]")
            return tuple(tuple(float(each) for each in point) for point in value)
        case "band":
            return tuple(value) if isinstance(value, list) else value
        case "words":
            if not isinstance(value, str) and not (isinstance(value, list) and all(isinstance(x, str) for x in value)):
                raise BadPhrases("", option=name, found=shown(value), wanted="a text, or a list of texts")
            return value
        case "array":
            return _unpacked(name, value)
        case _:
            return value


def _are_numbers(value: object, least: int, most: int) -> bool:
    if not isinstance(value, list) or not least <= len(value) <= most:
        return False
    return all(type(each) in (int, float) and abs(each) < 1e15 and math.isfinite(each) for each in value)


def packed(array: NDArray[np.generic]) -> dict[str, Any]:
    """Pack an array for JSON: dtype, shape, and the bytes (C order, little-endian) as base64 of zlib."""
    import base64
    import zlib

    import numpy as np

    plane = np.ascontiguousarray(array)
    plane = plane.astype(plane.dtype.newbyteorder("<"), copy=False)
    data = base64.b64encode(zlib.compress(plane.tobytes())).decode()
    return {"dtype": plane.dtype.name, "shape": list(plane.shape), "zlib": data}


_PLANES = {"bool": 1, "uint8": 1, "float16": 2, "float32": 4, "float64": 8}
# Of a plane: more than any picture has, and little enough for every machine to count.
_MOST_BYTES = 1 << 40


def _unpacked(name: str, told: object) -> NDArray[np.generic]:
    """Unpack what `packed` returned; a NumPy array is returned as it is."""
    import base64
    import zlib

    import numpy as np

    if isinstance(told, np.ndarray):
        return told
    wanted = f"an object of dtype ({', '.join(_PLANES)}), shape [H, W] and zlib"
    is_form = isinstance(told, Mapping) and set(told) == {"dtype", "shape", "zlib"} and told["dtype"] in list(_PLANES)
    sides = told["shape"] if isinstance(told, Mapping) and is_form else None
    if not isinstance(sides, list) or len(sides) != 2 or not all(type(side) is int and side > 0 for side in sides):
        raise BadArray("", option=name, found=shown(told), wanted=wanted)
    assert isinstance(told, Mapping)
    size = sides[0] * sides[1] * _PLANES[told["dtype"]]
    if size > _MOST_BYTES:
        raise BadArray("", option=name, found=f"one of {sides[0]} x {sides[1]}", wanted="a plane of a picture's size")
    try:
        # Unpack at most one byte too many, because a small text may stand for gigabytes.
        data = zlib.decompressobj().decompress(base64.b64decode(told["zlib"], validate=True), size + 1)
    except (ValueError, TypeError, zlib.error) as error:
        raise BadArray(f"The bytes of the {name} cannot be unpacked: {error}.", option=name) from error
    if len(data) != size:
        raise BadArray(
            f"The {name} must have {size:,} bytes for its shape, but has {'more' if len(data) > size else len(data)}.",
            advise("Pack the bytes of the whole array in C order."),
            option=name,
        )
    return np.frombuffer(data, np.dtype(told["dtype"]).newbyteorder("<")).reshape(sides)
