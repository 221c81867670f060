"""TrimapMatting: a painted or detected mask -> true alpha and the subject's own colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from .. import loaded_models
from ..loaded_models import AUTO
from ..notices import Notices
from ..previews import MaskPreviews
from ..running import Turn, for_each
from ..shared_inputs import (
    DEFAULT_COLOUR,
    NO_BACKGROUND,
    background_inputs,
    band_inputs,
    chosen_band,
    hardening_inputs,
    mask_edit_inputs,
    matting_effort_input,
    option_input,
    request_of,
    shown_pixels,
    why_no_colour,
)
from ..tensors import ImageBatch, MaskBatch, masks_for, pictures_of, trimaps_for

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from cutsmith.result.cutout import Cutout


class TrimapMatting(io.ComfyNode):
    """Solves for alpha where a mask's edge is uncertain, and removes the old background from the edge's colours."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithTrimapMatting",
            display_name="Trimap Matting (Cutsmith)",
            category="image/cut-out",
            description="Refines a mask to true alpha, including hair and fur (closed-form matting), and cleans the "
            "colours at the edge. It needs no model.",
            search_aliases=["matting", "closed form", "refine mask", "hair", "fur", "alpha", "refine edge"],
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch."),
                io.Mask.Input(
                    "mask",
                    tooltip="1 = subject. Paint it, or connect SAM2 Mask or another node. One mask can serve all.",
                ),
                io.Mask.Input(
                    "trimap",
                    optional=True,
                    tooltip="0 background, 0.5 unknown, 1 foreground. Replaces the band: the unknown is solved.",
                ),
                *background_inputs(),
                option_input("matting", optional=True),
                *band_inputs(trimap=[None]),
                io.Boolean.Input(
                    "refine_foreground",
                    default=True,
                    optional=True,
                    advanced=True,
                    tooltip="Removes the old background's colour from the edge.",
                ),
                *mask_edit_inputs(),
                *hardening_inputs(),
                matting_effort_input(),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The subject's colours; see background."),
                io.Mask.Output("alpha", tooltip="1 = subject."),
                io.Mask.Output(
                    "trimap",
                    tooltip="The trimap as it was read or, without one, the band that was solved: 0 background, "
                    "0.5 unknown, 1 foreground.",
                ),
            ],
            # Workflows from version 0.1 call `matting` "method".
            accept_all_inputs=True,
        )

    @classmethod
    def validate_inputs(cls, background_color: str | None = None) -> bool | str:
        """Reject an invalid colour before anything runs."""
        return why_no_colour(background_color) or True

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        mask: torch.Tensor,
        trimap: torch.Tensor | None = None,
        background: str | None = NO_BACKGROUND,
        background_color: str | None = DEFAULT_COLOUR,
        refine_foreground: bool | None = True,
        **options: Any,
    ) -> io.NodeOutput:
        """Run the node; -> the image, the alpha and the trimap that was solved."""
        from cutsmith import Models, refine_mask
        from cutsmith.matting.solved_trimap import solved_trimap
        from cutsmith.matting.trimap import Band, snapped_trimap
        from cutsmith.options import OPTIONS

        method = options.pop("method", None)
        options["matting"] = options.get("matting") or method or OPTIONS["matting"].default
        chosen = chosen_band(options)
        band = None if chosen is None else Band(*chosen)

        def refine(number: int, turn: Turn) -> tuple[Cutout, NDArray[np.uint8]]:
            picture, soft_mask, wanted = pictures[number], masks[number], trimaps[number]
            assert soft_mask is not None, "the node needs a mask"
            if wanted is not None:
                known = snapped_trimap(wanted).trimap
            else:
                known = solved_trimap(soft_mask, request.finish.matting, band)
            # A painted trimap goes on as it is, so that the engine tells what it snaps.
            refined = refine_mask(
                picture,
                soft_mask,
                request.updated({"trimap": wanted}),
                models=models,
                cancelled=turn.cancelled,
            )
            return refined, known

        from ..words import in_the_nodes_words

        with in_the_nodes_words():
            request = request_of(
                options, foreground="none" if refine_foreground is False else OPTIONS["foreground"].default
            )
            pictures = pictures_of(image)
            masks, trimaps = masks_for(mask, pictures), trimaps_for(trimap, pictures)
            colours = ImageBatch(len(pictures))
            alphas, solved = MaskBatch(len(pictures)), MaskBatch(len(pictures))
            previews, notices = MaskPreviews(), Notices()

            def keep(refined: tuple[Cutout, NDArray[np.uint8]]) -> None:
                cut, known = refined
                colours.add(shown_pixels(cut, background, background_color))
                alphas.add(cut.alpha)
                solved.add_trimap(known)
                previews.add(cut.alpha)
                notices.image(cut.warnings, cut.provenance)

            with loaded_models.matting_network(request, AUTO, keep=True, tell=notices.tell) as network:
                models = Models(matting_network=network)
                for_each(range(len(pictures)), refine, keep)
        return io.NodeOutput(
            colours.tensor(), alphas.tensor(), solved.tensor(), ui=notices.with_previews(previews.shown())
        )
