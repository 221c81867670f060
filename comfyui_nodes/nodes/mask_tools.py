"""MaskTools: the largest parts of a mask, without specks and holes, then grown, blurred or hardened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from ..notices import Notices
from ..previews import MaskPreviews
from ..running import Turn, for_each
from ..shared_inputs import hardening_inputs, mask_edit_inputs, request_of
from ..tensors import MaskBatch, masks_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

_MOST_PARTS = 1000
_MOST_PIXELS = 100_000_000


class MaskTools(io.ComfyNode):
    """Cleans masks: keeps the largest parts, fills holes, removes specks."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithMaskTools",
            display_name="Mask Tools (Cutsmith)",
            category="image/cut-out",
            description="Keeps a mask's largest parts, fills its holes and removes specks. Soft edges stay as they "
            "are. Then the mask can be grown, blurred or hardened.",
            search_aliases=[
                "keep largest",
                "largest component",
                "fill holes",
                "despeckle",
                "remove small regions",
                "clean mask",
                "grow mask",
            ],
            inputs=[
                io.Mask.Input("mask", tooltip="One mask or a batch. Each is cleaned by itself."),
                io.Int.Input(
                    "keep_largest",
                    default=1,
                    min=0,
                    max=_MOST_PARTS,
                    tooltip="How many of the mask's separate parts to keep, the largest first. 0 keeps all.",
                ),
                io.Boolean.Input(
                    "fill_holes",
                    default=False,
                    tooltip="Fills holes that the mask surrounds, such as a missed spot. The gap in a mug's handle is "
                    "a hole too.",
                ),
                io.Int.Input(
                    "largest_hole",
                    default=0,
                    min=0,
                    max=_MOST_PIXELS,
                    tooltip="With fill_holes: holes of up to this many pixels are filled. 0 fills holes of any size.",
                ),
                io.Int.Input(
                    "despeckle",
                    default=0,
                    min=0,
                    max=_MOST_PIXELS,
                    tooltip="Parts with fewer pixels than this are removed. 0 removes none.",
                ),
                *mask_edit_inputs(),
                *hardening_inputs(),
            ],
            outputs=[io.Mask.Output("mask", tooltip="The cleaned masks: 1 = subject.")],
        )

    @classmethod
    def execute(
        cls,
        mask: torch.Tensor,
        keep_largest: int = 1,
        fill_holes: bool = False,
        largest_hole: int = 0,
        despeckle: int = 0,
        **options: Any,
    ) -> io.NodeOutput:
        """Run the node; -> the masks."""
        from cutsmith.matting.mask_parts import cleaned_mask
        from cutsmith.pipeline.finishing import edited

        from ..words import in_the_nodes_words

        with in_the_nodes_words():
            finish = request_of(options).finish
            masks = masks_of(mask)
            cleaned, previews, notices = MaskBatch(len(masks)), MaskPreviews(), Notices()

            def clean(each: NDArray[np.float32], _: Turn) -> NDArray[np.float32]:
                kept = cleaned_mask(
                    each,
                    keep_largest=keep_largest or None,
                    smallest_part=despeckle,
                    largest_hole=(largest_hole or None) if fill_holes else 0,
                )
                return edited(kept, finish)

            def keep(each: NDArray[np.float32]) -> None:
                cleaned.add(each)
                previews.add(each)

            for_each(masks, clean, keep)
        return io.NodeOutput(cleaned.tensor(), ui=notices.with_previews(previews.shown()))
