"""PickObject: one of the objects that Text Detect or SAM2 Mask found, by its number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from cutsmith.errors import BadArray, BadOption

from ..notices import Notices
from ..previews import MaskPreviews
from ..running import InTurn
from ..tensors import MaskBatch, masks_of

if TYPE_CHECKING:
    import torch

    from cutsmith.result.cutout import FoundObject

_MOST_OBJECTS = 1000


class PickObject(io.ComfyNode):
    """Picks one object of each image: its mask, its box, or both."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithPickObject",
            display_name="Pick Object (Cutsmith)",
            category="image/cut-out",
            description="Picks one of the objects that Text Detect or SAM2 Mask found in each image, by its number. "
            "Text Detect's most certain object has the number 0.",
            search_aliases=["select mask", "pick one", "mask by index", "box by index", "choose object"],
            inputs=[
                io.Int.Input(
                    "index",
                    default=0,
                    min=-_MOST_OBJECTS,
                    max=_MOST_OBJECTS,
                    tooltip="Which object to pick: 0 is the first, 1 the second, and -1 the last. An image with fewer "
                    "objects gets an empty mask and no box.",
                ),
                io.Mask.Input(
                    "mask",
                    optional=True,
                    tooltip="SAM2 Mask's masks with individual_masks on. For a batch of images, connect its bboxes "
                    "too: they say which mask is of which image.",
                ),
                io.MultiType.Input(
                    "bboxes",
                    [io.BoundingBox, io.BBOX],
                    optional=True,
                    tooltip="The boxes of Text Detect or SAM2 Mask: a list for each image.",
                ),
            ],
            outputs=[
                io.Mask.Output("mask", tooltip="One mask for each image; empty where there is no such object."),
                io.BoundingBox.Output("bboxes", tooltip="A list for each image, with the one box or none."),
            ],
        )

    @classmethod
    def execute(cls, index: int, mask: torch.Tensor | None = None, bboxes: Any = None) -> io.NodeOutput:
        """Run the node; -> the masks and the boxes."""
        import numpy as np

        from ..bounding_boxes import native_boxes, objects_an_image
        from ..words import in_the_nodes_words

        with in_the_nodes_words():
            if mask is None and bboxes is None:
                raise BadOption(
                    "There must be a mask or bboxes to pick from, but got neither.",
                    "Connect SAM2 Mask's mask, or Text Detect's bboxes.",
                )
            masks = None if mask is None else masks_of(mask)
            objects = None if bboxes is None else objects_an_image(bboxes)
            counts = [len(masks)] if objects is None and masks is not None else [len(each) for each in objects or []]
            first = None if masks is None else _first_masks(counts, len(masks))
            _require_one(index, counts)
            picked, previews, notices = MaskBatch(len(counts)), MaskPreviews(), Notices()
            boxes: list[list[FoundObject]] = []
            for number, count in InTurn(len(counts))(enumerate(counts)):
                place = index + count if index < 0 else index
                is_there = 0 <= place < count
                notices.image([] if is_there else [f"There is no object {index}, only {count}."])
                if objects is not None:
                    boxes.append([objects[number][place]] if is_there else [])
                if masks is not None and first is not None:
                    chosen = masks[first[number] + place] if is_there else np.zeros_like(masks[first[number]])
                    picked.add(chosen)
                    previews.add(chosen)
        return io.NodeOutput(
            # An empty mask, as Load Image gives one, where only boxes were connected.
            picked.tensor() if masks is not None else _no_mask(len(counts)),
            [native_boxes(each) for each in boxes] if objects is not None else [[] for _ in counts],
            ui=notices.with_previews(previews.shown()),
        )


def _first_masks(counts: list[int], given: int) -> list[int]:
    """The number of each image's first mask. SAM2 Mask gives an empty one for an image without objects.

    Raises:
        BadArray: the boxes are of other objects than the masks.
    """
    lengths = [max(count, 1) for count in counts]
    if sum(lengths) != given:
        raise BadArray(
            f"There must be a mask for each of the {sum(lengths)} boxes, but got {given} masks.",
            "Turn on individual_masks of SAM2 Mask, and connect its own bboxes.",
        )
    return [sum(lengths[:number]) for number in range(len(lengths))]


def _require_one(index: int, counts: list[int]) -> None:
    """Raise BadOption if no image has such an object, though objects were found."""
    most = max(counts, default=0)
    if most and not -most <= index < most:
        raise BadOption(
            f"The index must be one of the objects' numbers, 0 to {most - 1} (or {-most} to -1 from the end), but is "
            f"{index}.",
            "Set index to 0 for the first object.",
        )


def _no_mask(count: int) -> torch.Tensor:
    import torch

    return torch.zeros(count, 64, 64)
