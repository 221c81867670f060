"""RembgCut: the main subject of each image, in one step."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, cast

from comfy_api.latest import io

from .. import loaded_models
from ..model_choices import DEFAULT_REMOVER, remover_choices
from ..previews import MaskPreviews
from ..running import for_each
from ..shared_inputs import (
    MaskEdits,
    background_inputs,
    band_inputs,
    edited,
    mask_edit_inputs,
    model_inputs,
    shown_pixels,
    why_no_colour,
)
from ..tensors import ImageBatch, empty_mask, mask_tensor, pictures_of
from ..words import in_the_nodes_words, what_of

if TYPE_CHECKING:
    import torch

    from cutsmith.picture import Picture
    from cutsmith.result.cutout import Cutout

logger = logging.getLogger(__name__)

MATTING = ("none", "closed-form")


class RembgCut(io.ComfyNode):
    """Cuts the main subject out by a removal model: IS-Net, U2-Net, BiRefNet, or one of rembg's sessions."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithRembgCut",
            display_name="Rembg Cut (Cutsmith)",
            category="image/cut-out",
            description="Removes the background of each image by a removal model. The mask is the network's own "
            "probability, never stretched; where nothing is found it is zero.",
            search_aliases=["remove background", "rembg", "background removal", "isnet", "u2net", "birefnet", "cutout"],
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch; the main subject of each is cut out."),
                io.Combo.Input(
                    "model",
                    options=remover_choices(),
                    default=DEFAULT_REMOVER,
                    tooltip="A removal model of the catalogue, an ONNX file in ComfyUI's folder models/rembg, or, "
                    "where rembg is installed, one of its own sessions (rembg:NAME).",
                ),
                io.Combo.Input(
                    "matting",
                    options=list(MATTING),
                    default=MATTING[0],
                    tooltip="none: the model's soft mask is the alpha. closed-form: hair and fur are solved for in a "
                    "band around its edge (slower).",
                ),
                *band_inputs(),
                *mask_edit_inputs(),
                *background_inputs(),
                *model_inputs(),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The subject's colours; see background."),
                io.Mask.Output("mask", tooltip="1 = subject; where nothing was found, zeros."),
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
        model: str,
        matting: str,
        band_inner: int,
        band_outer: int,
        mask_blur: float = 0.0,
        mask_offset: int = 0,
        invert: bool = False,
        background: str = "none",
        background_color: str = "#ffffff",
        device: str = "auto",
        keep_model_loaded: bool = True,
    ) -> io.NodeOutput:
        """Colours and mask."""
        from cutsmith import SubjectNotFound, cut_out, refine_mask

        edits = MaskEdits(mask_offset, mask_blur, invert)
        with in_the_nodes_words():
            pictures = pictures_of(image)
            colours, previews = ImageBatch(len(pictures)), MaskPreviews()
            with loaded_models.remover(model, device, keep=keep_model_loaded) as remover:

                def cut(picture: Picture) -> Cutout:
                    try:
                        found = cut_out(
                            picture,
                            remover=remover,
                            matting=cast("Literal['closed-form', 'none']", matting),
                            band=None if matting == "none" else (band_inner, band_outer),
                        )
                    except SubjectNotFound as nothing:
                        logger.warning("Cutsmith: %s", what_of(nothing))
                        found = refine_mask(picture, empty_mask(picture), matting="none")
                    return edited(found, edits)

                def keep(cut: Cutout) -> None:
                    colours.add(shown_pixels(cut, background, background_color))
                    previews.add(cut.alpha)

                cuts = for_each(pictures, cut, keep)
        return io.NodeOutput(colours.tensor(), mask_tensor([each.alpha for each in cuts]), ui=previews.shown())
