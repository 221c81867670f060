"""Which engine runs a model: a pure function of what is present and what was asked for."""

from __future__ import annotations

from dataclasses import dataclass

from cutsmith.cures import install_packages, run
from cutsmith.engines.presence import Presence
from cutsmith.errors import BadOption, EngineMissing, Notice, shown
from cutsmith.options import OPTIONS, what_is_wanted

CPU_PROVIDER = "CPUExecutionProvider"
CUDA_PROVIDER = "CUDAExecutionProvider"
ACCELERATORS = {
    "cuda": CUDA_PROVIDER,
    "coreml": "CoreMLExecutionProvider",
    "directml": "DmlExecutionProvider",
}
_PACKAGES = ("openvino", "onnxruntime", "torch")
ENGINE_NAMES = OPTIONS["engine"].choices
_WAYS = {
    "cuda": "Uninstall onnxruntime, and install onnxruntime-gpu in its place.",
    "coreml": "Core ML is part of onnxruntime on a Mac with an Apple processor, and nowhere else.",
    "directml": "On Windows, uninstall onnxruntime, and install onnxruntime-directml in its place.",
}


@dataclass(frozen=True)
class Choice:
    """One way to run a model.

    Attributes:
        engine: "openvino", "onnxruntime" or "torch".
        provider: onnxruntime's execution provider; the device that PyTorch must have, empty where any will do; empty
            for OpenVINO.
        reason: why it was chosen, for `cutsmith doctor`.
    """

    engine: str
    provider: str
    reason: str

    @property
    def accelerated(self) -> bool:
        """Whether it runs on something other than the processor."""
        return self.provider not in ("", CPU_PROVIDER)


@dataclass(frozen=True)
class Plan:
    """The ways to try, in order, and warnings for the user."""

    choices: tuple[Choice, ...]
    warnings: tuple[str, ...] = ()


def plan(present: Presence, wanted: str = "auto") -> Plan:
    """The engines to try for `wanted`, best first: an accelerator that is there, then OpenVINO, then onnxruntime.

    An accelerator that was asked for by name but is not there gives a plan for the processor and a warning: the
    picture is still cut out, and the user knows why it is slow. CUDA may also be PyTorch's. PyTorch itself is taken
    where it was asked for, and runs some networks only: the others follow it.

    Raises:
        BadOption: `wanted` is not one of `ENGINE_NAMES`.
        EngineMissing: no engine that runs ONNX models is installed, or `wanted` is a package that is not installed.
    """
    if must_be := what_is_wanted(OPTIONS["engine"], wanted):
        raise BadOption("", run("doctor"), option="engine", found=shown(wanted), wanted=must_be)
    if not (present.openvino or present.onnxruntime or present.torch):
        raise EngineMissing(
            "No engine that runs ONNX models is installed; OpenVINO or onnxruntime is needed.",
            install_packages("openvino", "onnxruntime"),
        )
    if wanted in _PACKAGES and not getattr(present, wanted):
        raise EngineMissing(
            f"The engine {wanted} was asked for, but it is not installed.", install_packages(wanted), option="engine"
        )
    on_processor = _processor_choices(present)
    if wanted in ("auto", "torch"):
        accelerated = (_accelerated(name, f"{name} is present") for name in ACCELERATORS)
        usable = tuple(choice for choice in accelerated if choice.provider in present.accelerators)
        first = (Choice("torch", "", "torch was asked for"),) if wanted == "torch" else ()
        return Plan((*first, *usable, *(each for each in on_processor if each.engine != wanted)))
    if wanted in ACCELERATORS:
        if ACCELERATORS[wanted] in present.accelerators:
            return Plan((_accelerated(wanted, f"{wanted} was asked for"), *on_processor))
        if wanted == "cuda" and present.torch_cuda:
            reason = "cuda was asked for, and PyTorch has it where onnxruntime does not"
            return Plan((Choice("torch", wanted, reason), *on_processor))
        return Plan(on_processor, (_missing_accelerator(wanted, present),))
    return Plan(tuple(choice for choice in on_processor if choice.engine == wanted))


def _processor_choices(present: Presence) -> tuple[Choice, ...]:
    choices = []
    if present.openvino:
        choices.append(Choice("openvino", "", "the fastest engine on a processor, and it is installed"))
    if present.onnxruntime:
        reason = "it is installed" if present.openvino else "OpenVINO is not installed"
        choices.append(Choice("onnxruntime", CPU_PROVIDER, reason))
    if not choices:
        choices.append(Choice("torch", "", "neither OpenVINO nor onnxruntime is installed"))
    return tuple(choices)


def _accelerated(name: str, reason: str) -> Choice:
    return Choice("onnxruntime", ACCELERATORS[name], reason)


def _missing_accelerator(wanted: str, present: Presence) -> Notice:
    carried = ", ".join(present.accelerators) or "none"
    return Notice(
        f"{wanted} was asked for and is not used: the installed onnxruntime does not come with "
        f"{ACCELERATORS[wanted]} (accelerators that it comes with: {carried}).",
        _WAYS[wanted],
    )
