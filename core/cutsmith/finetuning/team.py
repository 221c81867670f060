"""Several processes that train one network together, each on a card of its own, as `torchrun` starts them.

accelerate joins them. Without `torchrun` there is one process, and accelerate is not imported.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from datetime import timedelta
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TypeVar

from cutsmith.cures import install_packages
from cutsmith.errors import NotInstalled

if TYPE_CHECKING:
    import torch

Each = TypeVar("Each")

_TORCHRUN = "TORCHELASTIC_RUN_ID"
"""What torchrun sets in each process that it starts."""

_LONGEST_WAIT = timedelta(hours=24)
"""While the first process encodes all pictures, the others wait."""


class Team:
    """A process that trains alone.

    Attributes:
        number: of this process, from 0. The first one, 0, writes and tells.
        size: how many processes there are.
    """

    number = 0
    size = 1

    @property
    def is_first(self) -> bool:
        """Whether this process writes and tells."""
        return self.number == 0

    def share(self, whole: Sequence[Each]) -> Sequence[Each]:
        """What this process does of `whole`; it may be nothing."""
        return whole[self.number :: self.size]

    def summed(self, value: float) -> float:
        """The sum of what all processes hand in, the same in all."""
        return value

    def sum_gradients(self, parameters: Collection[torch.nn.Parameter]) -> None:
        """Replace the gradients by their sums over all processes."""

    def as_first_says(self, value: bool) -> bool:
        """What the first process hands in."""
        return value

    def wait(self) -> None:
        """Wait until all processes have come here."""


class Torchrun(Team):
    """The processes that `torchrun` started, on one machine or several. `device` is "cuda" or "cpu"."""

    def __init__(self, device: str) -> None:
        from accelerate import PartialState

        # It also makes each process's card the one that "cuda" means.
        self._state: Any = PartialState(cpu=device == "cpu", timeout=_LONGEST_WAIT)
        self.number = int(self._state.process_index)
        self.size = int(self._state.num_processes)

    def summed(self, value: float) -> float:
        """The sum of what all processes hand in, the same in all."""
        import torch

        return float(self._summed(torch.tensor([value], dtype=torch.float64, device=self._state.device)))

    def sum_gradients(self, parameters: Collection[torch.nn.Parameter]) -> None:
        """Replace the gradients by their sums over all processes.

        What no process used has no gradient afterwards either, so that the optimizer leaves it as it is.
        """
        import torch

        used = torch.tensor([float(each.grad is not None) for each in parameters], device=self._state.device)
        wanted = [each for each, count in zip(parameters, self._summed(used).tolist(), strict=True) if count]
        if not wanted:
            return
        gradients = [torch.zeros_like(each) if each.grad is None else each.grad for each in wanted]
        whole = self._summed(torch.cat([each.flatten() for each in gradients]))
        for parameter, part in zip(wanted, whole.split([each.numel() for each in wanted]), strict=True):
            parameter.grad = part.view_as(parameter).clone()

    def as_first_says(self, value: bool) -> bool:
        """What the first process hands in."""
        return bool(self.summed(float(value and self.is_first)))

    def wait(self) -> None:
        """Wait until all processes have come here."""
        self._state.wait_for_everyone()

    def _summed(self, tensor: torch.Tensor) -> torch.Tensor:
        from accelerate.utils import reduce

        summed: torch.Tensor = reduce(tensor, reduction="sum")
        return summed


def find_team(device: str) -> Team:
    """The processes that train together: this one alone, unless `torchrun` started several.

    Raises:
        NotInstalled: there are several, and accelerate is not installed.
    """
    # Schedulers set WORLD_SIZE too; without torchrun this process would wait for others that never come.
    if _TORCHRUN not in os.environ or int(os.environ["WORLD_SIZE"]) == 1:
        return Team()
    if find_spec("accelerate") is None:
        raise NotInstalled(
            f"torchrun started {os.environ['WORLD_SIZE']} processes. To train one network together they need "
            "accelerate, which is not installed.",
            install_packages("accelerate"),
        )
    return Torchrun(device)
