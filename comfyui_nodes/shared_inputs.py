"""Inputs that several nodes have, all of them advanced: what is done to a mask, the background, and the model."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from comfy_api.latest import io

from cutsmith.errors import BadColour

from .loaded_models import DEVICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.result.cutout import Cutout


LARGEST_BLUR = 64
LARGEST_OFFSET = 64
LARGEST_BAND = 256
# That of `cutsmith.matting.trimap.Band`, which is not imported before it is needed.
DEFAULT_BAND = 3
NO_BACKGROUND, COLOUR, TRANSPARENT = "none", "color", "transparent"


@dataclass(frozen=True)
class MaskEdits:
    """What the user wants done to a mask, in this order."""

    offset: int = 0
    blur: float = 0.0
    invert: bool = False

    def __bool__(self) -> bool:
        return bool(self.offset or self.blur or self.invert)

    def applied(self, mask: NDArray[np.float32]) -> NDArray[np.float32]:
        """`mask`, float32 (H, W) in [0, 1], after the edits."""
        if not self:
            return mask
        from cutsmith.matting.mask_edits import edited_mask

        return edited_mask(mask, offset=self.offset, blur=self.blur, invert=self.invert)


def mask_edit_inputs() -> list[io.Input]:
    """mask_blur, mask_offset, invert."""
    return [
        io.Float.Input(
            "mask_blur",
            default=0.0,
            min=0.0,
            max=float(LARGEST_BLUR),
            step=0.5,
            optional=True,
            advanced=True,
            tooltip="Softens the mask's edge: standard deviation of the blur, in pixels.",
        ),
        io.Int.Input(
            "mask_offset",
            default=0,
            min=-LARGEST_OFFSET,
            max=LARGEST_OFFSET,
            optional=True,
            advanced=True,
            tooltip="Grows the mask by so many pixels, or shrinks it (below 0). Comes before the blur.",
        ),
        io.Boolean.Input(
            "invert",
            default=False,
            optional=True,
            advanced=True,
            tooltip="Cuts out the background instead of the subject.",
        ),
    ]


def band_inputs() -> list[io.Input]:
    """band_inner, band_outer: how far the unknown band reaches, as `cutsmith.matting.trimap.Band` explains."""
    return [
        io.Int.Input(
            "band_inner",
            default=DEFAULT_BAND,
            min=0,
            max=LARGEST_BAND,
            tooltip="Pixels by which the band that matting solves reaches into the subject (an erosion of it).",
        ),
        io.Int.Input(
            "band_outer",
            default=DEFAULT_BAND,
            min=0,
            max=LARGEST_BAND,
            tooltip="Pixels by which the band reaches into the background (a dilation of the subject). Wide for loose "
            "hair; wider than needed makes the result worse.",
        ),
    ]


def background_inputs() -> list[io.Input]:
    """background, background_color."""
    return [
        io.Combo.Input(
            "background",
            options=[NO_BACKGROUND, COLOUR, TRANSPARENT],
            default=NO_BACKGROUND,
            optional=True,
            advanced=True,
            tooltip="none: the image holds the subject's own colours, for use with the mask. "
            "color: the subject is laid on background_color. transparent: the image has a fourth channel, which Save "
            "Image writes as transparency; nodes that want three channels refuse it.",
        ),
        io.Color.Input(
            "background_color",
            default="#ffffff",
            optional=True,
            advanced=True,
            tooltip="The colour behind the subject, where background is color.",
        ),
    ]


def model_inputs() -> list[io.Input]:
    """device, keep_model_loaded."""
    return [
        io.Combo.Input(
            "device",
            options=list(DEVICES),
            default="auto",
            optional=True,
            advanced=True,
            tooltip="auto: ComfyUI's device for PyTorch models, the best engine present for ONNX models. "
            "cpu: the processor.",
        ),
        io.Boolean.Input(
            "keep_model_loaded",
            default=True,
            optional=True,
            advanced=True,
            tooltip="Off: the model is freed after each run, and loaded again for the next.",
        ),
    ]


def why_no_colour(background_color: str | None) -> str | None:
    """What is wrong with a colour that the user typed; None where nothing is."""
    if background_color is None:
        return None
    from cutsmith.result.background import parse_colour

    try:
        parse_colour(background_color)
    except BadColour:
        return f"background_color {background_color!r} is no colour: wanted #rrggbb or a CSS colour name, opaque."
    return None


def edited(cut: Cutout, edits: MaskEdits) -> Cutout:
    """`cut` with its alpha edited, and the colours that belong to that alpha."""
    if not edits:
        return cut
    from cutsmith.matting.foreground import estimate_foreground

    alpha = edits.applied(cut.alpha)
    colours = cut.picture.pixels
    if cut.provenance.get("foreground") != "none":
        colours = estimate_foreground(colours, alpha)
    return replace(cut, alpha=alpha, foreground=colours)


def shown_pixels(cut: Cutout, background: str, background_color: str) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """What the image output holds: the subject's own colours, the subject on a colour, or with its alpha.

    (H, W, 3 or 4). Alpha is rounded to the picture's depth: ComfyUI's Save Image cuts off what lies between two levels.
    """
    if background == COLOUR:
        return cut.on(_as_rgb(background_color)).pixels
    if background == NO_BACKGROUND:
        return cut.foreground
    from cutsmith.picture.samples import samples_from_alpha

    return np.dstack((cut.foreground, samples_from_alpha(cut.alpha, cut.foreground.dtype)))


def _as_rgb(background_color: str) -> tuple[int, int, int]:
    # A word might also be the name of a file beside ComfyUI, which `Cutout.on` would take for a picture.
    from cutsmith.result.background import parse_colour

    return parse_colour(background_color)
