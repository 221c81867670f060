"""Open an ONNX model on the first engine of a plan that really takes it."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cutsmith.cures import install_packages
from cutsmith.engines.choice import Choice, plan
from cutsmith.engines.presence import Presence, look
from cutsmith.errors import EngineMissing, ModelUnusable
from cutsmith.machine.threads import thread_count
from cutsmith.protocols import Engine

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Opened:
    """A model that is ready to run, the choice that led to its engine, and what the user should know about that."""

    engine: Engine
    choice: Choice
    warnings: tuple[str, ...] = ()


class Opener(Protocol):
    """Opens an ONNX model: `open_model`, or that of a host which keeps open models itself."""

    def __call__(
        self,
        path: Path,
        *,
        output: int = 0,
        engine: str = "auto",
        device: str = "auto",
        threads: int | None = None,
    ) -> Opened:
        """The model at `path`, as `open_model` opens it."""


def open_model(
    path: Path,
    *,
    output: int = 0,
    engine: str = "auto",
    device: str = "auto",
    threads: int | None = None,
    present: Presence | None = None,
    cache: Path | None = None,
) -> Opened:
    """The model at `path` on the best engine (see `choice.plan`), computing only its output number `output`.

    `device` is where PyTorch runs it, if that is the engine. `present` is what the choice is made from, and `cache` the
    folder for compiled models; None takes this machine's. An accelerator that turns out not to work is skipped for the
    next engine, with a warning.

    Raises:
        BadOption: unknown `engine` or `device`, or `threads` below 1.
        EngineMissing: no engine is installed, or none of those installed can be imported.
        ModelUnusable: no engine can load the file.
    """
    planned = plan(present or look(), engine)
    warnings = list(planned.warnings)
    count = thread_count(threads)
    refusal: ModelUnusable | EngineMissing | None = None
    for choice in planned.choices:
        try:
            opened, accelerated, told = _open(choice, path, output, count, device, cache)
        except ImportError as error:
            refusal = EngineMissing(
                f"{choice.engine} is installed and does not start: {error}.",
                f"Uninstall the package {choice.engine}.",
                install_packages(choice.engine, text="Then install it again"),
            )
            warnings.append(f"{refusal.what} The next engine is used.")
            continue
        except ModelUnusable as error:
            refusal = error
            warnings.append(f"{error.what} The next engine is used.")
            continue
        if choice.accelerated and not accelerated:
            warnings.append(
                f"{choice.provider} was chosen because {choice.reason}, but it is not used: its driver or libraries "
                "are missing. The next engine is used."
            )
            continue
        return Opened(opened, choice, (*warnings, *told))
    assert refusal is not None, "a plan has at least one choice for the processor, which ends above or in a refusal"
    raise refusal


def _open(
    choice: Choice, path: Path, output: int, threads: int, device: str, cache: Path | None
) -> tuple[Engine, bool, tuple[str, ...]]:
    """The engine, whether it runs on an accelerator, and warnings."""
    if choice.engine == "openvino":
        from cutsmith.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(path, output, threads, cache), False, ()
    if choice.engine == "torch":
        from cutsmith.engines.torch_device import choose_device, limit_threads
        from cutsmith.engines.torch_engine import TorchEngine

        planned = choose_device(choice.provider or device)
        limit_threads(threads)
        # A device that must be there, and is not, is told of above.
        told = () if choice.provider else planned.warnings
        return TorchEngine(path, output, planned.device), planned.device != "cpu", told
    from cutsmith.engines.onnxruntime_engine import OnnxruntimeEngine

    session = OnnxruntimeEngine(path, output, threads, choice.provider)
    return session, session.accelerated, ()
