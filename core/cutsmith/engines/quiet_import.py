"""Import the engines without letting them report to their makers.

By default, `import openvino` tells its maker's statistics server that it was imported (openvino_telemetry), and
`import onnxruntime` opens a telemetry store for its maker (1.32 does so on Linux too). Cutsmith sends nothing anywhere
unasked, and neither do the engines that it starts. Where a host has imported an engine before us, its choice stands.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Any


def import_openvino() -> Any:
    """The `openvino` module, imported without its telemetry.

    Raises:
        ImportError: it is not installed, does not start, or is another package or a remnant of that name.
    """
    reporter = "openvino_telemetry"
    if reporter in sys.modules or "openvino" in sys.modules:
        return _engine("openvino", "Core")
    # None makes the import of the reporter fail, and OpenVINO then uses a stub.
    sys.modules[reporter] = None  # type: ignore[assignment]
    try:
        return _engine("openvino", "Core")
    finally:
        del sys.modules[reporter]


def import_onnxruntime() -> Any:
    """The `onnxruntime` module, imported without its telemetry.

    Raises:
        ImportError: it is not installed, does not start, or is another package or a remnant of that name.
    """
    silence_onnxruntime()
    return _engine("onnxruntime", "InferenceSession")


def silence_onnxruntime() -> None:
    """Keep onnxruntime's telemetry off in this process; for packages that import it themselves."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def _engine(package: str, needed: str) -> Any:
    """The module `package`, which must have `needed`.

    Raises:
        ImportError: it does not, or it cannot be imported.
    """
    module = import_module(package)
    if not hasattr(module, needed):
        raise ImportError(f"{module.__name__} at {getattr(module, '__path__', ['?'])[0]} has no {needed}")
    return module
