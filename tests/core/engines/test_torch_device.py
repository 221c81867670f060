"""Where PyTorch models run: a pure choice, tested on lists; no graphics processor is here to verify it on."""

from __future__ import annotations

import pytest

from cutsmith.cures import advise, install_extra, set_option
from cutsmith.engines.torch_device import (
    choose_device,
    inference,
    limit_threads,
    memory_guard,
    plan_device,
    require_packages,
)
from cutsmith.errors import BadOption, DeviceOutOfMemory, ExtraMissing


@pytest.mark.parametrize(
    ("cuda", "mps", "wanted", "device", "warned"),
    [
        (True, False, "auto", "cuda", False),
        (True, True, "auto", "cuda", False),
        (False, True, "auto", "mps", False),
        (False, False, "auto", "cpu", False),
        (True, False, "cpu", "cpu", False),
        (False, False, "cpu", "cpu", False),
        (False, False, "cuda", "cpu", True),
        (True, False, "mps", "cpu", True),
        (True, False, "cuda", "cuda", False),
    ],
)
def test_the_device_follows_from_what_is_there_and_what_is_asked_for(cuda, mps, wanted, device, warned):
    plan = plan_device(wanted, cuda=cuda, mps=mps)
    assert plan.device == device
    assert bool(plan.warnings) is warned
    if warned:
        assert f"{wanted} was asked for and is not used" in plan.warnings[0]


def test_an_unknown_device_is_refused_with_the_known_ones():
    with pytest.raises(BadOption, match="device must be one of auto, cpu, cuda, mps, but got 'tpu'") as caught:
        plan_device("tpu", cuda=True, mps=True)
    assert caught.value.option == "device"


@pytest.mark.torch
def test_this_machine_gets_a_device():
    assert choose_device().device in ("cpu", "cuda", "mps")


def test_a_missing_extra_is_named_with_the_command():
    with pytest.raises(ExtraMissing, match="no_such_module") as caught:
        require_packages("sam2", "math", "no_such_module")
    assert caught.value.cures == (install_extra("sam2"),)
    require_packages("sam2", "math")


@pytest.mark.torch
def test_threads_are_only_lowered_unless_they_are_asked_for():
    import torch

    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        limit_threads(None)
        assert torch.get_num_threads() == 1
        limit_threads(2)
        assert torch.get_num_threads() == min(2, before) or torch.get_num_threads() == 2
        with pytest.raises(BadOption):
            limit_threads(0)
    finally:
        torch.set_num_threads(before)


@pytest.mark.torch
def test_inference_tracks_no_gradients():
    import torch

    with inference("cpu"):
        assert torch.is_inference_mode_enabled()
    assert not torch.is_inference_mode_enabled()


@pytest.mark.torch
def test_a_full_memory_is_told_and_other_errors_pass():
    import torch

    told = pytest.raises(DeviceOutOfMemory, match="net ran out of memory on cuda: no room")
    with told as caught, memory_guard("net", "cuda", set_option("segmenter", "small")):
        raise torch.OutOfMemoryError("no room\nmore")
    assert set_option("segmenter", "small") in caught.value.cures
    assert ("device", "cpu") in [(cure.option, cure.value) for cure in caught.value.cures]
    with pytest.raises(RuntimeError, match="something else"), memory_guard("net", "cpu", ""):
        raise RuntimeError("something else")


@pytest.mark.torch
def test_more_memory_than_the_machine_can_give_is_told():
    import torch

    told = pytest.raises(DeviceOutOfMemory, match="on cpu")
    with told as caught, memory_guard("net", "cpu", "Take a smaller one."):
        torch.empty(2**60, dtype=torch.uint8)
    assert advise("Take a smaller one.") in caught.value.cures
    assert all(cure.option != "device" for cure in caught.value.cures)
