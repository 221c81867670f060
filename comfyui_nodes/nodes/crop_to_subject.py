"""CropToSubject: the part of each image around a mask, at a size that a sampler takes; PutBack lays it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io

from ..crops import SUBJECT, TYPE, WHOLE, Crop, cut, cut_mask, resized
from ..notices import Notices
from ..previews import MaskPreviews
from ..running import InTurn
from ..tensors import Made, MaskBatch, masks_for, pictures_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

_MOST_SIDE = 16384
_EMPTY = f"The mask is empty: Put Back with {SUBJECT!r} lays nothing back, and with {WHOLE!r} all of the crop."


class CropToSubject(io.ComfyNode):
    """Crops images to what a mask marks, with a margin, for inpainting at full detail."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithCropToSubject",
            display_name="Crop to Subject (Cutsmith)",
            category="image/cut-out",
            description="Crops each image to what its mask marks, with a margin, so that a sampler works on that part "
            "at full detail. Put Back lays the edited crop into the image again.",
            search_aliases=["crop and stitch", "inpaint crop", "crop to mask", "crop by mask", "inpainting"],
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch."),
                io.Mask.Input("mask", tooltip="1 = what the crop is about. One mask can serve all images."),
                io.Float.Input(
                    "margin",
                    default=0.2,
                    min=0.0,
                    max=4.0,
                    step=0.05,
                    tooltip="How much of the surroundings to add on each side, as a share of the subject's longer "
                    "side. A sampler needs to see what the subject stands on.",
                ),
                io.Int.Input(
                    "width",
                    default=0,
                    min=0,
                    max=_MOST_SIDE,
                    step=8,
                    tooltip="The crop is resized to this width, in pixels. With 0 here and in height, it keeps its own "
                    "size, and nothing is resized.",
                ),
                io.Int.Input(
                    "height",
                    default=0,
                    min=0,
                    max=_MOST_SIDE,
                    step=8,
                    tooltip="The crop is resized to this height, in pixels. With 0 in one of the two, it is a square.",
                ),
                io.Int.Input(
                    "multiple",
                    default=8,
                    min=1,
                    max=256,
                    optional=True,
                    advanced=True,
                    tooltip="Width and height of the crop are multiples of this: 8 for Stable Diffusion, 16 for Flux.",
                ),
            ],
            outputs=[
                io.Image.Output("image", tooltip="The crops, all of one size."),
                io.Mask.Output("mask", tooltip="The mask within each crop."),
                io.Custom(TYPE).Output("crop", tooltip="Where the crops came from, for Put Back."),
            ],
        )

    @classmethod
    def execute(
        cls, image: torch.Tensor, mask: torch.Tensor, margin: float, width: int, height: int, multiple: int | None = 8
    ) -> io.NodeOutput:
        """Run the node; -> the crops, their masks and where they came from."""
        import torch

        from cutsmith.result.crop_window import TRACE, delivered_size, windows_around

        from ..words import in_the_nodes_words

        with in_the_nodes_words():
            pictures, multiple = pictures_of(image), multiple or 1
            count, planes = len(pictures), masks_for(mask, pictures)

            def whole(number: int) -> NDArray[np.float32]:
                plane = planes[number]
                assert plane is not None, "the node needs a mask"
                return plane

            masks, turns = Made(count, whole), InTurn(2 * count)
            size = (width or height, height or width) if width or height else None
            windows = windows_around(turns(masks), margin=margin, multiple=multiple, size=size)
            side = delivered_size(size, multiple) if size is not None else (windows[0].width, windows[0].height)
            # Its pages take memory only as they are filled.
            crops = image.new_empty((count, side[1], side[0], image.shape[-1]))
            within = Made(count, lambda number: cut_mask(masks[number], windows[number]))
            notices, previews, cropped = Notices(), MaskPreviews(), MaskBatch(count)
            for number in turns(range(count)):
                crops[number] = cut(image[number], windows[number], side)
                part = within[number]
                notices.image([] if (part > TRACE).any() else [_EMPTY])
                shown = resized(torch.from_numpy(part), side).numpy()
                cropped.add(shown)
                previews.add(shown)
        return io.NodeOutput(
            crops,
            cropped.tensor(),
            Crop(image, tuple(windows), crops, within),
            ui=notices.with_previews(previews.shown()),
        )
