"""Check that an engine works on this machine, by running a network of one node through the same path as `cut`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from cutsmith.engines.opening import Opened, open_model
from cutsmith.engines.presence import Presence

_SIDE = 8  # pixels
_FLOAT, _IR_VERSION, _OPSET = 1, 8, 15  # as ONNX numbers them


def try_engines(present: Presence) -> Opened:
    """The engine that runs models by default, after it has run one; its warnings name the engines that do not work.

    Raises:
        EngineMissing: no engine is installed, or none of those installed can be imported.
        ModelUnusable: no engine loads the network, or the one that does fails to run it.
    """
    import numpy as np

    # An engine may still hold a file of its cache when the folder is to go, which Windows refuses.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        network = Path(folder) / "trial.onnx"
        network.write_bytes(trial_network())
        opened = open_model(network, present=present, cache=Path(folder) / "compiled")
        opened.engine.run(np.zeros((1, 3, _SIDE, _SIDE), np.float32))
        return opened


def trial_network() -> bytes:
    """An ONNX file with one Relu, in protobuf's wire format: the `onnx` package is not among the requirements."""
    sides = [_message(1, _number(1, side)) for side in (1, 3, _SIDE, _SIDE)]
    tensor = _message(1, _number(1, _FLOAT), _message(2, *sides))
    image, mask = (_message(1, name) + _message(2, tensor) for name in (b"image", b"mask"))
    node = _message(1, b"image") + _message(2, b"mask") + _message(4, b"Relu")
    graph = _message(1, node) + _message(2, b"trial") + _message(11, image) + _message(12, mask)
    return _number(1, _IR_VERSION) + _message(7, graph) + _message(8, _number(2, _OPSET))


def _number(field: int, value: int) -> bytes:
    """A field with a number below 128."""
    return bytes([field << 3, value])


def _message(field: int, *parts: bytes) -> bytes:
    """A field with a text or a message of up to 127 bytes."""
    content = b"".join(parts)
    return bytes([field << 3 | 2, len(content)]) + content
