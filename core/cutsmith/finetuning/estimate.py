"""What a run would take, told beforehand: a picture is encoded and a step is done, and their times are multiplied."""

from __future__ import annotations

from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cutsmith.finetuning.finetune import Prepared, Wanted

_STEPS = 4
"""Steps whose mean is taken: some have corrections, and take several times as long."""


def estimate(wanted: Wanted, prepared: Prepared) -> list[str]:
    """Time, disk and memory in sentences. Trains on one picture for seconds, and throws that away.

    Raises:
        PictureError, DeviceOutOfMemory, and what opening the base raises.
    """
    import numpy as np
    import psutil
    import torch

    from cutsmith.finetuning.base_network import open_base, trained_parameters
    from cutsmith.finetuning.embeddings import Embeddings, TrueMasks
    from cutsmith.finetuning.interactive_step import Heads
    from cutsmith.finetuning.prompting import StepPlan
    from cutsmith.finetuning.variants import PLAIN
    from cutsmith.segmentation.sam2_embedding import Embedding

    network: Any = open_base(prepared.base, wanted.threads).module
    trained_parameters(network, wanted.rank, wanted.settings.seed)
    settings = replace(wanted.settings, batch=wanted.batch or prepared.preset.batch)
    example = next(each for each in prepared.training if each.truth.masks())
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
    begun = perf_counter()
    # The mean of what is drawn: half of the steps with three to eight corrections.
    for number in range(_STEPS):
        plan = StepPlan("box", 1, 5 if number % 2 else 0, gives_mask_back=False)
        for loss in heads.rounds(batch, samples, plan, np.random.default_rng(number)):
            loss.backward(retain_graph=bool(wanted.rank))
    step = (perf_counter() - begun) / _STEPS + (encoding * settings.batch if wanted.rank else 0.0)
    pictures = len(prepared.training) * len(settings.variants) + len(prepared.watched)
    epoch = step * max(1, len(prepared.training) // settings.batch)
    lines = [f"An epoch takes about {_time(epoch)}; {settings.epochs} epochs at most {_time(epoch * settings.epochs)}."]
    if not wanted.rank:
        time, room = _time(encoding * pictures), _bytes(size * pictures)
        lines.insert(0, f"Encoding {pictures} pictures once takes about {time}, and {room} of disk.")
    memory = torch.cuda.max_memory_allocated() if prepared.base.device == "cuda" else psutil.Process().memory_info().rss
    lines.append(f"It takes about {_bytes(memory)} of memory on {prepared.base.device}.")
    return lines


def _time(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _bytes(number: float) -> str:
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"
