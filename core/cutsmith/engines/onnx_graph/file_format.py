"""The graph in an ONNX file, read from protobuf's wire format.

The `onnx` package is not among the requirements: it would bring a version of protobuf into ComfyUI's environment, over
which other packs quarrel. Of the format, this reads what a network for inference holds; the numbers are those of
onnx.proto.
"""

from __future__ import annotations

import struct
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Attribute = int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | np.ndarray[Any, np.dtype[Any]]

# Wire types.
_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_STANDARD_DOMAINS = ("", "ai.onnx")
_ELSEWHERE = 1  # the value of `data_location` for weights in another file
# Element types, and the field of a tensor that holds them where it has no raw bytes.
_TYPES: dict[int, tuple[type[np.generic], int]] = {
    1: (np.float32, 4),
    2: (np.uint8, 5),
    3: (np.int8, 5),
    6: (np.int32, 5),
    7: (np.int64, 7),
    9: (np.bool_, 5),
    10: (np.float16, 5),
    11: (np.float64, 10),
}


class BadGraph(ValueError):
    """The file is not an ONNX graph, or has something that this reader does not know. The message says what."""


@dataclass(frozen=True, eq=False)
class Node:
    """One operation: its inputs and outputs by name ("" for one that is left out), and its attributes."""

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Attribute]


@dataclass(frozen=True, eq=False)
class Graph:
    """A network.

    Attributes:
        opset: the version of the standard operators.
        nodes: in an order in which they can be computed.
        constants: the weights, by name.
        input: the name of the image.
        input_shape: its shape; None where the graph leaves a side open.
        outputs: their names, in order.
    """

    opset: int
    nodes: tuple[Node, ...]
    constants: dict[str, NDArray[Any]]
    input: str
    input_shape: tuple[int | None, ...]
    outputs: tuple[str, ...]


def read_graph(path: Path) -> Graph:
    """The graph in the ONNX file at `path`. Its arrays share the file's bytes and cannot be written to.

    Raises:
        BadGraph: it is not an ONNX file, is cut off, has several inputs, or keeps its weights in another file.
        OSError: it cannot be read.
    """
    try:
        return _graph(_Message(memoryview(path.read_bytes())))
    except (IndexError, KeyError, OverflowError, UnicodeDecodeError, struct.error, TypeError, ValueError) as error:
        # They come up where bytes mean something else than this reader takes them for.
        raise error if isinstance(error, BadGraph) else BadGraph("it is not an ONNX file, or is cut off") from error


class _Message:
    """The fields of one message, by number."""

    def __init__(self, data: memoryview) -> None:
        self._fields: dict[int, list[Any]] = defaultdict(list)
        for number, value in _fields(data):
            self._fields[number].append(value)

    def messages(self, number: int) -> Iterator[_Message]:
        return (_Message(value) for value in self._fields.get(number, ()))

    def message(self, number: int) -> _Message:
        return _Message(self._fields[number][-1])

    def whole(self, number: int, default: int = 0) -> int:
        return _signed(self._fields[number][-1]) if number in self._fields else default

    def text(self, number: int) -> str:
        return bytes(self._fields[number][-1]).decode() if number in self._fields else ""

    def texts(self, number: int) -> tuple[str, ...]:
        return tuple(bytes(value).decode() for value in self._fields.get(number, ()))

    def wholes(self, number: int) -> list[int]:
        """A repeated whole number, packed or not."""
        found: list[int] = []
        for value in self._fields.get(number, ()):
            found += [_signed(value)] if isinstance(value, int) else _packed(value)
        return found

    def floats(self, number: int) -> NDArray[np.float32]:
        """A repeated float, packed or not."""
        return np.frombuffer(b"".join(self._fields.get(number, ())), "<f4")

    def doubles(self, number: int) -> NDArray[np.float64]:
        """A repeated double, packed or not."""
        return np.frombuffer(b"".join(self._fields.get(number, ())), "<f8")

    def raw(self, number: int) -> memoryview | None:
        return self._fields[number][-1] if number in self._fields else None


def _graph(model: _Message) -> Graph:
    graph = model.message(7)
    constants = {tensor.text(8): _array(tensor) for tensor in graph.messages(5)}
    # Old files list their weights among the inputs, too.
    inputs = [each for each in graph.messages(11) if each.text(1) not in constants]
    if len(inputs) != 1:
        raise BadGraph(f"it must have one input, but has {len(inputs)}")
    opsets = [each.whole(2) for each in model.messages(8) if each.text(1) in _STANDARD_DOMAINS]
    return Graph(
        max(opsets, default=1),
        tuple(_node(node) for node in graph.messages(1)),
        constants,
        inputs[0].text(1),
        _shape(inputs[0]),
        tuple(output.text(1) for output in graph.messages(12)),
    )


def _node(node: _Message) -> Node:
    domain = node.text(7)
    operator = node.text(4) if domain in _STANDARD_DOMAINS else f"{domain}.{node.text(4)}"
    attributes = {attribute.text(1): _attribute(attribute) for attribute in node.messages(5)}
    return Node(operator, node.texts(1), node.texts(2), attributes)


def _attribute(attribute: _Message) -> Attribute:
    match attribute.whole(20):
        case 1:
            return float(attribute.floats(2)[-1])
        case 2:
            return attribute.whole(3)
        case 3:
            return attribute.text(4)
        case 4:
            return _array(attribute.message(5))
        case 6:
            return tuple(map(float, attribute.floats(7)))
        case 7:
            return tuple(attribute.wholes(8))
        case 8:
            return attribute.texts(9)
    raise BadGraph(f"the attribute {attribute.text(1)} is of a kind that is not supported, such as a graph of its own")


def _array(tensor: _Message) -> NDArray[Any]:
    if tensor.whole(14) == _ELSEWHERE:
        raise BadGraph("it keeps its weights in another file")
    kind = tensor.whole(2)
    if kind not in _TYPES:
        raise BadGraph(f"the tensor {tensor.text(8)} has the element type {kind}, which is not supported")
    dtype, field = _TYPES[kind]
    raw = tensor.raw(9)
    if raw is not None:
        flat = np.frombuffer(raw, np.dtype(dtype).newbyteorder("<"))
    elif field == 4:
        flat = tensor.floats(4)
    elif field == 10:
        flat = tensor.doubles(10)
    else:
        wholes = np.array(tensor.wholes(field), np.int64)
        # Half floats stand there as their bits.
        flat = wholes.astype(np.uint16).view(np.float16) if dtype is np.float16 else wholes.astype(dtype)
    return flat.reshape(tensor.wholes(1))


def _shape(value: _Message) -> tuple[int | None, ...]:
    dimensions = value.message(2).message(1).message(2).messages(1)
    return tuple(dimension.whole(1) or None for dimension in dimensions)


def _fields(data: memoryview) -> Iterator[tuple[int, Any]]:
    position = 0
    while position < len(data):
        tag, position = _varint(data, position)
        number, wire = tag >> 3, tag & 7
        if wire == _VARINT:
            value, position = _varint(data, position)
            yield number, value
            continue
        if wire == _BYTES:
            length, position = _varint(data, position)
        elif wire in (_EIGHT_BYTES, _FOUR_BYTES):
            length = 8 if wire == _EIGHT_BYTES else 4
        else:
            raise BadGraph("it is not an ONNX file")
        if position + length > len(data):
            raise BadGraph("it is not an ONNX file, or is cut off")
        yield number, data[position : position + length]
        position += length


_LONGEST_NUMBER = 63
"""Bits: a number of the format has at most 64. A damaged file may seem to have millions."""


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if shift > _LONGEST_NUMBER:
            raise BadGraph("it is not an ONNX file, or is cut off")
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position, shift = position + 1, shift + 7
        if byte < 0x80:
            return value, position


def _packed(data: memoryview) -> list[int]:
    found, position = [], 0
    while position < len(data):
        value, position = _varint(data, position)
        found.append(_signed(value))
    return found


def _signed(value: int) -> int:
    """A varint of 64 bits as the signed number that it is in ONNX's fields."""
    return value - (1 << 64) if value >= 1 << 63 else value
