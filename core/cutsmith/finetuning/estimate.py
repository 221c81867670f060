"""What a run would take, told beforehand: a picture is encoded and a step is done, and their times are multiplied."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from cutsmith.finetuning.training import MOST_OBJECTS

if TYPE_CHECKING:
    from cutsmith.finetuning.examples import Example
    from cutsmith.finetuning.finetune import Prepared, Wanted

_LOOKED_AT = 20
"""Pictures whose objects are counted."""

_STEPS = 3
"""Steps whose mean is taken, without corrections and with them."""


class Estimate(NamedTuple):
    """What a run would take.

    Attributes:
        pictures: that are encoded once, mirrored and smaller ones too; 0 where the encoder is trained.
        encoding_seconds: for all of them together.
        disk: bytes that their embeddings take.
        epoch_seconds: for one epoch.
        epochs: at most.
        memory: bytes that this process has taken, on the device.
    """

    pictures: int
    encoding_seconds: float
    disk: int
    epoch_seconds: float
    epochs: int
    memory: int


def estimate(wanted: Wanted, prepared: Prepared) -> Estimate:
    """What the run would take. Encodes one picture and does a few steps on it, which are thrown away.

    Raises:
        PictureError, DeviceOutOfMemory, and what opening the base raises.
    """
    import numpy as np
    import psutil
    import torch

    from cutsmith.finetuning.base_network import open_base, trained_parameters
    from cutsmith.finetuning.embeddings import Embeddings, TrueMasks
    from cutsmith.finetuning.interactive_step import Heads
    from cutsmith.finetuning.prompting import CORRECTED, FEWEST_ROUNDS, MOST_ROUNDS, StepPlan
    from cutsmith.finetuning.variants import PLAIN
    from cutsmith.segmentation.sam2_embedding import Embedding

    network: Any = open_base(prepared.base, wanted.threads).module
    trained_parameters(network, wanted.rank, wanted.settings.seed)
    settings = prepared.settings
    example = next(each for each in prepared.training if any(mask.any() for mask in each.truth.masks()))
    masks = TrueMasks(network.image_size // 2)
    masks.read(example, (PLAIN,))
    begun = perf_counter()
    with torch.set_grad_enabled(bool(wanted.rank)):
        embedding = Embeddings(network, None).of([(example, PLAIN)])
    encoding = perf_counter() - begun
    size = sum(tensor.numel() for tensor in embedding[:3]) * 2
    heads = Heads(network).train()
    coarse, middle, fine = (each.expand(settings.batch, -1, -1, -1) for each in embedding[:3])
    batch = Embedding(coarse, middle, fine, embedding.positions)
    samples = [masks.sample(example, PLAIN, 0)] * settings.batch

    def seconds(rounds: int) -> float:
        begun = perf_counter()
        plan = StepPlan("box", 1, rounds, gives_mask_back=False)
        for number in range(_STEPS):
            heads.loss(batch, samples, plan, np.random.default_rng(number)).backward(retain_graph=bool(wanted.rank))
        return (perf_counter() - begun) / _STEPS

    seconds(0)  # The first one also pays for what PyTorch sets up.
    corrected = seconds((FEWEST_ROUNDS + MOST_ROUNDS) // 2)
    step = seconds(0) * (1 - CORRECTED) + corrected * CORRECTED + (encoding * settings.batch if wanted.rank else 0.0)
    pictures = 0 if wanted.rank else len(prepared.training) * len(settings.variants) + len(prepared.watched)
    memory = torch.cuda.max_memory_allocated() if prepared.base.device == "cuda" else psutil.Process().memory_info().rss
    return Estimate(
        pictures,
        encoding * pictures,
        size * pictures,
        step * max(1, round(_objects(prepared.training) / (settings.batch * prepared.team.size))),
        settings.epochs,
        memory,
    )


def _objects(examples: Sequence[Example]) -> float:
    """About how many objects an epoch takes, by some of the pictures; one without any counts as one."""
    some = examples[:: max(1, len(examples) // _LOOKED_AT)]
    counts = [min(MOST_OBJECTS, max(1, len(each.truth.masks()))) for each in some]
    return sum(counts) / len(counts) * len(examples)
