"""Which Grounding DINO a checkpoint holds, read from its tensors: no file beside it has to say so."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.errors import ModelUnusable

if TYPE_CHECKING:
    import torch

# Google's BERTs, from tiny to large, all have heads of 64 channels; the tensors do not say how they are split.
_CHANNELS_A_HEAD = 64


@dataclass(frozen=True)
class CheckpointSizes:
    """The sizes of a network, by upstream's names.

    Attributes:
        detector: settings of the package's configuration.
        swin: keywords of the package's `SwinTransformer`.
        bert: keywords of transformers' `BertConfig`.
    """

    detector: dict[str, int]
    swin: dict[str, Any]
    bert: dict[str, int]

    @property
    def name(self) -> str:
        """What people call it: Swin-T and Swin-B are the official ones."""
        official = {(96, 7): "Swin-T", (128, 12): "Swin-B"}
        channels, window = self.swin["embed_dim"], self.swin["window_size"]
        return f"Grounding DINO {official.get((channels, window), f'(Swin of {channels} channels, window {window})')}"


def checkpoint_sizes(tensors: Mapping[str, torch.Tensor], path: Path) -> CheckpointSizes:
    """The sizes of the network that `tensors`, by name, belong to; `path` is their file, for messages.

    Raises:
        ModelUnusable: a tensor that every Grounding DINO has is missing, or has another number of axes.
    """

    def shape(name: str, axes: int) -> tuple[int, ...]:
        if name not in tensors or tensors[name].ndim != axes:
            raise ModelUnusable(
                f"{path} is not a Grounding DINO checkpoint: {name} of {axes} axes is not among its {len(tensors)} "
                "tensors.",
                "Take a checkpoint in the format of groundingdino_swint_ogc.pth or groundingdino_swinb_cogcoor.pth.",
            )
        return tuple(tensors[name].shape)

    vocabulary, hidden = shape("bert.embeddings.word_embeddings.weight", 2)
    # A row for each distance within a window: (2 * side - 1) squared.
    distances, _ = shape(_bias_table(0), 2)
    stages = range(_count(tensors, r"backbone\.0\.layers\.(\d+)\.blocks\."))
    return CheckpointSizes(
        detector={
            "enc_layers": _count(tensors, r"transformer\.encoder\.layers\.(\d+)\."),
            "dec_layers": _count(tensors, r"transformer\.decoder\.layers\.(\d+)\."),
            "dim_feedforward": shape("transformer.encoder.layers.0.linear1.weight", 2)[0],
            "num_queries": shape("transformer.tgt_embed.weight", 2)[0],
            "hidden_dim": shape("feat_map.weight", 2)[0],
        },
        swin={
            "embed_dim": shape("backbone.0.patch_embed.proj.weight", 4)[0],
            "depths": [_count(tensors, rf"backbone\.0\.layers\.{stage}\.blocks\.(\d+)\.") for stage in stages],
            "num_heads": [shape(_bias_table(stage), 2)[1] for stage in stages],
            "window_size": (isqrt(distances) + 1) // 2,
        },
        bert={
            "vocab_size": vocabulary,
            "hidden_size": hidden,
            "num_hidden_layers": _count(tensors, r"bert\.encoder\.layer\.(\d+)\."),
            "num_attention_heads": max(1, hidden // _CHANNELS_A_HEAD),
            "intermediate_size": shape("bert.encoder.layer.0.intermediate.dense.weight", 2)[0],
            "max_position_embeddings": shape("bert.embeddings.position_embeddings.weight", 2)[0],
            "type_vocab_size": shape("bert.embeddings.token_type_embeddings.weight", 2)[0],
        },
    )


def _bias_table(stage: int) -> str:
    return f"backbone.0.layers.{stage}.blocks.0.attn.relative_position_bias_table"


def _count(tensors: Mapping[str, torch.Tensor], pattern: str) -> int:
    """How many different layers the names have that begin with `pattern`."""
    return len({found[1] for name in tensors if (found := re.match(pattern, name))})
