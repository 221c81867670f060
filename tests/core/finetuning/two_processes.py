"""What test_team.py starts by torchrun, in two processes: `... two_processes.py CHECKPOINT FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

import torch

from cutsmith.finetuning.team import find_team
from cutsmith.finetuning.training import TrainingSettings
from tests.core.finetuning.trained import Listener, examples, network_of, trainer


def main() -> None:
    """Fails in the process that finds something wrong."""
    team = find_team("cpu")
    assert team.size == 2
    assert list(team.share(range(5))) == list(range(team.number, 5, 2))
    assert team.summed(1.5 + team.number) == 4.0
    assert team.as_first_says(team.is_first)
    assert not team.as_first_says(not team.is_first)
    _gradients_are_summed()
    _networks_stay_the_same(Path(sys.argv[1]), Path(sys.argv[2]))


def _gradients_are_summed() -> None:
    team = find_team("cpu")
    everywhere, in_one, nowhere = (torch.nn.Parameter(torch.zeros(2, 3)) for _ in range(3))
    everywhere.grad = torch.full((2, 3), 1.0 + team.number)
    if not team.is_first:
        in_one.grad = torch.arange(6.0).reshape(2, 3)
    team.sum_gradients([everywhere, in_one, nowhere])
    assert torch.equal(everywhere.grad, torch.full((2, 3), 3.0))
    assert in_one.grad is not None
    assert torch.equal(in_one.grad, torch.arange(6.0).reshape(2, 3))
    assert nowhere.grad is None


def _networks_stay_the_same(checkpoint: Path, folder: Path) -> None:
    team = find_team("cpu")
    network = network_of(checkpoint)
    # Each process has a folder of its own, so that it is seen that only one writes.
    mine = folder / str(team.number)
    learned = examples(mine)
    settings = TrainingSettings(epochs=2, batch=2, learning_rate=1e-3, seconds_between_states=0.0)
    before = _fingerprint(network)
    # Five pictures in steps of two and two: in the last step one process has nothing to do.
    standing = trainer(network, learned[:5], learned[5:8], mine, settings, team=team).run(Listener())
    after = _fingerprint(network)
    assert after != before
    assert team.summed(after) == 2 * after
    assert team.summed(standing.reports[-1].iou) == 2 * standing.reports[-1].iou
    assert (mine / "state" / "state.pt").is_file() == team.is_first


def _fingerprint(network: torch.nn.Module) -> float:
    """A number of the weights' bits: a sum of whole numbers, which is the same in whatever order it is done."""
    bits = torch.cat([each.detach().flatten() for each in network.parameters()]).view(torch.int32).long()
    return float((bits * torch.arange(1, len(bits) + 1) % 1_000_003).sum())


if __name__ == "__main__":
    main()
