"""Frames with a memory: it goes on, ends where the size changes, and can be told to forget."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.errors import BadArray, Cancelled
from cutsmith.matting.bimatting.film import BiMattingFrames
from tests.core.matting.bimatting.made_weights import made_frames

pytestmark = pytest.mark.torch


def film(count: int = 2, height: int = 40, width: int = 56) -> list[np.ndarray]:
    return [(frame.transpose(1, 2, 0) * 255).astype(np.uint8) for frame in made_frames(count, height, width)]


def test_a_frame_depends_on_those_before(made_network) -> None:
    first, second = film()
    frames = BiMattingFrames(made_network)
    frames.alpha(first)
    assert np.abs(frames.alpha(second) - BiMattingFrames(made_network).alpha(second)).max() > 1e-3


@pytest.mark.parametrize("forgetting", ["reset", "another size"])
def test_the_memory_ends(made_network, forgetting) -> None:
    first, second = film()
    frames = BiMattingFrames(made_network)
    frames.alpha(first)
    if forgetting == "reset":
        frames.reset()
    else:
        frames.alpha(film(1, 37, 61)[0])
    np.testing.assert_array_equal(frames.alpha(second), BiMattingFrames(made_network).alpha(second))


def test_two_films_share_a_network_and_no_memory(made_network) -> None:
    first, second = film()
    one, other = BiMattingFrames(made_network), BiMattingFrames(made_network)
    one.alpha(first)
    np.testing.assert_array_equal(other.alpha(second), BiMattingFrames(made_network).alpha(second))


def test_a_call_that_is_cancelled_leaves_the_memory(made_network) -> None:
    class Ended:
        def check(self) -> None:
            raise Cancelled("no longer needed")

        def warn(self, text: str) -> None:
            raise AssertionError(text)

    first, second = film()
    frames, undisturbed = BiMattingFrames(made_network), BiMattingFrames(made_network)
    for each in (frames, undisturbed):
        each.alpha(first)
    with pytest.raises(Cancelled):
        frames.alpha(first, watch=Ended())
    np.testing.assert_array_equal(frames.alpha(second), undisturbed.alpha(second))


@pytest.mark.parametrize("frame", [np.zeros((20, 20), np.uint8), np.zeros((20, 20, 4), np.uint8), np.zeros((9, 9, 3))])
def test_what_is_no_frame_is_refused(made_network, frame) -> None:
    with pytest.raises(BadArray):
        BiMattingFrames(made_network).alpha(frame)
