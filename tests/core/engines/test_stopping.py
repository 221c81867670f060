"""A network that runs is stopped where the run is cancelled, and is as good as before afterwards."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from cutsmith.engines.opening import open_model
from cutsmith.machine.cancelling import heeding


class Stop(Exception):
    """What the caller raises to end the run."""


@pytest.mark.alone
@pytest.mark.weights
@pytest.mark.slow
@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
def test_a_cancelled_run_ends_in_the_middle_of_the_network(isnet_weights, name, tmp_path) -> None:
    engine = open_model(isnet_weights, engine=name, cache=tmp_path).engine
    tensor = np.random.default_rng(0).random((1, 3, 1024, 1024), np.float32)
    whole = engine.run(tensor)
    # Of the processors' own time: other programs do not count.
    before = time.process_time()
    engine.run(tensor)
    seconds = time.process_time() - before
    others = threading.enumerate()
    start, cancelled_at = time.process_time(), []

    def leave() -> None:
        if time.process_time() - start > 0.3 * seconds:
            cancelled_at.append(time.process_time())
            raise Stop

    with heeding(leave), pytest.raises(Stop):
        engine.run(tensor)
    assert time.process_time() - cancelled_at[0] < 0.15 * seconds
    assert not [
        thread for thread in threading.enumerate() if thread.name.startswith("cutsmith") and thread not in others
    ]
    np.testing.assert_array_equal(engine.run(tensor), whole)


@pytest.mark.torch
def test_a_torch_network_ends_between_two_layers() -> None:
    import torch

    from cutsmith.engines.torch_device import heed_cancelling

    passed = []

    class Layer(torch.nn.Module):
        def forward(self, x):
            passed.append(1)
            return x

    network = torch.nn.Sequential(*[Layer() for _ in range(5)])
    heed_cancelling(network)

    def leave() -> None:
        if len(passed) == 2:
            raise Stop

    with heeding(leave), pytest.raises(Stop):
        network(torch.zeros(1))
    assert len(passed) == 2
    network(torch.zeros(1))
    assert len(passed) == 7
