"""Where PyTorch models run: the device, its precision, its threads, and what happens when its memory is full.

CUDA and Apple's MPS are experimental: PyTorch says whether they are there, and neither was tried on real hardware.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from cutsmith.cures import Cure, install_extra, run, set_option
from cutsmith.errors import BadOption, DeviceOutOfMemory, ExtraMissing, shown
from cutsmith.machine.cancelling import check
from cutsmith.machine.threads import thread_count
from cutsmith.options import OPTIONS, what_is_wanted

DEVICE_NAMES = OPTIONS["device"].choices


@dataclass(frozen=True)
class DevicePlan:
    """The device to run on, why it was chosen, and warnings for the user."""

    device: str
    reason: str
    warnings: tuple[str, ...] = ()


def plan_device(wanted: str, *, cuda: bool, mps: bool) -> DevicePlan:
    """The device for `wanted`, where `cuda` and `mps` say what is there: a graphics processor before the processor.

    A device that was asked for by name but is not there gives the processor and a warning.

    Raises:
        BadOption: `wanted` is not one of `DEVICE_NAMES`.
    """
    if must_be := what_is_wanted(OPTIONS["device"], wanted):
        raise BadOption("", run("doctor"), option="device", found=shown(wanted), wanted=must_be)
    present = {"cpu": True, "cuda": cuda, "mps": mps}
    if wanted == "auto":
        device = "cuda" if cuda else "mps" if mps else "cpu"
        return DevicePlan(device, f"{device} is present" if device != "cpu" else "PyTorch sees no graphics processor")
    if present[wanted]:
        return DevicePlan(wanted, f"{wanted} was asked for")
    told = f"{wanted} was asked for and is not used: PyTorch does not see it here. The processor is used."
    return DevicePlan("cpu", f"{wanted} is not there", (told,))


def require_packages(extra: str, *modules: str) -> None:
    """Check that `modules` are installed, without importing them.

    Raises:
        ExtraMissing: one is not; names it and the `extra` that brings it.
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise ExtraMissing(
            f"The optional part [{extra}] is not installed (missing: {', '.join(missing)}).", install_extra(extra)
        )


def choose_device(wanted: str = "auto") -> DevicePlan:
    """`plan_device` for this machine; imports torch."""
    import torch

    return plan_device(wanted, cuda=torch.cuda.is_available(), mps=torch.backends.mps.is_available())


def limit_threads(wanted: int | None) -> None:
    """Let PyTorch use `wanted` threads; where None, no more than this process may use (a container's limit counts).

    The number holds for the whole process: without `wanted` it is only ever lowered, so that a host keeps its own.

    Raises:
        BadOption: `wanted` is below 1.
    """
    import torch

    allowed = thread_count(wanted)
    if wanted is not None or torch.get_num_threads() > allowed:
        torch.set_num_threads(allowed)


@contextmanager
def inference(device: Any) -> Iterator[None]:
    """PyTorch's inference mode; on CUDA with bf16 autocast, as the publishers of SAM 2 run it."""
    import torch

    with torch.inference_mode():
        if torch.device(device).type == "cuda" and torch.cuda.is_bf16_supported():
            with torch.autocast("cuda", dtype=torch.bfloat16):
                yield
        else:
            yield


def heed_cancelling(module: Any) -> None:
    """Let a cancelled run end between two layers of `module`, a `torch.nn.Module`."""

    def before(_layer: object, _inputs: object) -> None:
        check()

    for layer in module.modules():
        layer.register_forward_pre_hook(before)


@contextmanager
def memory_guard(name: str, device: Any, smaller: Cure | str) -> Iterator[None]:
    """Turn PyTorch's errors about full memory into ours; `name` is what ran, `smaller` how to need less memory.

    Raises:
        DeviceOutOfMemory: the body needed more memory than `device` has left.
    """
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise _out_of_memory(name, device, smaller, str(error)) from error
    except RuntimeError as error:
        # This is how PyTorch's allocator for the processor says it; it has no type of its own.
        if "can't allocate memory" not in str(error) and "not enough memory" not in str(error):
            raise
        raise _out_of_memory(name, device, smaller, str(error)) from error


def _out_of_memory(name: str, device: Any, smaller: Cure | str, said: str) -> DeviceOutOfMemory:
    elsewhere = [] if str(device) == "cpu" else [set_option("device", "cpu", text="Or run it on the processor")]
    return DeviceOutOfMemory(
        f"{name} ran out of memory on {device}: {said.strip().splitlines()[0][:200]}",
        "Close other programs that use this memory.",
        smaller,
        *elsewhere,
    )
