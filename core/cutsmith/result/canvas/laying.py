"""`lay_out`: a cut-out on its canvas, transparent or on a background. `lay_in_own_frame`: in its picture's frame."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from cutsmith.picture import Picture
from cutsmith.picture.colour import srgb_from_profile
from cutsmith.picture.declared_colour import srgb_profile
from cutsmith.picture.icc_profile import is_srgb
from cutsmith.picture.samples import to_8_bit
from cutsmith.result.background import TRANSPARENT, background_pixels
from cutsmith.result.canvas.layout import Placement, find_subject, place
from cutsmith.result.canvas.own_frame import OwnFrame, place_in_own_frame
from cutsmith.result.canvas.resampling import resampled
from cutsmith.result.canvas.shadow import DARKEST, contact_shadow
from cutsmith.result.compositing import composite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.geometry import Box
    from cutsmith.result.background import Background
    from cutsmith.result.canvas.settings import Canvas


@dataclass(frozen=True)
class LaidOut:
    """A cut-out on its canvas.

    Attributes:
        foreground: the picture's depth, (H, W, 3): the subject's colours.
        alpha: float32 (H, W) in [0, 1], straight.
        shadow: float32 (H, W) in [0, 1], the opacity of the shadow behind the subject; None without one.
        placement: where the subject is.
        source: the picture of the cut-out, for its profile, resolution and metadata.
        warnings: what the user should know.
    """

    foreground: NDArray[Any]
    alpha: NDArray[np.float32]
    shadow: NDArray[np.float32] | None
    placement: Placement
    source: Picture
    warnings: tuple[str, ...] = ()

    def as_picture(self) -> Picture:
        """The subject, and its shadow, with transparency."""
        pixels, alpha = self.foreground, self.alpha
        if self.shadow is not None:
            alpha = self.alpha + self.shadow * (1 - self.alpha)
            share = np.divide(self.alpha, alpha, out=np.ones_like(alpha), where=alpha > 0)
            # Under the subject the shadow is black and shares the pixel with it.
            pixels = np.rint(pixels * share[..., None]).astype(pixels.dtype)
        return replace(self.source, pixels=pixels, alpha=alpha, warnings=self.warnings)

    def on(self, background: Background, opacity: float = 1.0) -> Picture:
        """The subject, and its shadow, on `background`: "transparent", a colour, or a picture or its path.

        Args:
            background: what lies behind.
            opacity: that of the background, in [0, 1]; below 1 the result has transparency.

        Raises:
            BadColour: it is neither.
            PictureError: the background's file cannot be read.
        """
        if isinstance(background, str) and background == TRANSPARENT:
            return self.as_picture()
        ground = replace(self.source, pixels=self.foreground, alpha=None)
        behind = background_pixels(background, ground, self.alpha)
        if opacity < 1:
            return replace(ground, **self._through(behind, opacity), warnings=self.warnings)
        if self.shadow is not None:
            behind = np.rint(behind * (1 - self.shadow[..., None])).astype(behind.dtype)
        return replace(ground, pixels=composite(self.foreground, self.alpha, behind), warnings=self.warnings)

    def _through(self, behind: NDArray[Any], opacity: float) -> dict[str, Any]:
        """Pixels and alpha over `behind`, which lets through what is under it."""
        alpha = np.full(self.alpha.shape, opacity, np.float32)
        if self.shadow is not None:
            alpha = self.shadow + alpha * (1 - self.shadow)
            # The shadow is black and shares the pixel with the background.
            share = np.divide(opacity * (1 - self.shadow), alpha, out=np.ones_like(alpha), where=alpha > 0)
            behind = np.rint(behind * share[..., None]).astype(behind.dtype)
        whole = self.alpha + alpha * (1 - self.alpha)
        share = np.divide(self.alpha, whole, out=np.zeros_like(whole), where=whole > 0)
        return {"pixels": composite(self.foreground, share, behind), "alpha": whole}


class Subject(Protocol):
    """What is laid out: a `Cutout`, which has more."""

    @property
    def picture(self) -> Picture:
        """The source."""

    @property
    def foreground(self) -> NDArray[Any]:
        """(H, W, 3), the subject's colours."""

    @property
    def alpha(self) -> NDArray[np.float32]:
        """float32 (H, W) in [0, 1], straight."""


def lay_out(cutout: Subject, canvas: Canvas, *, srgb: bool = False) -> LaidOut:
    """Lay `cutout` on `canvas`, in the picture's depth and colour space.

    With `srgb`, colours of another profile become sRGB, with 8 bits, and the result names that profile.
    """
    placement = place(find_subject(cutout.alpha), canvas)
    return _laid(cutout, placement, DARKEST if canvas.shadow else 0.0, srgb=srgb)


def lay_in_own_frame(cutout: Subject, frame: OwnFrame) -> LaidOut:
    """Lay `cutout` in the frame of its picture, changed as `frame` says, in the picture's depth and colour space."""
    placement = place_in_own_frame(find_subject(cutout.alpha), frame)
    return _laid(cutout, placement, frame.shadow_opacity)


def _laid(cutout: Subject, placement: Placement, shadow_opacity: float, *, srgb: bool = False) -> LaidOut:
    foreground, source = cutout.foreground, cutout.picture
    if srgb:
        foreground, source = _in_srgb(foreground, source)
    colours, alpha = _drawn(foreground, cutout.alpha, placement)
    warnings = list(placement.warnings)
    shadow = None
    if shadow_opacity and "bottom" in placement.cut_off:
        warnings.append("there is no shadow: the picture's lower edge cuts the subject off, so it stands nowhere")
    elif shadow_opacity:
        shadow = contact_shadow(alpha, placement.box, shadow_opacity)
    return LaidOut(colours, alpha, shadow, placement, source, tuple(warnings))


def _in_srgb(foreground: NDArray[Any], source: Picture) -> tuple[NDArray[Any], Picture]:
    if source.icc is not None and not is_srgb(source.icc):
        foreground = srgb_from_profile(to_8_bit(foreground), source.icc)
    # Only the size of `pixels` counts from here on.
    icc = source.icc if source.icc is not None and is_srgb(source.icc) else srgb_profile()
    return foreground, replace(source, icc=icc)


def _drawn(
    foreground: NDArray[Any], alpha: NDArray[np.float32], placement: Placement
) -> tuple[NDArray[Any], NDArray[np.float32]]:
    """(colours, alpha) of the canvas's size, the subject where `placement` says."""
    size = (placement.width, placement.height)
    rows, columns = placement.source.slices()
    target = placement.target
    part = (foreground[rows, columns], alpha[rows, columns])
    drawn, share = resampled(*part, (int(target.width), int(target.height)))
    if drawn.shape[:2] == size[::-1] and target[:2] == (0, 0):
        return drawn, share
    colours = np.zeros((placement.height, placement.width, 3), foreground.dtype)
    laid = np.zeros(colours.shape[:2], np.float32)
    on_canvas, inside = _overlap(target, size)
    colours[on_canvas] = drawn[inside]
    laid[on_canvas] = share[inside]
    return colours, laid


def _overlap(target: Box, size: tuple[int, int]) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """(rows and columns of the canvas, those of what is drawn at `target`) that lie on each other."""
    seen = target.clip(*size)
    drawn = type(target)(*(seen[index] - target[index % 2] for index in range(4)))
    return seen.slices(), drawn.slices()
