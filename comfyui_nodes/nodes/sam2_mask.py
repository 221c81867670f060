"""SAM2Mask: boxes, clicks or a rough mask -> soft masks, from SAM 2 or from a removal model on each box."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from comfy_api.latest import io

from cutsmith.errors import BadBox, BadOption, BadPoint

from .. import loaded_models
from ..click_points import EXAMPLE, click_points
from ..drawn_boxes import EXAMPLE as EXAMPLE_BOX
from ..drawn_boxes import drawn_boxes
from ..editor_picture import picture_for_the_editor, shown_in_the_editor_on_failure
from ..loaded_models import AUTO
from ..model_choices import DEFAULT_REMOVER, SUBJECT_IN_BOX
from ..model_lists import model_input, why_no_model
from ..notices import Judged, Notices
from ..previews import MaskPreviews
from ..remembered import RememberingRemover
from ..running import Turn, for_each
from ..shared_inputs import hardening_inputs, mask_edit_inputs, model_inputs, request_of
from ..tensors import MaskBatch, empty_mask, masks_for, pictures_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from cutsmith import Models, SubjectNotFound
    from cutsmith.picture import Picture
    from cutsmith.pipeline.prompting import Asked
    from cutsmith.protocols import Point, Segmenter
    from cutsmith.request import Request
    from cutsmith.result.cutout import FoundObject

    from ..bounding_boxes import NativeBox
    from ..loaded_models import Tell


class Masked(NamedTuple):
    """A mask, float32 (H, W), the objects in it, each with the box of its own mask, and what is told of it."""

    alpha: NDArray[np.float32]
    objects: list[FoundObject]
    judged: Judged


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
                model_input(
                    "segmenter",
                    "A SAM 2 model from the catalogue, or one in ComfyUI's folder models/sam2. "
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
                io.String.Input(
                    "boxes",
                    default="",
                    placeholder=EXAMPLE_BOX,
                    optional=True,
                    tooltip="Boxes drawn by hand, in pixels: an object each, in addition to those of bboxes.",
                ),
            ],
            outputs=[
                io.Mask.Output("mask", tooltip="Soft masks: 1 = subject; all zeros if nothing was found."),
                io.BoundingBox.Output("bboxes", tooltip="The box of each object's mask, as a list for each image."),
            ],
        )

    @classmethod
    def validate_inputs(
        cls,
        positive_points: str | None = None,
        negative_points: str | None = None,
        boxes: str | None = None,
        model: str | None = None,
    ) -> bool | str:
        """Reject invalid points and boxes, or an unknown model, before anything runs."""
        try:
            _points(positive_points, negative_points)
            drawn_boxes(boxes)
        except (BadBox, BadPoint) as error:
            return str(error)
        return why_no_model(model, "segmenter") or True

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
        boxes: str | None = "",
        device: str | None = AUTO,
        keep_model_loaded: bool | None = True,
        **options: Any,
    ) -> io.NodeOutput:
        """Run the node; -> the masks and their boxes."""
        from cutsmith import Models, SubjectNotFound
        from cutsmith.pipeline.finishing import edited
        from cutsmith.pipeline.prompting import asked_by_boxes

        from ..bounding_boxes import native_boxes, objects_of
        from ..words import in_the_nodes_words, what_of

        with in_the_nodes_words(), shown_in_the_editor_on_failure(pictures_of(image)) as pictures:
            # Masks of objects need no colours, and the image's own transparency must not be part of them.
            request = request_of(options, matting="none", foreground="none", subject_alone=True)
            points, drawn = _points(positive_points, negative_points), drawn_boxes(boxes)
            _require_a_place(points, has_place=bboxes is not None or mask is not None or bool(drawn))
            notices = Notices()
            objects, rough = objects_of(bboxes, len(pictures)), masks_for(mask, pictures)
            masks, previews = MaskBatch(len(pictures)), MaskPreviews()
            with _segmenter(model, device, keep=keep_model_loaded, tell=notices.tell) as segmenter:
                models = Models(segmenter=segmenter)
                notices.ran(models.provenance())

                def prompts_of(number: int, rough_mask: NDArray[np.float32] | None) -> list[Asked]:
                    return asked_by_boxes([*objects[number], *drawn], points, rough_mask)

                def mask_one(number: int, turn: Turn) -> list[Masked] | SubjectNotFound:
                    apart = bool(individual_masks)
                    prompts = prompts_of(number, rough[number])
                    return _masked(pictures[number], prompts, request, models, turn, apart=apart)

                def keep(answer: list[Masked] | SubjectNotFound) -> list[NativeBox]:
                    if isinstance(answer, SubjectNotFound):
                        notices.nothing(what_of(answer))
                        made = [edited(empty_mask(pictures), request.finish)]
                    else:
                        notices.judged(*(each.judged for each in answer))
                        made = [each.alpha for each in answer]
                    for soft_mask in made:
                        masks.add(soft_mask)
                        previews.add(soft_mask)
                    if isinstance(answer, SubjectNotFound):
                        return []
                    return native_boxes([found for each in answer for found in each.objects])

                numbers = range(len(pictures))
                # A rough mask is an object only where it is the only one.
                steps = [max(len(prompts_of(number, None)), 1) for number in numbers]
                found_boxes = for_each(numbers, mask_one, keep, steps)
        shown = {**notices.with_previews(previews.shown()), **picture_for_the_editor(pictures[0])}
        return io.NodeOutput(masks.tensor(), found_boxes, ui=shown)


@contextmanager
def _segmenter(model: str, device: str | None, *, keep: bool | None, tell: Tell) -> Iterator[Segmenter]:
    if model != SUBJECT_IN_BOX:
        with loaded_models.segmenter(model, device, keep=keep, tell=tell) as sam2:
            yield sam2
        return
    from cutsmith.segmentation.subject_in_box import SubjectInBox

    with loaded_models.remover(DEFAULT_REMOVER, device, keep=keep, tell=tell) as remover:
        yield SubjectInBox(RememberingRemover(remover))


def _points(positive: str | None, negative: str | None) -> list[Point]:
    return [
        *click_points(positive, 1, "positive_points"),
        *click_points(negative, 0, "negative_points"),
    ]


def _require_a_place(points: Sequence[Point], *, has_place: bool) -> None:
    """Refuse a run that says nowhere what to mask; `has_place` says whether there are boxes or a rough mask.

    Raises:
        BadOption, BadPoint: there is nothing, or there are only points that do not belong to the subject.
    """
    if has_place or any(point.label for point in points):
        return
    if not points:
        raise BadOption(
            "There must be boxes, positive_points or a mask to say what to mask, but got none of them.",
            "Click on the subject in the node's picture, draw a box, or connect Text Detect's bboxes. For the "
            "main subject, use Rembg Cut.",
        )
    raise BadPoint(
        "At least one point must lie on the subject, but got only negative_points.",
        f"Give positive_points: {EXAMPLE}",
    )


def _masked(
    picture: Picture,
    asked: Sequence[Asked],
    request: Request,
    models: Models,
    turn: Turn,
    *,
    apart: bool,
) -> list[Masked] | SubjectNotFound:
    """The masks of one picture: one with all objects or, if `apart`, one an object; why there are none, if so."""
    from cutsmith import SubjectNotFound, cut_out, cut_out_each
    from cutsmith.pipeline.subject import FOUND_PROBABILITY

    if not asked:
        what = f"There is neither a box nor a point for {picture.source}."
        return SubjectNotFound(what, best_probability=0.0, threshold=FOUND_PROBABILITY)
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
    except SubjectNotFound as nothing:
        return nothing
    return [
        Masked(cut.alpha, [replace(found, box=found.mask_box) for found in cut.objects], Judged.of(cut)) for cut in cuts
    ]
