"""The canvas that the options of an output describe, together with its preset."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cutsmith.cures import leave_out
from cutsmith.errors import BadOption
from cutsmith.result.background import BLUR, TRANSPARENT
from cutsmith.result.canvas.settings import Canvas

if TYPE_CHECKING:
    from cutsmith.output import Output
    from cutsmith.result.canvas.presets import Preset

NAMES = ("canvas", "preset", "crop", "fill", "margin", "position", "shadow")
"""The options that change the frame; the first three give one."""


@dataclass(frozen=True)
class Frame:
    """What `Output` says about the frame: the canvas, and the marketplace that the result is for, if any."""

    canvas: Canvas
    preset: Preset | None = None

    @property
    def notice(self) -> str:
        """What the user should know about the preset before it is relied on; "" for nothing."""
        return "" if self.preset is None else self.preset.notice


def frame_of(output: Output) -> Frame | None:
    """The frame that `output` describes; None where results keep the frame of their pictures.

    What `output` says comes before what its preset says; a margin replaces the preset's fill.

    Raises:
        BadOption: a value is invalid, two values exclude each other, or there is no such preset.
    """
    if not _given(output):
        return None
    preset = None
    size, fill = output.canvas, output.fill
    if output.preset is not None:
        from cutsmith.result.canvas.presets import find_preset

        preset = find_preset(output.preset)
        size = size or preset.canvas
        fill = preset.fill if fill is None and output.margin is None else fill
        if output.crop:
            raise BadOption(
                f"The preset {preset.name} gives the size of the result, so it cannot follow from the subject.",
                leave_out("crop"),
                leave_out("preset", "Or"),
                option="crop",
            )
    return Frame(Canvas(size, fill, output.margin, output.position, output.shadow, output.crop), preset)


def settled(output: Output) -> Output:
    """`output` with what its preset says where `output` says nothing: the background.

    Raises:
        BadOption: a value about the frame is invalid, or excludes another one.
    """
    given = _given(output)
    if not given:
        return output
    if output.detections_only:
        raise BadOption(
            "Only detections were asked for: nothing is cut out that could be laid on a canvas.",
            *map(leave_out, given),
            option=given[0],
        )
    if output.mask_only and output.shadow:
        raise BadOption("The mask alone has no shadow.", leave_out("shadow"), option="shadow")
    frame = frame_of(output)
    if output.background == BLUR and given != ["shadow"]:
        raise BadOption(
            "The blurred background ends where the picture ends, and cannot go behind a frame of another size.",
            leave_out("background"),
            leave_out(given[0], "Or"),
            option="background",
        )
    assert frame is not None
    background = frame.preset.background if frame.preset is not None else None
    if background is None or output.background != TRANSPARENT or output.mask_only:
        return output
    return replace(output, background=background)


def _given(output: Output) -> list[str]:
    return [name for name in NAMES if getattr(output, name)]
