"""TrimapMatting: a mask, painted or found -> true alpha and the subject's own colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

from comfy_api.latest import io

from ..previews import MaskPreviews
from ..running import for_each
from ..shared_inputs import (
    MaskEdits,
    background_inputs,
    band_inputs,
    edited,
    mask_edit_inputs,
    shown_pixels,
    why_no_colour,
)
from ..tensors import ImageBatch, mask_tensor, masks_for, pictures_of, trimap_tensor, trimaps_for
from ..words import in_the_nodes_words

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from cutsmith.picture import Picture
    from cutsmith.result.cutout import Cutout

    Given = tuple[Picture, NDArray[np.float32], NDArray[np.uint8] | None]

METHODS = ("closed-form", "none")


class TrimapMatting(io.ComfyNode):
    """Solves for alpha where a mask's edge is uncertain, and takes the old background out of the edge's colours."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithTrimapMatting",
            display_name="Trimap Matting (Cutsmith)",
            category="image/cut-out",
            description="Refines a mask to true alpha, hair and fur included (closed-form matting), and cleans the "
            "colours at the edge. No model is needed.",
            search_aliases=["matting", "closed form", "refine mask", "hair", "fur", "alpha", "refine edge"],
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch."),
                io.Mask.Input(
                    "mask", tooltip="1 = subject: painted, by SAM2 Mask, or by any node. One serves all images."
                ),
                io.Mask.Input(
                    "trimap",
                    optional=True,
                    tooltip="0 background, 0.5 unknown, 1 foreground: says what is solved for, instead of the band.",
                ),
                *band_inputs(),
                io.Combo.Input(
                    "method",
                    options=list(METHODS),
                    default=METHODS[0],
                    tooltip="closed-form solves for alpha in the band (Levin 2008). none takes the mask as it is.",
                ),
                io.Boolean.Input(
                    "refine_foreground",
                    default=True,
                    tooltip="Takes the old background's colour out of the edge.",
                ),
                *mask_edit_inputs(),
                *background_inputs(),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The subject's colours; see background."),
                io.Mask.Output("alpha", tooltip="1 = subject."),
                io.Mask.Output("trimap", tooltip="0 background, 0.5 unknown, 1 foreground."),
            ],
        )

    @classmethod
    def validate_inputs(cls, background_color: str | None = None) -> bool | str:
        """Refuse, before anything runs, a colour that is none."""
        return why_no_colour(background_color) or True

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        mask: torch.Tensor,
        band_inner: int,
        band_outer: int,
        method: str,
        refine_foreground: bool,
        trimap: torch.Tensor | None = None,
        mask_blur: float = 0.0,
        mask_offset: int = 0,
        invert: bool = False,
        background: str = "none",
        background_color: str = "#ffffff",
    ) -> io.NodeOutput:
        """Colours, alpha, and the trimap that was solved."""
        from cutsmith import refine_mask
        from cutsmith.matting.trimap import BACKGROUND, FOREGROUND, checked_trimap, trimap_from_soft_mask
        from cutsmith.pipeline.finishing import band_of

        edits = MaskEdits(mask_offset, mask_blur, invert)
        band = (band_inner, band_outer)

        def refine(given: Given) -> tuple[Cutout, NDArray[np.uint8]]:
            picture, soft_mask, wanted = given
            known = trimap_from_soft_mask(soft_mask, band_of(band)) if wanted is None else checked_trimap(wanted)
            # Where the band has nothing to hold on to, the engine knows what to do; else the trimap is made once.
            solvable = wanted is not None or ((known == FOREGROUND).any() and (known == BACKGROUND).any())
            cut = refine_mask(
                picture,
                soft_mask,
                trimap=known if solvable else None,
                matting=cast("Literal['closed-form', 'none']", method),
                band=band if method != "none" else None,
                foreground="blur-fusion" if refine_foreground else "none",
            )
            return edited(cut, edits), known

        with in_the_nodes_words():
            pictures = pictures_of(image)
            masks = [each for each in masks_for(mask, pictures) if each is not None]
            colours, previews = ImageBatch(len(pictures)), MaskPreviews()

            def keep(refined: tuple[Cutout, NDArray[np.uint8]]) -> None:
                colours.add(shown_pixels(refined[0], background, background_color))
                previews.add(refined[0].alpha)

            refined = for_each(list(zip(pictures, masks, trimaps_for(trimap, pictures), strict=True)), refine, keep)
        alpha = mask_tensor([cut.alpha for cut, _ in refined])
        return io.NodeOutput(
            colours.tensor(), alpha, trimap_tensor([known for _, known in refined]), ui=previews.shown()
        )
