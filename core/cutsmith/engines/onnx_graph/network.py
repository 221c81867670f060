"""An ONNX graph as a PyTorch module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from cutsmith.engines.onnx_graph.file_format import BadGraph, Graph, Node
from cutsmith.engines.onnx_graph.operators import OPERATORS, Compute, computes
from cutsmith.machine.cancelling import check

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Of these operators, inputs after the first are settings: they are read on the processor.
_WITH_SETTINGS = ("Resize", "Upsample", "Slice", "Unsqueeze")


class _Step(NamedTuple):
    compute: Compute
    inputs: tuple[str, ...]
    output: str
    done: tuple[str, ...]
    """What no later step needs."""


class GraphNetwork(torch.nn.Module):
    """Computes one output of an ONNX graph, on the device and in the precision that its weights have.

    Weights are parameters in float32 at first: `to`, `half` and hosts that manage modules move them as they do others.
    Several threads may run it at once.
    """

    def __init__(self, graph: Graph, output: int = 0) -> None:
        """Make the module for the output number `output` of `graph`; nodes that it does not need are left out.

        Raises:
            BadGraph: the graph uses an operator, or a setting of one, that is not supported. All operators are named.
            IndexError: there is no such output.
        """
        super().__init__()
        self._output = graph.outputs[output]
        self._input = graph.input
        constants = _constants(graph)
        nodes = _needed(graph.nodes, self._output, known={"", self._input, *constants})
        unknown = sorted({node.operator for node in nodes} - set(OPERATORS))
        if unknown:
            raise BadGraph(f"the operators {', '.join(unknown)} are not supported")
        self._weights: dict[str, str] = {}
        self._settings: dict[str, torch.Tensor] = {}
        self._take_constants(constants, nodes)
        self._steps = _steps(nodes, graph.opset, keep=self._output)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The wanted output for `image`, (N, C, H, W), on the weights' device and in their precision.

        A run that is cancelled ends after the operator that is being computed.
        """
        values: dict[str, torch.Tensor | None] = {"": None, self._input: image, **self._settings}
        values.update({name: getattr(self, attribute) for name, attribute in self._weights.items()})
        for step in self._steps:
            check()
            values[step.output] = step.compute(*(values[name] for name in step.inputs))
            for name in step.done:
                del values[name]
        result = values[self._output]
        assert result is not None, "a step computes it"
        return result

    def _take_constants(self, constants: dict[str, NDArray[Any]], nodes: Iterable[Node]) -> None:
        """Make parameters of the weights; what belongs to the arithmetic on shapes stays on the processor."""
        settings = _settings(constants, nodes)
        for name in {name for node in nodes for name in node.inputs} & set(constants):
            tensor = torch.from_numpy(np.array(constants[name]))
            if name in settings:
                self._settings[name] = tensor
                continue
            # Names in ONNX have dots and slashes, which names of parameters cannot have.
            attribute = f"weight_{len(self._weights)}"
            self.register_parameter(attribute, torch.nn.Parameter(tensor.float(), requires_grad=False))
            self._weights[name] = attribute


def _constants(graph: Graph) -> dict[str, NDArray[Any]]:
    """The graph's constants, with those that are nodes."""
    found = dict(graph.constants)
    for node in graph.nodes:
        if node.operator == "Constant":
            (value,) = node.attributes.values()
            found[node.outputs[0]] = np.asarray(value)
    return found


def _settings(constants: dict[str, NDArray[Any]], nodes: Iterable[Node]) -> set[str]:
    """The constants that operators read on the processor: whole numbers, and what is reckoned with shapes."""
    on_processor = {name for name, value in constants.items() if value.dtype.kind != "f"}
    for node in nodes:
        if node.operator in _WITH_SETTINGS:
            on_processor.update(node.inputs[1:])
        if node.operator == "Shape" or (
            not on_processor.isdisjoint(node.inputs)
            and all(name in on_processor or name in constants for name in node.inputs)
        ):
            on_processor.update(node.outputs)
            on_processor.update(name for name in node.inputs if name in constants)
    return on_processor & set(constants)


def _needed(nodes: Iterable[Node], output: str, known: Container[str]) -> list[Node]:
    """The nodes that `output` depends on, each after those whose outputs it takes.

    Files need not have them in this order: converters to half precision put their casts at the end.
    """
    makers = {name: node for node in nodes for name in node.outputs if name}
    ordered: dict[str, Node] = {}
    entered: set[str] = set()
    waiting = [output]
    while waiting:
        name = waiting[-1]
        if name in known or name in ordered:
            waiting.pop()
            continue
        node = makers.get(name)
        if node is None:
            raise BadGraph(f"nothing computes {name}")
        if name != node.outputs[0]:
            raise BadGraph(f"a second output of {node.operator} is not supported")
        missing = [each for each in node.inputs if each not in known and each not in ordered]
        if not missing:
            ordered[name] = node
        elif name in entered:
            raise BadGraph(f"{name} depends on itself")
        entered.add(name)
        waiting += missing
    return list(ordered.values())


def _steps(nodes: list[Node], opset: int, keep: str) -> tuple[_Step, ...]:
    left = Counter(name for node in nodes for name in node.inputs)
    steps = []
    for node in nodes:
        left.subtract(node.inputs)
        done = {name for name in node.inputs if name and not left[name] and name != keep}
        steps.append(_Step(computes(node, opset), node.inputs, node.outputs[0], tuple(done)))
    return tuple(steps)
