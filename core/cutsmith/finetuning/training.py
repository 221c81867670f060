"""The training: steps, epochs, the watched products, and when it ends.

What a step does depends on the seed, the epoch and the step alone, and the state is written between two steps. A run
that was killed therefore goes on to the same weights as one that was not, bit for bit on one processor.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from cutsmith.engines.torch_device import inference
from cutsmith.finetuning import prompting
from cutsmith.finetuning.losses import resized, true_iou
from cutsmith.finetuning.team import Team
from cutsmith.finetuning.training_state import EpochReport, Standing, copied
from cutsmith.finetuning.variants import MIRRORED, PLAIN, SMALLER
from cutsmith.machine.cancelling import check

if TYPE_CHECKING:
    import torch

    from cutsmith.finetuning.embeddings import Embeddings, Sample, TrueMasks
    from cutsmith.finetuning.examples import Example
    from cutsmith.finetuning.interactive_step import Heads
    from cutsmith.finetuning.prompting import StepPlan
    from cutsmith.finetuning.training_state import StateFile

logger = logging.getLogger(__name__)

MOST_OBJECTS = 8
"""Objects of one picture in an epoch: the others have their turn in a later one."""

_EMPTY_SHARE = 0.05
"""The share of samples that point at nothing, so that the network goes on saying so."""

_WEIGHT_DECAY = 0.01
_LARGEST_GRADIENT = 1.0
_WARM_UP_STEPS = 100
_WATCHED_A_PASS = 8


@dataclass(frozen=True)
class TrainingSettings:
    """How it is trained.

    Attributes:
        epochs: at most.
        batch: samples of a step, in each process.
        learning_rate: at the beginning, after a warm-up; it is halved where an epoch has long been no better.
        patience: ends it after so many epochs that were no better than the best.
        seed: of all that is drawn.
        augment: also learn from mirrored and smaller pictures.
        seconds: ends it after this time; None for no limit. The result then depends on the machine's speed.
        seconds_between_states: what a killed run has to do again, at most.
    """

    epochs: int = 40
    batch: int = 4
    learning_rate: float = 1e-4
    patience: int = 10
    seed: int = 0
    augment: bool = False
    seconds: float | None = None
    seconds_between_states: float = 30.0

    @property
    def variants(self) -> tuple[str, ...]:
        """The looks of each picture that is learned from."""
        return (PLAIN, MIRRORED, SMALLER) if self.augment else (PLAIN,)


class Item(NamedTuple):
    """What a sample of an epoch is made from; without a `number` nothing is to be found in the picture."""

    example: Example
    variant: str
    number: int | None


class Listener(Protocol):
    """Is told how the training goes."""

    def tell_step(self, epoch: int, share: float) -> None:
        """Called after each step with the epoch, from 1, and the share of it that is done, in [0, 1]."""

    def tell_epoch(self, report: EpochReport) -> None:
        """Called after each epoch, and with epoch 0 before the first."""


class Trainer:
    """Trains the `parameters` of a network.

    Args:
        heads: the part of the network that is run in each step.
        parameters: what is trained, by name, in the network that `heads` belongs to.
        embeddings, masks: of all pictures.
        training: what is learned from.
        watched: what tells which epoch is the best.
        settings: how.
        state: where the run stands is kept there.
        team: the processes that train together; each has all of the above.
    """

    def __init__(
        self,
        heads: Heads,
        parameters: dict[str, torch.nn.Parameter],
        embeddings: Embeddings,
        masks: TrueMasks,
        training: Sequence[Example],
        watched: Sequence[Example],
        settings: TrainingSettings,
        state: StateFile,
        team: Team | None = None,
    ) -> None:
        import torch

        self._heads, self._parameters = heads, parameters
        self._embeddings, self._masks = embeddings, masks
        self._training, self._watched = training, watched
        self._settings, self._state = settings, state
        self._team = team or Team()
        self._optimizer = torch.optim.AdamW(
            parameters.values(), lr=settings.learning_rate, weight_decay=_WEIGHT_DECAY, fused=True
        )
        self._standing = Standing()
        self._best: dict[str, torch.Tensor] = {}
        self._written = self._began = monotonic()

    def run(self, listener: Listener) -> Standing:
        """Train, and leave the best epoch's weights in the network; -> how it went. A run that was interrupted goes on.

        Raises:
            BadOption: the state is that of another run. OutputRefused: the state cannot be written.
            DeviceOutOfMemory, PictureError, Cancelled.
        """
        if not self._resumed():
            self._close_epoch(listener, losses=[])
        standing = self._standing
        if standing.is_out_of_time and not self._is_out_of_time():
            standing.ended, standing.is_out_of_time = "", False
        if not standing.ended:
            standing.ended = self._epochs(listener)
            self._write()
        self._load(self._best)
        return standing

    def _epochs(self, listener: Listener) -> str:
        """Train until it is over; -> why it is."""
        standing, settings = self._standing, self._settings
        while standing.epoch < settings.epochs:
            if standing.step == 0 and (since := len(standing.reports) - 1 - standing.best.epoch) >= settings.patience:
                return f"The last {since} epochs were no better than epoch {standing.best.epoch}."
            batches = self._batches(standing.epoch)
            while standing.step < len(batches):
                if self._is_out_of_time():
                    # What was learned since the last epoch may be the best: it is looked at, too.
                    self._close_epoch(listener, standing.losses)
                    standing.is_out_of_time = True
                    return f"The time of {settings.seconds:,.0f} s was used up."
                loss = self._step(batches[standing.step])
                if not math.isfinite(loss):
                    names = ", ".join(sorted({item.example.name for item in batches[standing.step]}))
                    where = f"epoch {standing.epoch + 1}, step {standing.step + 1} ({names})"
                    standing.went_wrong = True
                    return f"The loss became {loss} in {where}. The best weights before that are kept."
                standing.losses.append(loss)
                standing.step += 1
                listener.tell_step(standing.epoch + 1, standing.step / len(batches))
                if standing.step < len(batches):
                    self._write_in_time()
            self._close_epoch(listener, standing.losses)
        return f"All {settings.epochs} epochs are done."

    def _step(self, items: Sequence[Item]) -> float:
        """The mean loss of the items; the weights are changed if it is a number."""
        import torch

        check()
        standing, team = self._standing, self._team
        place = [self._settings.seed, standing.epoch, standing.step]
        generator = np.random.default_rng(place)
        plan = prompting.drawn_plan(generator)
        if team.size > 1:
            # The plan is one for all, what each process draws is its own.
            generator = np.random.default_rng([*place, team.number])
        for group in self._optimizer.param_groups:
            group["lr"] = self._learning_rate()
        self._heads.train()
        self._optimizer.zero_grad(set_to_none=True)
        mine = team.share(items)
        total = team.summed(self._differentiated(mine, plan, generator, len(mine) / len(items)) if mine else 0.0)
        if not math.isfinite(total):
            return total
        team.sum_gradients(self._parameters.values())
        torch.nn.utils.clip_grad_norm_(self._parameters.values(), _LARGEST_GRADIENT)
        self._optimizer.step()
        return total

    def _differentiated(
        self, items: Sequence[Item], plan: StepPlan, generator: np.random.Generator, share: float
    ) -> float:
        """The mean loss of the items, times `share`; if that is a number, also its gradients."""
        samples = [self._sample(item, generator) for item in items]
        # An encoder that is trained, too, computes the embeddings here.
        with _mixed_precision(next(self._heads.parameters()).device):
            embedding = self._embeddings.of([(item.example, item.variant) for item in items])
            loss = self._heads.loss(embedding, samples, plan, generator) * share
        value = float(loss.detach())
        if math.isfinite(value):
            loss.backward()
        return value

    def _sample(self, item: Item, generator: np.random.Generator) -> Sample:
        is_empty = item.number is None or bool(generator.random() < _EMPTY_SHARE)
        return self._masks.sample(item.example, item.variant, None if is_empty else item.number)

    def _batches(self, epoch: int) -> list[list[Item]]:
        """The items of an epoch, in batches of one order that the seed and the epoch give."""
        generator = np.random.default_rng([self._settings.seed, epoch])
        items = []
        for example in self._training:
            count = self._masks.count(example)
            numbers: list[int | None] = list(generator.permutation(count)[:MOST_OBJECTS]) if count else [None]
            variant = str(generator.choice(self._settings.variants))
            items += [Item(example, variant, number) for number in numbers]
        order = generator.permutation(len(items))
        size = self._settings.batch * self._team.size
        return [[items[at] for at in order[start : start + size]] for start in range(0, len(items), size)]

    def _learning_rate(self) -> float:
        done = self._optimizer_steps()
        return self._settings.learning_rate * min(1.0, (done + 1) / _WARM_UP_STEPS) * 0.5**self._standing.halvings

    def _optimizer_steps(self) -> int:
        states = self._optimizer.state.values()
        return max((int(state["step"]) for state in states), default=0)

    def _close_epoch(self, listener: Listener, losses: Sequence[float]) -> None:
        """Look at the watched products, keep the weights if they are the best, and write the state."""
        standing = self._standing
        number = len(standing.reports)
        iou = self._watched_iou()
        before = standing.best.iou if standing.reports else -math.inf
        mean = float(np.mean(losses)) if losses else math.nan
        standing.reports.append(EpochReport(number, mean, iou, self._learning_rate(), self._seconds()))
        if iou > before:
            self._best = copied(self._parameters)
        elif (number - standing.best.epoch) % max(1, self._settings.patience // 2) == 0:
            standing.halvings += 1
        standing.epoch, standing.step, standing.losses = number, 0, []
        self._write_in_time()
        listener.tell_epoch(standing.reports[-1])

    def _watched_iou(self) -> float:
        """The mean IoU of the watched objects, each by the box around it, over pictures."""
        import torch

        self._heads.eval()
        device = next(self._heads.parameters()).device
        ious: list[float] = []
        everything = [
            Item(example, PLAIN, number)
            for example in self._watched
            for number in range(min(MOST_OBJECTS, self._masks.count(example)))
        ]
        items = self._team.share(everything)
        for start in range(0, len(items), _WATCHED_A_PASS):
            check()
            together = items[start : start + _WATCHED_A_PASS]
            samples = [self._masks.sample(*item) for item in together]
            points = [self._heads.box_points(each, prompting.box_of_object(each.truth)) for each in samples]
            truth = torch.from_numpy(np.stack([each.truth for each in samples]))[:, None].to(device).float()
            with inference(device):
                embedding = self._embeddings.of([(item.example, item.variant) for item in together])
                logits, _ = self._heads.by_points(embedding, points)
                ious += true_iou(resized(logits, truth.shape[-2:]), truth)[:, 0].tolist()
        return self._team.summed(sum(ious)) / max(1, len(everything))

    def _is_out_of_time(self) -> bool:
        limit = self._settings.seconds
        return limit is not None and self._team.as_first_says(self._seconds() > limit)

    def _seconds(self) -> float:
        return self._standing.seconds + monotonic() - self._began

    def _resumed(self) -> bool:
        found = self._state.read()
        if found is None:
            return False
        self._standing, tensors = found
        self._load(tensors["weights"])
        self._best = tensors["best"]
        self._optimizer.load_state_dict(tensors["optimizer"])
        return True

    def _write_in_time(self) -> None:
        """Write the state, if the last one is old enough: it takes four times the bytes of what is trained."""
        if monotonic() - self._written >= self._settings.seconds_between_states:
            self._write()

    def _write(self) -> None:
        now = monotonic()
        self._standing.seconds += now - self._began
        self._began = self._written = now
        if not self._team.is_first:
            return
        weights = copied(self._parameters)
        tensors = {"weights": weights, "best": self._best, "optimizer": self._optimizer.state_dict()}
        self._state.write(self._standing, tensors)

    def _load(self, weights: dict[str, Any]) -> None:
        import torch

        with torch.no_grad():
            for name, parameter in self._parameters.items():
                parameter.copy_(weights[name])


def _mixed_precision(device: torch.device) -> torch.autocast:
    """Within it, CUDA computes in bf16 where it can, as the publishers train; else all is in single precision."""
    import torch

    is_on = device.type == "cuda" and torch.cuda.is_bf16_supported()
    return torch.autocast(device.type if is_on else "cpu", torch.bfloat16, enabled=is_on)
