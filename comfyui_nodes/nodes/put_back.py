"""PutBack: lays crops that were edited into the images that they came from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from comfy_api.latest import io

from cutsmith.errors import BadArray, BadOption

from ..crops import SUBJECT, TYPE, WHOLE, Crop, put_back, resized
from ..running import InTurn
from ..tensors import Made, masks_of, pictures_of

if TYPE_CHECKING:
    import torch
    from numpy.typing import NDArray


class PutBack(io.ComfyNode):
    """Lays edited crops back; all that was not edited stays the same to the bit."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithPutBack",
            display_name="Put Back (Cutsmith)",
            category="image/cut-out",
            description="Lays a crop from Crop to Subject into its image again, after it was edited. What lies outside "
            "the mask and its feather, and every pixel that was not edited, stays the same to the bit.",
            search_aliases=["crop and stitch", "inpaint stitch", "uncrop", "paste back", "stitch"],
            inputs=[
                io.Custom(TYPE).Input("crop", tooltip="From Crop to Subject."),
                io.Image.Input(
                    "image", tooltip="The edited crop, or a batch of them. It may have another size: it is resized."
                ),
                io.Combo.Input(
                    "put_back",
                    options=[SUBJECT, WHOLE],
                    default=SUBJECT,
                    tooltip=f"{SUBJECT}: what the mask marks, fading into the image around it. {WHOLE}: all of the "
                    "crop, fading at its sides.",
                ),
                io.Int.Input(
                    "feather",
                    default=16,
                    min=0,
                    max=1024,
                    tooltip="Over how many pixels of the image the crop fades into it. 0: a hard edge.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="What to put back instead of the mask that was cropped, at the crop's size.",
                ),
            ],
            outputs=[io.Image.Output("image", tooltip="The whole images with the edited crops in them.")],
        )

    @classmethod
    def execute(
        cls,
        crop: Crop,
        image: torch.Tensor,
        put_back: str | None = SUBJECT,
        feather: int | None = 16,
        mask: torch.Tensor | None = None,
    ) -> io.NodeOutput:
        """Run the node; -> the whole images."""
        from ..words import in_the_nodes_words

        with in_the_nodes_words():
            if not isinstance(crop, Crop):
                raise BadOption(
                    f"The crop must come from Crop to Subject, but got {type(crop).__name__}.",
                    "Connect the output crop of Crop to Subject.",
                )
            return io.NodeOutput(_whole(crop, image, put_back == WHOLE, feather or 0, mask))


def _whole(crop: Crop, image: torch.Tensor, whole: bool, feather: int, mask: torch.Tensor | None) -> torch.Tensor:
    import torch

    pictures_of(image)  # refuses NaN, which would spread
    masks, count = None, len(crop.windows)
    if mask is not None:
        planes = masks_of(mask)
        if len(planes) not in (1, count):
            raise BadArray(
                f"There must be 1 or {count} masks for {count} crops, but got {len(planes)}.",
                "Connect the masks of the same batch, or a single one.",
            )

        def within(number: int) -> NDArray[np.float32]:
            window = crop.windows[number]
            plane = torch.from_numpy(planes[number % len(planes)])
            return np.asarray(resized(plane, (window.width, window.height)).numpy(), np.float32)

        masks = Made(count, within)
    return put_back(crop, image, masks, feather, whole=whole, numbers=InTurn(count)(range(count)))
