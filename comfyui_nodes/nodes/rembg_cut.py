"""RembgCut: the main subject of each image, in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .. import loaded_models
from ..loaded_models import AUTO
from ..model_lists import model_input, why_no_model
from ..notices import Judged, Notices
from ..previews import MaskPreviews
from ..remembered import RememberingRemover
from ..running import Turn, for_each
from ..shared_inputs import (
    DEFAULT_COLOUR,
    NO_BACKGROUND,
    background_inputs,
    band_inputs,
    hardening_inputs,
    mask_edit_inputs,
    matting_effort_input,
    model_inputs,
    option_input,
    request_of,
    shown_pixels,
    why_no_colour,
)
from ..tensors import ImageBatch, MaskBatch, empty_mask, pictures_of

if TYPE_CHECKING:
    import torch

    from cutsmith.picture import Picture
    from cutsmith.result.cutout import Cutout

    # What was cut out; and why it is empty, or "".
    Cut = tuple[Cutout, str]


class RembgCut(io.ComfyNode):
    """Cuts out the main subject with a removal model: IS-Net, U2-Net, BiRefNet, or one of rembg's sessions."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithRembgCut",
            display_name="Rembg Cut (Cutsmith)",
            category="image/cut-out",
            description="Removes the background of each image with a removal model. The mask is the network's own "
            "probability, never stretched; it is zero if nothing is found.",
            search_aliases=["remove background", "rembg", "background removal", "isnet", "u2net", "birefnet", "cutout"],
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch. The main subject of each is cut out."),
                model_input(
                    "remover",
                    "A removal model from the catalogue, an ONNX file in ComfyUI's folder models/rembg, a "
                    "BiRefNet file in models/background_removal, models/BiRefNet or models/RMBG, or, if rembg is "
                    "installed, one of its own sessions (rembg:NAME).",
                ),
                *background_inputs(),
                option_input("matting", optional=True),
                *band_inputs(advanced=True),
                *mask_edit_inputs(),
                *model_inputs(),
                *hardening_inputs(),
                option_input("looks", optional=True),
                matting_effort_input(),
                option_input("engine", optional=True),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The subject's colours; see background."),
                io.Mask.Output("mask", tooltip="1 = subject; all zeros if nothing was found."),
            ],
        )

    @classmethod
    def validate_inputs(cls, background_color: str | None = None, model: str | None = None) -> bool | str:
        """Reject an invalid colour, or an unknown model, before anything runs."""
        return why_no_colour(background_color) or why_no_model(model, "remover") or True

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        model: str,
        background: str | None = NO_BACKGROUND,
        background_color: str | None = DEFAULT_COLOUR,
        device: str | None = AUTO,
        keep_model_loaded: bool | None = True,
        engine: str | None = AUTO,
        **options: Any,
    ) -> io.NodeOutput:
        """Run the node; -> the image and the mask."""
        from cutsmith import Models, SubjectNotFound, cut_out, refine_mask

        from ..words import in_the_nodes_words, what_of

        with in_the_nodes_words():
            request = request_of(options)
            pictures = pictures_of(image)
            colours, masks = ImageBatch(len(pictures)), MaskBatch(len(pictures))
            previews, notices = MaskPreviews(), Notices()
            with (
                loaded_models.remover(
                    model, device, keep=keep_model_loaded, tell=notices.tell, engine=engine
                ) as remover,
                loaded_models.matting_network(
                    request, device, keep=keep_model_loaded, tell=notices.tell
                ) as matting_network,
            ):
                models = Models(remover=RememberingRemover(remover), matting_network=matting_network)
                notices.ran(models.provenance())

                def cut(picture: Picture, turn: Turn) -> Cut:
                    try:
                        return cut_out(picture, request, models=models, cancelled=turn.cancelled), ""
                    except SubjectNotFound as nothing:
                        without = request.updated({"matting": "none", "band": None})
                        return refine_mask(picture, empty_mask(picture), without), what_of(nothing)

                def keep(each: Cut) -> None:
                    cut, why_empty = each
                    colours.add(shown_pixels(cut, background, background_color))
                    masks.add(cut.alpha)
                    previews.add(cut.alpha)
                    if why_empty:
                        notices.nothing(why_empty)
                    else:
                        notices.judged(Judged.of(cut))

                for_each(pictures, cut, keep)
        return io.NodeOutput(colours.tensor(), masks.tensor(), ui=notices.with_previews(previews.shown()))
