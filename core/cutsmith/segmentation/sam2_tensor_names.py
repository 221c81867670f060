"""SAM 2's tensors by transformers' names -> by its publisher's.

transformers writes SAM 2 as `Sam2Model` or `Sam2VideoModel` with names of its own; facebook/sam2.1-hiera-large holds
such a model.safetensors beside the publisher's .pt. The numbers are the same.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

ONLY_FOR_FILMS = ("maskmem_tpos_enc", "mask_downsample", "memory_", "no_mem_pos_enc", "no_obj_", "obj_ptr_")
"""Beginnings of the publisher's names for what only films need: the memory of earlier frames."""

_POINTS = "prompt_encoder.point_embed.weight"
_SIGN = "vision_encoder.backbone.patch_embed.projection.weight"
# Beginnings of transformers' names for the memory, and the second name of a tensor, which files mostly leave out.
_LEFT_OUT = (
    "mask_downsample.",
    "memory_",
    "no_memory_positional_encoding",
    "no_object_pointer",
    "object_pointer_proj.",
    "occlusion_spatial_embedding_parameter",
    "temporal_positional_encoding_projection_layer.",
    "prompt_encoder.shared_embedding.",
)
# In order; each is applied to what the ones before have left.
_RENAMED = tuple(
    (re.compile(pattern), name)
    for pattern, name in (
        (r"^no_memory_embedding$", "no_mem_embed"),
        (
            r"^shared_image_embedding\.positional_embedding$",
            "sam_prompt_encoder.pe_layer.positional_encoding_gaussian_matrix",
        ),
        (r"^vision_encoder\.neck\.convs\.(\d+)\.", r"image_encoder.neck.convs.\1.conv."),
        (r"^vision_encoder\.backbone\.patch_embed\.projection\.", "image_encoder.trunk.patch_embed.proj."),
        (r"^vision_encoder\.backbone\.", "image_encoder.trunk."),
        (r"^prompt_encoder\.mask_embed\.conv1\.", "sam_prompt_encoder.mask_downscaling.0."),
        (r"^prompt_encoder\.mask_embed\.layer_norm1\.", "sam_prompt_encoder.mask_downscaling.1."),
        (r"^prompt_encoder\.mask_embed\.conv2\.", "sam_prompt_encoder.mask_downscaling.3."),
        (r"^prompt_encoder\.mask_embed\.layer_norm2\.", "sam_prompt_encoder.mask_downscaling.4."),
        (r"^prompt_encoder\.mask_embed\.conv3\.", "sam_prompt_encoder.mask_downscaling.6."),
        (r"^prompt_encoder\.", "sam_prompt_encoder."),
        (r"^mask_decoder\.upscale_conv1\.", "sam_mask_decoder.output_upscaling.0."),
        (r"^mask_decoder\.upscale_layer_norm\.", "sam_mask_decoder.output_upscaling.1."),
        (r"^mask_decoder\.upscale_conv2\.", "sam_mask_decoder.output_upscaling.3."),
        (r"^mask_decoder\.", "sam_mask_decoder."),
        # Of two linear layers, or of three.
        (r"\.mlp\.proj_in\.", ".mlp.layers.0."),
        (r"\.mlp\.proj_out\.", ".mlp.layers.1."),
        (r"(mlps\.\d+|_head)\.layers\.0\.", r"\1.layers.1."),
        (r"(mlps\.\d+|_head)\.proj_in\.", r"\1.layers.0."),
        (r"(mlps\.\d+|_head)\.proj_out\.", r"\1.layers.2."),
        (r"\.o_proj\.", ".out_proj."),
        (r"layer_norm", "norm"),
    )
)


def is_in_hub_names(tensors: Mapping[str, torch.Tensor]) -> bool:
    """Whether `tensors` are a SAM 2's by transformers' names."""
    return _SIGN in tensors


def in_publishers_names(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What pictures need of `tensors`, which are by transformers' names, by the publisher's.

    A name that is neither's stays as it is.
    """
    renamed: dict[str, torch.Tensor] = {}
    for name, tensor in tensors.items():
        if name == _POINTS:
            for number, row in enumerate(tensor):
                renamed[f"sam_prompt_encoder.point_embeddings.{number}.weight"] = row[None]
        elif not name.startswith(_LEFT_OUT):
            renamed[_publishers_name(name)] = tensor
    return renamed


def _publishers_name(name: str) -> str:
    for pattern, replacement in _RENAMED:
        name = pattern.sub(replacement, name)
    return name
