"""Where a run stands, on the disk: a killed run goes on from here, to the same weights as an uninterrupted one."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.cures import set_option
from cutsmith.errors import BadOption, OutputRefused

if TYPE_CHECKING:
    import torch

_FILE = "state.pt"


@dataclass(frozen=True)
class EpochReport:
    """An epoch that is done.

    Attributes:
        epoch: from 1; 0 is the base before the first step.
        loss: the mean over its steps; NaN for epoch 0.
        iou: mean IoU of the watched objects, each found by its box.
        learning_rate: of its last step.
        seconds: since the run began, without the time in which it did not run.
    """

    epoch: int
    loss: float
    iou: float
    learning_rate: float
    seconds: float


@dataclass
class Standing:
    """Where a run stands between two steps.

    Attributes:
        epoch, step: the next one, from 0.
        losses: of this epoch's steps so far.
        seconds: that it has run.
        halvings: how often the learning rate was halved.
        ended: why the training is over, as a sentence; "" while it is not.
        went_wrong: whether it is over because the loss was no number any more.
        is_out_of_time: whether it is over because its time was used up: with more time it goes on.
        reports: the epochs that are done.
    """

    epoch: int = 0
    step: int = 0
    losses: list[float] = field(default_factory=list)
    seconds: float = 0.0
    halvings: int = 0
    ended: str = ""
    went_wrong: bool = False
    is_out_of_time: bool = False
    reports: list[EpochReport] = field(default_factory=list)

    @property
    def best(self) -> EpochReport:
        """The report with the highest IoU, the first of equal ones."""
        return max(self.reports, key=lambda report: report.iou)


class StateFile:
    """The state of a run in `folder`, for one question: other data, another base or other settings are another run.

    Args:
        folder: beside the result; made when the state is first written.
        question: all that the result depends on, as JSON can hold it.
    """

    def __init__(self, folder: Path, question: Mapping[str, Any]) -> None:
        self.folder = folder
        self._question = hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()

    def read(self) -> tuple[Standing, dict[str, Any]] | None:
        """Where the run stands, and its tensors; None if it has not begun.

        Raises:
            BadOption: the folder holds another run, or what is there cannot be read.
        """
        import pickle

        import torch

        path = self.folder / _FILE
        if not path.is_file():
            return None
        try:
            told = torch.load(path, map_location="cpu", weights_only=True)
            standing, question = told["standing"], told["question"]
        except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, OSError) as error:
            raise self._other("it cannot be read") from error
        if question != self._question:
            raise self._other("it is of other pictures, another base or other settings")
        reports = [EpochReport(**each) for each in standing.pop("reports")]
        return Standing(**standing, reports=reports), told["tensors"]

    def write(self, standing: Standing, tensors: Mapping[str, Any]) -> None:
        """Replace the state by this one, all at once. Raises OutputRefused: the disk is full."""
        import torch

        from cutsmith.picture import write_bytes_atomically

        told = {"question": self._question, "standing": asdict(standing), "tensors": dict(tensors)}
        data = io.BytesIO()
        torch.save(told, data)
        write_bytes_atomically(data.getvalue(), self.folder / _FILE, overwrite=True)

    def remove(self) -> None:
        """Remove the state: the result is there."""
        (self.folder / _FILE).unlink(missing_ok=True)
        try:
            self.folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            raise OutputRefused(f"{self.folder} cannot be removed: {error.strerror or error}.") from error

    def _other(self, why: str) -> BadOption:
        return BadOption(
            f"{self.folder} holds a run that was interrupted, and {why}.",
            "Ask for the same as before, to go on with it.",
            set_option("restart", True, "Or throw it away, and begin again"),
        )


def copied(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Copies on the processor, which later steps do not change."""
    return {name: tensor.detach().to("cpu", copy=True) for name, tensor in tensors.items()}
