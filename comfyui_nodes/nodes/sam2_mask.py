"""SAM2Mask: boxes, clicks or a rough mask -> soft masks, from SAM 2 or from a removal model on each box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from comfy_api.latest import io

from cutsmith.errors import BadOption, BadPoint

from .. import loaded_models
from ..click_points import EXAMPLE, click_points
from ..loaded_models import AUTO
from ..model_choices import DEFAULT_REMOVER, DEFAULT_SAM2, SUBJECT_IN_BOX, sam2_choices
from ..notices import Notices
from ..previews import MaskPreviews
from ..running import Turn, for_each
from ..shared_inputs import hardening_inputs, mask_edit_inputs, model_inputs, request_of
from ..tensors import MaskBatch, empty_mask, masks_for, pictures_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from cutsmith import Models
    from cutsmith.picture import Picture
    from cutsmith.pipeline.prompting import Asked
    from cutsmith.protocols import Point, Segmenter
    from cutsmith.request import Request
    from cutsmith.result.cutout import FoundObject

    from ..bounding_boxes import NativeBox
    from ..loaded_models import Tell

    Masked = list[tuple[NDArray[np.float32], FoundObject]]


class SAM2Mask(io.ComfyNode):
    """Masks the objects that boxes, clicks or a rough mask point at."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithSAM2Mask",
            display_name="SAM2 Mask (Cutsmith)",
            category="image/cut-out",
            description="Makes soft masks of the objects that boxes, clicks or a rough mask point at, with SAM 2. "
            "1 is the subject.",
            search_aliases=["segment anything", "sam2", "sam 2.1", "box to mask", "points to mask", "segmentation"],
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch. Each is masked."),
                io.Combo.Input(
                    "model",
                    options=sam2_choices(),
                    default=DEFAULT_SAM2,
                    tooltip="A SAM 2 model from the catalogue, or one in ComfyUI's folder models/sam2. "
                    f"'{SUBJECT_IN_BOX}' needs boxes, but not SAM 2.",
                ),
                io.MultiType.Input(
                    "bboxes",
                    [io.BoundingBox, io.BBOX],
                    optional=True,
                    tooltip="Boxes of objects, such as those from Text Detect: a list per image, or one list for all. "
                    "A BBOX of four numbers is read as corners: x0, y0, x1, y1.",
                ),
                io.String.Input(
                    "positive_points",
                    default="",
                    placeholder=EXAMPLE,
                    optional=True,
                    tooltip=f"Clicks on the subject in the form that point editors write: {EXAMPLE}, in pixels.",
                ),
                io.String.Input(
                    "negative_points",
                    default="",
                    placeholder=EXAMPLE,
                    optional=True,
                    tooltip="Clicks on parts that do not belong to the subject.",
                ),
                io.Mask.Input("mask", optional=True, tooltip="A rough mask of the subject, which is made exact."),
                io.Boolean.Input(
                    "individual_masks",
                    default=False,
                    optional=True,
                    tooltip="Off: one mask per image, with all its objects. On: one mask per object, image by image.",
                ),
                *mask_edit_inputs(),
                *model_inputs(),
                *hardening_inputs(),
            ],
            outputs=[
                io.Mask.Output("mask", tooltip="Soft masks: 1 = subject; all zeros if nothing was found."),
                io.BoundingBox.Output("bboxes", tooltip="The box of each mask, as a list for each image."),
            ],
        )

    @classmethod
    def validate_inputs(cls, positive_points: str | None = None, negative_points: str | None = None) -> bool | str:
        """Reject invalid points before anything runs."""
        try:
            _points(positive_points, negative_points)
        except BadPoint as error:
            return str(error)
        return True

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        model: str,
        bboxes: Any = None,
        positive_points: str | None = "",
        negative_points: str | None = "",
        mask: torch.Tensor | None = None,
        individual_masks: bool | None = False,
        device: str | None = AUTO,
        keep_model_loaded: bool | None = True,
        **options: Any,
    ) -> io.NodeOutput:
        """Run the node; -> the masks and their boxes."""
        from cutsmith import Models
        from cutsmith.pipeline.finishing import edited
        from cutsmith.pipeline.prompting import asked_by_boxes

        from ..bounding_boxes import native_boxes, objects_of
        from ..words import in_the_nodes_words

        with in_the_nodes_words():
            # Masks of objects need no colours, and the image's own transparency must not be part of them.
            request = request_of(options, matting="none", foreground="none", subject_alone=True)
            points = _points(positive_points, negative_points)
            if bboxes is None and mask is None and not points:
                raise BadOption(
                    "There must be bboxes, positive_points or a mask to say what to mask, but got none of them.",
                    "Connect Text Detect's bboxes, or type a point. For the main subject, use Rembg Cut.",
                )
            if bboxes is None and mask is None and not any(point.label for point in points):
                raise BadPoint(
                    "At least one point must lie on the subject, but got only negative_points.",
                    f"Give positive_points: {EXAMPLE}",
                )
            pictures, notices = pictures_of(image), Notices()
            objects, rough = objects_of(bboxes, len(pictures)), masks_for(mask, pictures)
            masks, previews = MaskBatch(len(pictures)), MaskPreviews()
            with _segmenter(model, device, keep=keep_model_loaded, tell=notices.tell) as segmenter:
                models = Models(segmenter=segmenter)

                def prompts_of(number: int) -> list[Asked]:
                    return asked_by_boxes(objects[number], points, rough[number])

                def mask_one(number: int, turn: Turn) -> Masked:
                    apart = bool(individual_masks)
                    return _masked(
                        pictures[number], prompts_of(number), request, models, turn, notices.tell, apart=apart
                    )

                def keep(masked: Masked) -> list[NativeBox]:
                    for soft_mask in [each for each, _ in masked] or [edited(empty_mask(pictures), request.finish)]:
                        masks.add(soft_mask)
                        previews.add(soft_mask)
                    return native_boxes([found for _, found in masked])

                numbers = range(len(pictures))
                boxes = for_each(numbers, mask_one, keep, [max(len(prompts_of(number)), 1) for number in numbers])
        return io.NodeOutput(masks.tensor(), boxes, ui=notices.with_previews(previews.shown()))


@contextmanager
def _segmenter(model: str, device: str | None, *, keep: bool | None, tell: Tell) -> Iterator[Segmenter]:
    if model != SUBJECT_IN_BOX:
        with loaded_models.segmenter(model, device, keep=keep, tell=tell) as sam2:
            yield sam2
        return
    from cutsmith.segmentation.subject_in_box import SubjectInBox

    with loaded_models.remover(DEFAULT_REMOVER, device, keep=keep, tell=tell) as remover:
        yield SubjectInBox(remover)


def _points(positive: str | None, negative: str | None) -> list[Point]:
    return [
        *click_points(positive, 1, "positive_points"),
        *click_points(negative, 0, "negative_points"),
    ]


def _masked(
    picture: Picture,
    asked: Sequence[Asked],
    request: Request,
    models: Models,
    turn: Turn,
    tell: Tell,
    *,
    apart: bool,
) -> Masked:
    """The masks of one picture's objects, each with what is known about the object; empty if nothing was found.

    `tell` is given the warnings.
    """
    from cutsmith import SubjectNotFound, cut_out, cut_out_each
    from cutsmith.geometry import box_of_mask
    from cutsmith.pipeline.subject import FOUND_PROBABILITY
    from cutsmith.result.cutout import FoundObject

    if not asked:
        return []
    try:
        if apart:
            cuts = cut_out_each(
                picture, request, models=models, asked=asked, on_progress=turn.on_progress, cancelled=turn.cancelled
            )
        else:
            cut = cut_out(
                picture, request, models=models, asked=asked, on_progress=turn.on_progress, cancelled=turn.cancelled
            )
            cuts = [cut]
    except SubjectNotFound:
        return []
    masked: Masked = []
    for cut in cuts:
        tell(cut.warnings)
        box = box_of_mask(cut.soft_mask >= FOUND_PROBABILITY)
        alone = cut.objects[0] if len(cut.objects) == 1 else FoundObject(label=_labels(cut.objects))
        masked.append((cut.alpha, replace(alone, box=box)))
    return masked


def _labels(objects: tuple[FoundObject, ...]) -> str:
    return ", ".join(dict.fromkeys(found.label for found in objects if found.label))
