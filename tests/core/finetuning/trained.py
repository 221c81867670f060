"""A small training for tests: six products of two pictures each, and a tiny random network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from cutsmith.finetuning.base_network import trained_parameters
from cutsmith.finetuning.embedding_cache import EmbeddingCache
from cutsmith.finetuning.embeddings import Embeddings, TrueMasks
from cutsmith.finetuning.examples import Example
from cutsmith.finetuning.team import Team
from cutsmith.finetuning.training import Trainer, TrainingSettings
from cutsmith.finetuning.training_state import EpochReport, StateFile
from cutsmith.finetuning.variants import PLAIN
from cutsmith.segmentation.loading import load_segmenter
from tests.core.finetuning.held_out import disc, example


def examples(folder: Path, products: int = 6) -> list[Example]:
    """Two pictures of each product: one disc in one, two in the other."""
    made = []
    for product in range(products):
        masks = [disc(120, 90, 30 + 8 * number, 40, 12 + product) for number in range(2)]
        made.append(example(folder, f"p{product}/0", masks[0], seed=2 * product))
        made.append(example(folder, f"p{product}/1", masks[1], disc(120, 90, 100, 70, 10), seed=2 * product + 1))
    return made


class Listener:
    """Keeps what it is told; `after` is called after each step."""

    def __init__(self, after: Callable[[int], None] = lambda _: None) -> None:
        self.reports: list[EpochReport] = []
        self.steps = 0
        self._after = after

    def tell_step(self, epoch: int, share: float) -> None:
        self.steps += 1
        self._after(self.steps)

    def tell_epoch(self, report: EpochReport) -> None:
        self.reports.append(report)


def network_of(checkpoint: Path) -> Any:
    return load_segmenter(str(checkpoint), device="cpu").model.module


def trainer(
    network: Any,
    learned: Sequence[Example],
    watched: Sequence[Example],
    folder: Path,
    settings: TrainingSettings,
    rank: int = 0,
    team: Team | None = None,
) -> Trainer:
    from cutsmith.finetuning.interactive_step import Heads

    parameters = trained_parameters(network, rank, settings.seed)
    cache = None if rank else EmbeddingCache("base", folder / "embeddings")
    masks = TrueMasks(network.image_size // 2)
    for each in learned:
        masks.read(each, settings.variants)
    for each in watched:
        masks.read(each, (PLAIN,))
    embeddings = Embeddings(network, cache)
    state = StateFile(folder / "state", {"seed": settings.seed})
    return Trainer(Heads(network), parameters, embeddings, masks, learned, watched, settings, state, team)


def tensors(network: Any) -> dict[str, np.ndarray]:
    return {name: tensor.detach().numpy().copy() for name, tensor in network.state_dict().items()}


def changed(before: dict[str, np.ndarray], after: dict[str, np.ndarray]) -> set[str]:
    return {name for name in before if not np.array_equal(before[name], after[name])}
