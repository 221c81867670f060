"""Inputs that several nodes share: the engine's options, built from their declarations; background; model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from comfy_api.latest import io

from cutsmith.errors import BadColour
from cutsmith.options import DEFAULT_BAND, OPTIONS, WITH_BAND, WITH_EFFORT, Option

from .inputs_in_use import used_if
from .loaded_models import DEVICES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.request import Request
    from cutsmith.result.cutout import Cutout


NO_BACKGROUND, COLOUR, TRANSPARENT = "none", "color", "transparent"
DEFAULT_COLOUR = "#ffffff"
_MOST_DETECTIONS = 900


def option_input(
    name: str,
    *,
    optional: bool = False,
    default: Any = None,
    conditions: Mapping[str, Sequence[str | None]] | None = None,
) -> io.Input:
    """The input for the engine's option `name`, as declared; `default` replaces the declared default.

    Where a number may be None, 0 stands for it: a widget always has a value. `conditions` say when it has an effect.
    """
    option = OPTIONS[name]
    shared: dict[str, Any] = {"optional": optional, "tooltip": option.help, "extra_dict": used_if(**conditions or {})}
    if optional and option.advanced:
        shared["advanced"] = True
    given = option.default if default is None else default
    least, most = option.usual or (option.least or 0.0, option.most or 0.0)
    if _is_off_at_zero(option):
        least = given = 0
        shared["tooltip"] = f"{option.help} 0: {option.otherwise}."
    match option.kind:
        case "choice":
            # The default comes first, because ComfyUI takes the first choice if a workflow gives none.
            choices = sorted(option.choices, key=lambda choice: choice != given)
            return io.Combo.Input(name, options=choices, default=given, **shared)
        case "flag":
            return io.Boolean.Input(name, default=given, **shared)
        case "number":
            return io.Float.Input(
                name, default=given, min=float(least), max=float(most), step=0.01 if most <= 1 else 0.5, **shared
            )
        case "whole":
            return io.Int.Input(name, default=given, min=int(least), max=int(most), **shared)
    raise AssertionError(f"there is no widget for {name}, whose kind is {option.kind}")


def mask_edit_inputs() -> list[io.Input]:
    """The inputs mask_blur, mask_offset and invert."""
    return [option_input(name, optional=True) for name in ("mask_blur", "mask_offset", "invert")]


def hardening_inputs() -> list[io.Input]:
    """The inputs harden and threshold."""
    return [option_input(name, optional=True) for name in ("harden", "threshold")]


def matting_effort_input() -> io.Input:
    """The input matting_effort."""
    return option_input("matting_effort", optional=True, conditions={"matting": WITH_EFFORT})


def band_inputs(*, advanced: bool = False, **conditions: Sequence[str | None]) -> list[io.Input]:
    """The inputs band_inner and band_outer: the two numbers of the option `band`; without `conditions`, matting says
    whether they have an effect.
    """
    assert OPTIONS["band"].usual is not None, "a slider has two ends"
    least, most = map(int, OPTIONS["band"].usual)
    shared: dict[str, Any] = {
        "default": DEFAULT_BAND,
        "min": least,
        "max": most,
        "optional": True,
        "advanced": advanced or None,
        "extra_dict": used_if(**conditions or {"matting": WITH_BAND}),
    }
    return [
        io.Int.Input(
            "band_inner",
            **shared,
            tooltip="How far the band in which matting solves alpha reaches into the subject, in pixels (an erosion). "
            f"With {DEFAULT_BAND} here and in band_outer, auto and closed-form adapt the band to a soft mask's edge.",
        ),
        io.Int.Input(
            "band_outer",
            **shared,
            tooltip="How far the band reaches into the background, in pixels (a dilation of the subject). Loose hair "
            "needs a wide band; a band wider than needed makes the result worse.",
        ),
    ]


def max_detections_input() -> io.Input:
    """The input max_detections; 0 takes all."""
    return io.Int.Input(
        "max_detections",
        default=0,
        min=0,
        max=_MOST_DETECTIONS,
        tooltip=f"{OPTIONS['max_detections'].help} 0 takes all.",
    )


def request_of(inputs: Mapping[str, Any], **own: Any) -> Request:
    """Make a checked request from a node's `inputs` (those that are engine options) and its `own` fields.

    None, which old workflows may hold, stands for an option's default.
    """
    from cutsmith.request import Request

    fields = {name: value for name, value in inputs.items() if name in OPTIONS and value is not None} | own
    fields |= {name: None for name, value in fields.items() if value == 0 and _is_off_at_zero(OPTIONS[name])}
    if {"band_inner", "band_outer"} & set(inputs) and fields.get("matting") != "none":
        fields["band"] = chosen_band(inputs)
    return Request().updated(fields).checked()


def chosen_band(inputs: Mapping[str, Any]) -> tuple[int, int] | None:
    """The band of a node's inputs; None, which adapts it to the mask's edge, where they are as a new node has them."""
    inner, outer = (inputs.get(name) for name in ("band_inner", "band_outer"))
    band = (DEFAULT_BAND if inner is None else inner, DEFAULT_BAND if outer is None else outer)
    return None if band == (DEFAULT_BAND, DEFAULT_BAND) else band


def _is_off_at_zero(option: Option) -> bool:
    """Whether 0 stands for None: the option is a number that may be missing, and is of no use at 0."""
    return option.kind in ("number", "whole") and option.default is None and option.least is not None


def background_inputs() -> list[io.Input]:
    """The inputs background and background_color."""
    colour = io.Color.Input(
        "background_color",
        default=DEFAULT_COLOUR,
        optional=True,
        tooltip="The colour behind the subject, if background is color.",
    )
    # A colour's declaration takes none.
    colour.extra_dict = used_if(background=[COLOUR])
    return [
        io.Combo.Input(
            "background",
            options=[NO_BACKGROUND, COLOUR, TRANSPARENT],
            default=NO_BACKGROUND,
            optional=True,
            tooltip="none: the image holds the subject's own colours, for use with the mask. "
            "color: the subject is placed on background_color. transparent: the image has a fourth channel, which Save "
            "Image writes as transparency; nodes that need three channels reject it.",
        ),
        colour,
    ]


def model_inputs() -> list[io.Input]:
    """The inputs device and keep_model_loaded."""
    return [
        io.Combo.Input(
            "device",
            options=list(DEVICES),
            default="auto",
            optional=True,
            advanced=True,
            tooltip="auto: ComfyUI's device for PyTorch models, and the best installed engine for ONNX models. "
            "cpu: the processor.",
        ),
        io.Boolean.Input(
            "keep_model_loaded",
            default=True,
            optional=True,
            advanced=True,
            tooltip="Off: the model is freed after each run and loaded again for the next.",
        ),
    ]


def why_no_colour(background_color: str | None) -> str | None:
    """What is wrong with the colour that the user typed; None if it is valid."""
    from .words import told_of

    try:
        _as_rgb(background_color)
    except BadColour as error:
        return told_of(error)
    return None


def shown_pixels(
    cut: Cutout, background: str | None, background_color: str | None
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """The pixels of the image output, (H, W, 3 or 4): the subject's own colours, on a colour, or with its alpha.

    Alpha is rounded to the picture's depth, because ComfyUI's Save Image truncates values between two levels.
    """
    if background == COLOUR:
        return cut.on(_as_rgb(background_color)).pixels
    if background in (None, NO_BACKGROUND):
        return cut.foreground
    from cutsmith.picture.samples import samples_from_alpha

    return np.dstack((cut.foreground, samples_from_alpha(cut.alpha, cut.foreground.dtype)))


def _as_rgb(background_color: str | None) -> tuple[int, int, int]:
    """The colour; the default one for None or an empty text, which old workflows may hold. Raises BadColour."""
    # A colour name may also be a file in ComfyUI's folder, which `Cutout.on` would open as a picture.
    from cutsmith.result.background import parse_colour

    return parse_colour((background_color or "").strip() or DEFAULT_COLOUR)
