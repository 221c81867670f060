"""What each operator of the U2-Net and IS-Net families computes, in PyTorch.

`OPERATORS` has a function for each: it takes a node and the opset, and gives the function that computes the node's
first output from its inputs (None for one that is left out). Images are tensors (N, C, H, W) on the network's device;
shapes and the arithmetic on them are small tensors on the processor.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from cutsmith.engines.onnx_graph.file_format import BadGraph, Node

if TYPE_CHECKING:
    import torch

Compute = Callable[..., "torch.Tensor"]

_INT64 = 7
# ONNX's element types that a graph casts numbers of a shape to; images keep the network's own precision.
_INTEGERS = {2: "uint8", 3: "int8", 6: "int32", _INT64: "int64", 9: "bool"}
_CUBIC = -0.75  # PyTorch's coefficient


def computes(node: Node, opset: int) -> Compute:
    """The function that computes `node`.

    Raises:
        BadGraph: the operator, or one of its settings, is not supported.
    """
    if node.operator not in OPERATORS:
        raise BadGraph(f"the operator {node.operator} is not supported")
    return OPERATORS[node.operator](node, opset)


def _convolution(node: Node, _opset: int) -> Compute:
    from torch.nn import functional

    padded, padding = _padding(node, 0)
    strides, dilations = _wholes(node, "strides", (1, 1)), _wholes(node, "dilations", (1, 1))
    groups = _whole(node, "group", 1)
    return lambda image, weight, bias=None: functional.conv2d(
        padded(image), weight, bias, strides, padding, dilations, groups
    )


def _normalisation(node: Node, _opset: int) -> Compute:
    from torch.nn import functional

    epsilon = cast(float, node.attributes.get("epsilon", 1e-5))
    return lambda image, scale, bias, mean, variance: functional.batch_norm(
        image, mean, variance, scale, bias, eps=epsilon
    )


def _maximum(node: Node, _opset: int) -> Compute:
    from torch.nn import functional

    padded, padding = _padding(node, -math.inf)
    kernel, strides = _wholes(node, "kernel_shape", ()), _wholes(node, "strides", (1, 1))
    dilations, ceil = _wholes(node, "dilations", (1, 1)), bool(_whole(node, "ceil_mode", 0))
    return lambda image: functional.max_pool2d(padded(image), kernel, strides, padding, dilations, ceil)


def _padding(node: Node, value: float) -> tuple[Compute, tuple[int, ...]]:
    """What is done to the image before, and the padding that PyTorch's own function does (the same on both sides)."""
    from torch.nn import functional

    if node.attributes.get("auto_pad", "NOTSET") not in ("NOTSET", "VALID"):
        raise BadGraph(f"{node.operator} with auto_pad {node.attributes['auto_pad']} is not supported")
    if len(_wholes(node, "kernel_shape", (1, 1))) != 2:
        raise BadGraph(f"{node.operator} on anything but images is not supported")
    top, left, bottom, right = _wholes(node, "pads", (0, 0, 0, 0))
    if (top, left) == (bottom, right):
        return lambda image: image, (top, left)
    return lambda image: functional.pad(image, (left, right, top, bottom), value=value), (0, 0)


def _resizing(node: Node, opset: int) -> Compute:
    """Resize and, before opset 10, Upsample: to given sizes or by given scales."""
    resize = _resize_function(node, opset)
    given = cast("Sequence[float] | None", node.attributes.get("scales"))
    scales_at = 0 if opset < 11 else 1

    def resized(image: Any, *settings: Any) -> Any:
        sizes = settings[2] if len(settings) > 2 else None
        if sizes is not None and sizes.numel():
            return resize(image, tuple(map(int, sizes[2:].tolist())), None)
        scales = given or settings[scales_at].tolist()
        factors = tuple(map(float, scales[2:]))
        # In single precision, as onnxruntime reckons: 13 times 1.923077 is 25 there, and a little less in double.
        size = (np.asarray(image.shape[2:], np.float32) * np.asarray(factors, np.float32)).astype(int).tolist()
        return resize(image, size, factors)

    return resized


def _resize_function(node: Node, opset: int) -> Compute:
    """(image, (height, width), factors or None) -> the image in that size."""
    import torch

    mode = cast(str, node.attributes.get("mode", "nearest"))
    # Opset 11 brought the choice.
    usual = "asymmetric" if opset < 11 else "half_pixel"
    coordinates = cast(str, node.attributes.get("coordinate_transformation_mode", usual))
    if node.attributes.get("antialias") or node.attributes.get("exclude_outside"):
        raise BadGraph("Resize with antialias or exclude_outside is not supported")
    if mode == "nearest":
        rounding = node.attributes.get("nearest_mode", "floor" if opset < 11 else "round_prefer_floor")
        if coordinates != "asymmetric" or rounding != "floor":
            raise BadGraph(f"Resize to the nearest pixel by {coordinates} and {rounding} is not supported")
        nearest = torch.ops.aten.upsample_nearest2d
        return lambda image, size, factors: nearest(image, size, *(factors or (None, None)))
    if mode == "linear" and coordinates == "asymmetric":
        return _asymmetric
    if coordinates not in ("half_pixel", "pytorch_half_pixel", "align_corners"):
        raise BadGraph(f"Resize by {coordinates} is not supported")
    if mode not in ("linear", "cubic") or (mode == "cubic" and node.attributes.get("cubic_coeff_a", _CUBIC) != _CUBIC):
        raise BadGraph(f"Resize by {mode} is not supported")
    corners = coordinates == "align_corners"
    # `interpolate` takes sizes or factors. Where a side times its factor is not whole, ONNX takes both: the rounded
    # size, and the factor itself to place the pixels.
    smooth = torch.ops.aten.upsample_bilinear2d if mode == "linear" else torch.ops.aten.upsample_bicubic2d
    return lambda image, size, factors: smooth(image, size, corners, *(factors or (None, None)))


def _asymmetric(image: Any, size: tuple[int, int], factors: tuple[float, ...] | None) -> Any:
    """Linear interpolation that puts the first pixel on the first, as opset 9 and 10 do; PyTorch has no such mode."""
    import torch

    for axis, (side, wanted) in enumerate(zip(image.shape[2:], size, strict=True), 2):
        factor = wanted / side if factors is None else factors[axis - 2]
        places = (torch.arange(wanted, device=image.device, dtype=torch.float32) / factor).clamp(max=side - 1)
        first = places.floor().long()
        share = (places - first).to(image.dtype).unflatten(0, (-1, *[1] * (3 - axis)))
        second = (first + 1).clamp(max=side - 1)
        image = torch.lerp(image.index_select(axis, first), image.index_select(axis, second), share)
    return image


def _concatenation(node: Node, _opset: int) -> Compute:
    import torch

    axis = _whole(node, "axis", 1)
    return lambda *parts: torch.cat(parts, axis)


def _shape(node: Node, _opset: int) -> Compute:
    import torch

    if node.attributes:
        raise BadGraph("Shape of some of the sides is not supported")
    return lambda tensor: torch.tensor(tensor.shape)


def _cast(node: Node, _opset: int) -> Compute:
    import torch

    wanted = _whole(node, "to", 1)
    if wanted in _INTEGERS:
        dtype = getattr(torch, _INTEGERS[wanted])
        return lambda tensor: tensor.to(dtype)
    # The network computes in the precision that it was given: a cast to another is left out.
    return lambda tensor: tensor if tensor.is_floating_point() else tensor.to(torch.float32)


def _gathering(node: Node, _opset: int) -> Compute:
    axis = _whole(node, "axis", 0)

    def gather(tensor: Any, index: Any) -> Any:
        chosen = tensor.index_select(axis, index.reshape(-1) % tensor.shape[axis])
        return chosen.reshape(tensor.shape[:axis] + index.shape + tensor.shape[axis + 1 :])

    return gather


def _slicing(node: Node, _opset: int) -> Compute:
    given = tuple(node.attributes.get(name) for name in ("starts", "ends", "axes"))

    def cut(tensor: Any, *settings: Any) -> Any:
        starts, ends, axes, *steps = settings or given
        starts, ends = _listed(starts), _listed(ends)
        axes = range(len(starts)) if axes is None else _listed(axes)
        strides = _listed(steps[0]) if steps else [1] * len(starts)
        places = [slice(None)] * tensor.ndim
        for axis, start, end, stride in zip(axes, starts, ends, strides, strict=True):
            places[axis] = slice(start, end, stride)
        return tensor[tuple(places)]

    return cut


def _listed(value: Any) -> list[int]:
    return list(value) if isinstance(value, tuple) else value.tolist()


def _unsqueezing(node: Node, _opset: int) -> Compute:
    given = node.attributes.get("axes")

    def unsqueeze(tensor: Any, axes: Any = None) -> Any:
        for axis in sorted(_listed(given if axes is None else axes)):
            tensor = tensor.unsqueeze(axis)
        return tensor

    return unsqueeze


def _simple(name: str) -> Callable[[Node, int], Compute]:
    def maker(_node: Node, _opset: int) -> Compute:
        import torch

        return cast(Compute, getattr(torch, name))

    return maker


def _identity(_node: Node, _opset: int) -> Compute:
    return lambda tensor, *_: tensor


def _division(_node: Node, _opset: int) -> Compute:
    import torch

    def divide(one: Any, other: Any) -> Any:
        # Whole numbers are divided without a remainder.
        return torch.div(one, other, rounding_mode=None if one.is_floating_point() else "trunc")

    return divide


def _wholes(node: Node, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    return cast("tuple[int, ...]", node.attributes.get(name, default))


def _whole(node: Node, name: str, default: int) -> int:
    return cast(int, node.attributes.get(name, default))


OPERATORS: dict[str, Callable[[Node, int], Compute]] = {
    "Add": _simple("add"),
    "BatchNormalization": _normalisation,
    "Cast": _cast,
    "Concat": _concatenation,
    "Conv": _convolution,
    "Div": _division,
    "Dropout": _identity,
    "Floor": _simple("floor"),
    "Gather": _gathering,
    "Identity": _identity,
    "MaxPool": _maximum,
    "Mul": _simple("mul"),
    "Relu": _simple("relu"),
    "Resize": _resizing,
    "Shape": _shape,
    "Sigmoid": _simple("sigmoid"),
    "Slice": _slicing,
    "Sub": _simple("sub"),
    "Unsqueeze": _unsqueezing,
    "Upsample": _resizing,
}
