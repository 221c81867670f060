"""Checkpoints are read without running anything in them, and what does not fit is told in one line."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch

from cutsmith.engines.checkpoint import fit_checkpoint, read_checkpoint
from cutsmith.errors import ModelUnusable, WeightsDamaged

pytestmark = pytest.mark.torch

TENSORS = {"layer.weight": torch.arange(6.0).reshape(2, 3), "layer.bias": torch.ones(2)}


class _Trap:
    """Creates the file that it names when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def assert_same(found, wanted):
    assert set(found) == set(wanted)
    for name, tensor in wanted.items():
        assert torch.equal(found[name], tensor)


@pytest.mark.parametrize("wrapped", [{"model": TENSORS}, {"state_dict": TENSORS, "epoch": 3}, TENSORS])
@pytest.mark.parametrize("zipped", [True, False])
def test_every_usual_form_gives_the_tensors(tmp_path, wrapped, zipped):
    torch.save(wrapped, tmp_path / "c.pt", _use_new_zipfile_serialization=zipped)
    assert_same(read_checkpoint(tmp_path / "c.pt"), TENSORS)


def test_the_prefix_of_parallel_training_is_taken_away(tmp_path):
    torch.save({"model": {f"module.{name}": tensor for name, tensor in TENSORS.items()}}, tmp_path / "c.pt")
    assert_same(read_checkpoint(tmp_path / "c.pt"), TENSORS)


@pytest.mark.parametrize(("plain", "protocol"), [(True, 4), (False, 2), (False, 4), (False, 5)])
def test_a_pickle_that_runs_code_is_refused_and_nothing_of_it_runs(tmp_path, plain, protocol):
    path, sprung = tmp_path / "trap.pt", tmp_path / "sprung"
    if plain:
        path.write_bytes(pickle.dumps({"model": _Trap(sprung)}))
    else:
        torch.save({"model": {"weight": _Trap(sprung)}}, path, pickle_protocol=protocol)
    with pytest.raises(ModelUnusable, match=r"may run code while it loads.*refused"):
        read_checkpoint(path)
    assert not sprung.exists()
    # The trap is a real one: pickle itself springs it.
    if plain:
        pickle.loads(path.read_bytes())  # noqa: S301 - what a careless loader does
        assert sprung.exists()


@pytest.mark.parametrize("damage", ["empty", "half", "text", "noise", "last bytes"])
def test_a_damaged_file_is_told_as_such(tmp_path, damage):
    path = tmp_path / "c.pt"
    torch.save({"model": TENSORS}, path)
    whole = path.read_bytes()
    path.write_bytes(
        {
            "empty": b"",
            "half": whole[: len(whole) // 2],
            "text": b"version https://git-lfs.github.com/spec/v1\n",
            "noise": bytes(range(1, 128)) * 30,
            "last bytes": whole[:-40],
        }[damage]
    )
    with pytest.raises(WeightsDamaged, match=r"is not a complete checkpoint: [\d,]+ bytes") as caught:
        read_checkpoint(path)
    assert len(caught.value.what) < 400


@pytest.mark.parametrize("content", [{"model": {"epoch": 3}}, [1, 2], {}, {"optimizer": {"a": TENSORS["layer.bias"]}}])
def test_something_else_than_tensors_is_told(tmp_path, content):
    torch.save(content, tmp_path / "c.pt")
    with pytest.raises(ModelUnusable, match=r"must hold \{'model': tensors by name\}.* but holds"):
        read_checkpoint(tmp_path / "c.pt")


class _Network(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.Linear(3, 2)


def test_tensors_are_copied_into_the_network():
    network = _Network()
    fit_checkpoint(
        network, {**TENSORS, "extra.x": torch.ones(1)}, path=Path("c.pt"), kind="net", superfluous=("extra.",)
    )
    assert_same(network.state_dict(), TENSORS)


def test_what_does_not_fit_is_told_in_one_line():
    tensors = {"layer.weight": torch.ones(3, 3), **{f"other{number}": torch.ones(1) for number in range(9)}}
    with pytest.raises(ModelUnusable) as caught:
        fit_checkpoint(_Network(), tensors, path=Path("c.pt"), kind="net")
    (line,) = caught.value.what.splitlines()
    assert "1 missing (layer.bias)" in line
    assert "9 unexpected (other0, other1, other2, ...)" in line
    assert "1 of another shape (layer.weight (3, 3) for (2, 3))" in line
