"""A checkpoint file -> a matter, and what is said of files that are none."""

from __future__ import annotations

import numpy as np
import pytest

from cutsmith.errors import ExtraMissing, ModelUnusable, WeightsDamaged
from cutsmith.matting.bimatting.loading import load_bimatting, load_bimatting_frames

IMAGE = np.full((40, 50, 3), 90, np.uint8)


def test_without_pytorch_the_part_that_brings_it_is_named(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("cutsmith.engines.torch_device.find_spec", lambda _module: None)
    with pytest.raises(ExtraMissing, match=r"\[sam2\]"):
        load_bimatting(tmp_path / "none.pth")


@pytest.mark.torch
@pytest.mark.parametrize("wrap", [lambda state: state, lambda state: {f"module.{k}": v for k, v in state.items()}])
def test_a_checkpoint_gives_the_networks_answer(tmp_path, flat_network, wrap) -> None:
    import torch

    path = tmp_path / "epoch-27.pth"
    torch.save(wrap(flat_network(0.75).state_dict()), path)
    matter = load_bimatting(path)
    assert not matter.network.training
    alpha = matter.alpha(IMAGE, np.ones((40, 50), np.float32), trimap=np.full((40, 50), 128, np.uint8))
    np.testing.assert_allclose(alpha, 0.75, atol=1e-6)
    np.testing.assert_allclose(load_bimatting_frames(path).alpha(IMAGE), 0.75, atol=1e-6)


@pytest.mark.torch
@pytest.mark.parametrize("change", ["another shape", "one missing", "one too many"])
def test_a_file_of_another_network_is_told_with_what_is_wanted(tmp_path, flat_network, change) -> None:
    import torch

    state = dict(flat_network(0.75).state_dict())
    if change == "another shape":
        state["project_mat.conv.weight"] = torch.zeros(4, 32, 1, 1)
        said = r"of another shape \(project_mat.conv.weight \(4, 32, 1, 1\) for \(4, 16, 1, 1\)\)"
    elif change == "one missing":
        del state["aspp.aspp1.0.bias"]
        said = r"1 missing \(aspp.aspp1.0.bias\)"
    else:
        state["head.weight"] = torch.zeros(3)
        said = r"1 unexpected \(head.weight\)"
    torch.save(state, tmp_path / "other.pth")
    with pytest.raises(ModelUnusable, match=said):
        load_bimatting(tmp_path / "other.pth")


@pytest.mark.torch
def test_a_file_that_ends_early_is_damaged(tmp_path, flat_network) -> None:
    import torch

    path = tmp_path / "cut.pth"
    torch.save(flat_network(0.75).state_dict(), path)
    path.write_bytes(path.read_bytes()[:100_000])
    with pytest.raises(WeightsDamaged):
        load_bimatting(path)
