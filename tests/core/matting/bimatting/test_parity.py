"""Our BiMatting against the publishers' own code: the same made weights, the same frames.

golden.json holds what github.com/htqin/BiMatting (746876b) gave for them in float64, where no sign is near enough to
0 for rounding to turn it over. The publishers' mask of changing parts is float32 all the same, which leaves 3e-7.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.core.matting.bimatting.made_weights import digest_of_shapes, made_frames, sampled

pytestmark = pytest.mark.torch

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text(encoding="utf-8"))
CASES = GOLDEN["cases"]
TOLERANCE = 1e-6


def frames_of(case: dict):
    import torch

    return torch.from_numpy(made_frames(case["frames"], case["height"], case["width"]))


def run(network, *arguments):
    import torch

    with torch.inference_mode():
        return network(*arguments)


def test_official_checkpoints_have_its_names_and_shapes(made_network) -> None:
    state = made_network.state_dict()
    assert {"tensors": len(state), "sha256": digest_of_shapes(state)} == GOLDEN["state_dict"]


@pytest.mark.parametrize("name", CASES)
def test_alpha_foreground_and_state_are_the_publishers(made_network, name) -> None:
    case = CASES[name]
    matted = run(made_network, frames_of(case), None, case["downsample_ratio"])
    alpha, foreground = matted.alpha.numpy(), matted.foreground.numpy()
    assert alpha.shape == (case["frames"], 1, case["height"], case["width"])
    np.testing.assert_allclose(alpha.mean((1, 2, 3)), case["alpha_means"], atol=TOLERANCE)
    np.testing.assert_allclose(foreground.mean((1, 2, 3)), case["foreground_means"], atol=TOLERANCE)
    np.testing.assert_allclose([sampled(frame) for frame in alpha], case["alpha"], atol=TOLERANCE)
    np.testing.assert_allclose([sampled(frame, 8) for frame in foreground], case["foreground"], atol=TOLERANCE)
    np.testing.assert_allclose([sampled(each.numpy(), 6) for each in matted.state], case["state"], atol=TOLERANCE)


def test_frames_one_by_one_are_the_same_as_all_at_once(made_network) -> None:
    case = CASES["whole"]
    state = None
    for frame, means in zip(frames_of(case).split(1), case["alpha_means"], strict=True):
        matted = run(made_network, frame, state)
        state = matted.state
        assert float(matted.alpha.mean()) == pytest.approx(means, abs=TOLERANCE)


def test_the_memory_changes_the_answer(made_network) -> None:
    frame = frames_of(CASES["whole"])[1:2]
    assert float(run(made_network, frame).alpha.mean()) != pytest.approx(CASES["whole"]["alpha_means"][1], abs=1e-3)


def test_a_binary_filter_has_two_values_of_one_magnitude(made_network) -> None:
    weight = made_network.decoder.decode1.conv[2].binary_weight()
    for each in weight:
        assert len(each.unique()) == 2
        assert len(each.abs().unique()) == 1
