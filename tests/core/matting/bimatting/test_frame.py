"""One frame at its own size: what the network itself gives, without its memory for large pictures."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.errors import Cancelled, ModelUnusable
from cutsmith.matting.bimatting import frame as room
from cutsmith.matting.bimatting.frame import downsample_ratio, matted_frame
from tests.core.matting.bimatting.made_weights import made_values

pytestmark = pytest.mark.torch


def picture(height: int, width: int, dtype: type = np.uint8) -> np.ndarray:
    full = np.iinfo(dtype).max
    return (made_values("picture", (height, width, 3)) * full).astype(dtype)


def test_the_longer_side_is_shown_at_512_pixels() -> None:
    assert downsample_ratio(300, 512) == 1
    assert downsample_ratio(1024, 300) == 0.5


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("size", [(150, 97), (99, 300), (48, 61)])
def test_it_is_the_networks_own_answer(made_network, monkeypatch, size, dtype) -> None:
    import torch

    # Few pixels, so that no sign lies where float32 turns it over.
    monkeypatch.setattr(room, "NETWORK_SIDE", 96)
    monkeypatch.setattr(room, "_ROWS_AT_ONCE", 40)
    monkeypatch.setattr(room, "_SHORTEST_SIDE", 17)
    image = picture(*size, dtype)
    frames = torch.from_numpy(image.transpose(2, 0, 1)[None] / float(np.iinfo(dtype).max))
    with torch.inference_mode():
        wanted = made_network(frames, None, downsample_ratio(*size)).alpha[0, 0].numpy()
    alpha, _ = matted_frame(made_network, image)
    assert alpha.dtype == np.float32
    np.testing.assert_allclose(alpha, wanted, atol=1e-4)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (1, 3000), (3000, 1), (2, 513), (17, 5000)])
def test_no_side_is_too_short(made_network, size) -> None:
    alpha, state = matted_frame(made_network, picture(*size))
    assert alpha.shape == size
    assert np.isfinite(alpha).all()
    again, _ = matted_frame(made_network, picture(*size), state)
    assert again.shape == size


def test_values_that_are_not_numbers_are_said_to_be_the_checkpoints_fault(flat_network) -> None:
    with pytest.raises(ModelUnusable, match="not numbers"):
        matted_frame(flat_network(float("nan")), picture(40, 40))


def test_a_large_picture_can_be_cancelled_between_the_rows(flat_network) -> None:
    class Impatient:
        calls = 0

        def check(self) -> None:
            self.calls += 1
            if self.calls == 3:
                raise Cancelled("no longer needed")

        def warn(self, text: str) -> None:
            raise AssertionError(text)

    watch = Impatient()
    with pytest.raises(Cancelled):
        matted_frame(flat_network(0.8), picture(1200, 600), watch=watch)
    assert watch.calls == 3
