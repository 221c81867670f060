"""TextDetect: words -> boxes, by Grounding DINO."""

from __future__ import annotations

from typing import TYPE_CHECKING

from comfy_api.latest import io, ui

from cutsmith.errors import BadPhrases

from .. import loaded_models
from ..model_choices import DEFAULT_DETECTOR, detector_choices
from ..running import for_each
from ..shared_inputs import model_inputs
from ..tensors import ImageBatch, pictures_of
from ..words import in_the_nodes_words, told_of

if TYPE_CHECKING:
    import torch

    from cutsmith.picture import Picture
    from cutsmith.result.cutout import FoundObject


# Those of `cutsmith.protocols`, which takes a tenth of the time that a pack may take to load.
BOX_THRESHOLD = 0.30
TEXT_THRESHOLD = 0.25


class TextDetect(io.ComfyNode):
    """Finds what the words name, and gives its boxes."""

    @classmethod
    def define_schema(cls) -> io.Schema:
        """The node as ComfyUI shows it."""
        return io.Schema(
            node_id="CutsmithTextDetect",
            display_name="Text Detect (Cutsmith)",
            category="image/cut-out",
            description="Finds what words name in each image, by Grounding DINO: boxes for SAM2 Mask, and a picture "
            "of them.",
            search_aliases=["grounding dino", "detect by words", "find objects", "text to box", "object detection"],
            inputs=[
                io.Image.Input("image", tooltip="One image or a batch; each is looked through."),
                io.String.Input(
                    "prompt",
                    multiline=True,
                    default="",
                    placeholder="red mug, spoon",
                    tooltip="What to look for, in English: phrases separated by commas, dots or lines.",
                ),
                io.Combo.Input(
                    "model",
                    options=detector_choices(),
                    default=DEFAULT_DETECTOR,
                    tooltip="A Grounding DINO of the catalogue, or one in ComfyUI's folder models/grounding-dino.",
                ),
                io.Float.Input(
                    "box_threshold",
                    default=BOX_THRESHOLD,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="A box's score must be above it. Lower finds more, and more that is wrong.",
                ),
                io.Float.Input(
                    "text_threshold",
                    default=TEXT_THRESHOLD,
                    min=0.0,
                    max=1.0,
                    step=0.01,
                    tooltip="The score of the best word of a box's phrase must be above it.",
                ),
                io.Int.Input(
                    "max_detections",
                    default=0,
                    min=0,
                    max=900,
                    tooltip="So many boxes an image at the most, the best. 0 takes all.",
                ),
                *model_inputs(),
            ],
            outputs=[
                io.BoundingBox.Output("bboxes", tooltip="A list of boxes for each image, highest score first."),
                io.Image.Output("preview", tooltip="Each image with its boxes, phrases and scores."),
                io.Int.Output("count", tooltip="How many boxes there are in all images together."),
            ],
        )

    @classmethod
    def validate_inputs(cls, prompt: str | None = None) -> bool | str:
        """Refuse, before anything runs, a prompt that names nothing."""
        from cutsmith.search import phrases_of

        try:
            phrases_of(prompt)
        except BadPhrases as error:
            return told_of(error)
        return True

    @classmethod
    def execute(
        cls,
        image: torch.Tensor,
        prompt: str,
        model: str,
        box_threshold: float,
        text_threshold: float,
        max_detections: int,
        device: str = "auto",
        keep_model_loaded: bool = True,
    ) -> io.NodeOutput:
        """Boxes, a preview and their number."""
        from cutsmith.detection.selection import select
        from cutsmith.result.annotation import annotated
        from cutsmith.result.cutout import FoundObject
        from cutsmith.search import phrases_of

        from ..bounding_boxes import native_boxes

        with in_the_nodes_words():
            phrases = phrases_of(prompt)
            pictures = pictures_of(image)
            warnings: dict[str, None] = {}
            with loaded_models.detector(model, device, keep=keep_model_loaded) as detector:

                def detect(picture: Picture) -> list[FoundObject]:
                    candidates = detector.candidates(picture.srgb(), phrases)
                    warnings.update(dict.fromkeys(candidates.warnings))
                    detections = select(candidates, box_threshold, text_threshold, max_detections or None)
                    return [FoundObject(found.box, label=found.label, score=found.score) for found in detections]

                found = for_each(pictures, detect)
            loaded_models.tell(warnings)
            drawn = ImageBatch(len(pictures))
            for picture, objects in zip(pictures, found, strict=True):
                drawn.add(annotated(picture.srgb(), objects))
        preview = drawn.tensor()
        return io.NodeOutput(
            [native_boxes(objects) for objects in found],
            preview,
            sum(map(len, found)),
            ui=ui.PreviewImage(preview, cls=cls),
        )
