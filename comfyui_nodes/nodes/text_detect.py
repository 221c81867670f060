"""TextDetect: words -> boxes, with Grounding DINO."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from comfy_api.latest import io, ui

from cutsmith.errors import BadPhrases

from .. import loaded_models
from ..loaded_models import AUTO
from ..model_lists import model_input, why_no_model
from ..notices import Notices
from ..previews import MOST_PREVIEWS
from ..remembered import RememberingDetector
from ..running import Turn, for_each
from ..shared_inputs import max_detections_input, model_inputs, option_input, request_of
from ..tensors import ImageBatch, pictures_of

if TYPE_CHECKING:
    import numpy as np
    import torch
    from numpy.typing import NDArray

    from cutsmith import SubjectNotFound
    from cutsmith.picture import Picture
    from cutsmith.result.cutout import FoundObject
    from cutsmith.result.detections import Detections

    from ..bounding_boxes import NativeBox

    # A picture's pixels, uint8 (H, W, 3), and what was found in it.
    Answer = tuple[NDArray[np.uint8], Detections | SubjectNotFound]


class TextDetect(io.ComfyNode):
    """Finds the objects that words name, and returns their boxes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithTextDetect",
            display_name="Text Detect (Cutsmith)",
            category="image/cut-out",
            description="Finds the objects that words name in each image, with Grounding DINO. Gives boxes for SAM2 "
            "Mask, and a picture of them.",
            search_aliases=["grounding dino", "detect by words", "find objects", "text to box", "object detection"],
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch. Each is searched."),
                io.String.Input(
                    "prompt",
                    multiline=True,
                    default="",
                    placeholder="red mug, spoon",
                    tooltip="What to look for, in English: phrases separated by commas, dots or lines.",
                ),
                model_input(
                    "detector",
                    "A Grounding DINO model from the catalogue, or one in ComfyUI's folder models/grounding-dino.",
                ),
                option_input("box_threshold"),
                option_input("text_threshold"),
                max_detections_input(),
                *model_inputs(),
            ],
            outputs=[
                io.BoundingBox.Output("bboxes", tooltip="A list of boxes for each image, highest score first."),
                io.Image.Output("preview", tooltip="Each image with its boxes, phrases and scores."),
                io.Int.Output("count", tooltip="The total number of boxes in all images."),
            ],
        )

    @classmethod
    def validate_inputs(cls, prompt: str | None = None, model: str | None = None) -> bool | str:
        """Reject a prompt that names nothing, or an unknown model, before anything runs."""
        from cutsmith.phrases import split_phrases

        from ..words import told_of

        try:
            if prompt is not None:
                split_phrases(prompt)
        except BadPhrases as error:
            return told_of(error)
        return why_no_model(model, "detector") or True

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        prompt: str,
        model: str,
        device: str | None = AUTO,
        keep_model_loaded: bool | None = True,
        **options: Any,
    ) -> io.NodeOutput:
        """Run the node; -> the boxes, a preview and the number of boxes."""
        from cutsmith import Models, SubjectNotFound, find_detections
        from cutsmith.result.annotation import annotated
        from cutsmith.result.cutout import FoundObject

        from ..bounding_boxes import native_boxes
        from ..words import in_the_nodes_words, what_of

        with in_the_nodes_words():
            request = request_of(options, text=prompt)
            pictures, notices = pictures_of(image), Notices()
            drawn = ImageBatch(len(pictures))
            with loaded_models.detector(model, device, keep=keep_model_loaded, tell=notices.tell) as detector:
                models = Models(detector=RememberingDetector(detector))
                notices.ran(models.provenance())

                def detect(picture: Picture, turn: Turn) -> Answer:
                    try:
                        found = find_detections(picture, request=request, models=models, cancelled=turn.cancelled)
                    except SubjectNotFound as nothing:
                        return picture.srgb(), nothing
                    return picture.srgb(), found

                def keep(answered: Answer) -> list[NativeBox]:
                    pixels, answer = answered
                    objects: list[FoundObject] = []
                    if isinstance(answer, SubjectNotFound):
                        notices.nothing(what_of(answer))
                    else:
                        objects = [FoundObject(each.box, label=each.label, score=each.score) for each in answer.found]
                        notices.image(answer.warnings, labels=[each.label for each in objects])
                    drawn.add(annotated(pixels, objects))
                    return native_boxes(objects)

                boxes = for_each(pictures, detect, keep)
        preview = drawn.tensor()
        return io.NodeOutput(
            boxes,
            preview,
            sum(map(len, boxes)),
            ui=notices.with_previews(ui.PreviewImage(preview[:MOST_PREVIEWS], cls=cls)),
        )
