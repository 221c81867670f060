"""RembgCut: the main subject of each image, in one step."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .. import loaded_models
from ..loaded_models import AUTO
from ..model_choices import DEFAULT_REMOVER, remover_choices
from ..notices import Notices
from ..previews import MaskPreviews
from ..running import Turn, for_each
from ..shared_inputs import (
    DEFAULT_COLOUR,
    NO_BACKGROUND,
    background_inputs,
    band_inputs,
    hardening_inputs,
    mask_edit_inputs,
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
                io.Combo.Input(
                    "model",
                    options=remover_choices(),
                    default=DEFAULT_REMOVER,
                    tooltip="A removal model from the catalogue, an ONNX file in ComfyUI's folder models/rembg, a "
                    "BiRefNet file in models/background_removal, models/BiRefNet or models/RMBG, or, if rembg is "
                    "installed, one of its own sessions (rembg:NAME).",
                ),
                option_input("matting"),
                *band_inputs(),
                *mask_edit_inputs(),
                *background_inputs(),
                *model_inputs(),
                *hardening_inputs(),
                option_input("looks", optional=True),
                option_input("matting_effort", optional=True),
                option_input("engine", optional=True),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The subject's colours; see background."),
                io.Mask.Output("mask", tooltip="1 = subject; all zeros if nothing was found."),
            ],
        )

    @classmethod
    def validate_inputs(cls, background_color: str | None = None) -> bool | str:
        """Reject an invalid colour before anything runs."""
        return why_no_colour(background_color) or True

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
                models = Models(remover=remover, matting_network=matting_network)

                def cut(picture: Picture, turn: Turn) -> Cutout:
                    try:
                        return cut_out(picture, request, models=models, cancelled=turn.cancelled)
                    except SubjectNotFound as nothing:
                        notices.say(what_of(nothing))
                        return refine_mask(
                            picture, empty_mask(picture), request.updated({"matting": "none", "band": None})
                        )

                def keep(cut: Cutout) -> None:
                    colours.add(shown_pixels(cut, background, background_color))
                    masks.add(cut.alpha)
                    previews.add(cut.alpha)
                    notices.tell(cut.warnings)

                for_each(pictures, cut, keep)
        return io.NodeOutput(colours.tensor(), masks.tensor(), ui=notices.with_previews(previews.shown()))
