"""`Cutout`: a subject cut out of a picture, and what you can do with it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.picture import Picture, write_mask
from cutsmith.result.compositing import composite
from cutsmith.result.quality import NOT_JUDGED, Quality

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.geometry import Box
    from cutsmith.protocols import Point
    from cutsmith.result.background import Background
    from cutsmith.result.canvas.settings import Canvas
    from cutsmith.result.looks import Looks
    from cutsmith.result.steps import Step


@dataclass(frozen=True)
class FoundObject:
    """One requested object, and how sure the models are of it.

    Attributes:
        box: (x0, y0, x1, y1) in pixels; None unless a box or words asked for it.
        points: the clicks that asked for it.
        label: the matching phrase, as the user wrote it; "" unless words asked for it.
        score: the detector's probability; None without a detector.
        predicted_iou: SAM 2's estimate of the mask's IoU with the object, perhaps slightly above 1; None without SAM 2.
        stability: in [0, 1], how little the mask changes with its threshold; None without SAM 2.
        mask_box: around the pixels that are more likely this object than not; None where its mask is not known.
    """

    box: Box | None = None
    points: tuple[Point, ...] = ()
    label: str = ""
    score: float | None = None
    predicted_iou: float | None = None
    stability: float | None = None
    mask_box: Box | None = None


@dataclass(frozen=True)
class Cutout:
    """A subject cut out of a picture.

    Attributes:
        picture: the source, upright.
        alpha: float32 (H, W) in [0, 1], straight; the picture's own alpha x the subject's.
        foreground: (H, W, 3), the picture's depth and colour space; the subject's colours, without the background's.
        soft_mask: float32 (H, W) in [0, 1], the model's raw probability.
        provenance: how it was made: version, model, weights, engine and options.
        objects: the objects in this cut-out that `text`, `box`, `points` or `mask` found; empty for the main subject.
        warnings: texts for the user.
        seconds: the time of each stage; "load" is the time that loading still took after the picture was read.
        second_look: what the views of the picture said, where a removal model saw more than one; else None.
        quality: how far it can be relied on, as far as Cutsmith can tell.
        steps: what the cascade tried, in its order; empty without it.
    """

    picture: Picture
    alpha: NDArray[np.float32]
    foreground: NDArray[np.uint8] | NDArray[np.uint16]
    soft_mask: NDArray[np.float32]
    provenance: Mapping[str, str]
    warnings: tuple[str, ...] = ()
    seconds: Mapping[str, float] = field(default_factory=dict)
    objects: tuple[FoundObject, ...] = ()
    second_look: Looks | None = None
    quality: Quality = NOT_JUDGED
    steps: tuple[Step, ...] = ()

    def as_picture(self) -> Picture:
        """The cut-out as a picture with alpha, in the source's colour space and resolution."""
        return replace(self.picture, pixels=self.foreground, alpha=self.alpha, warnings=())

    def save(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        provenance: bool = False,
        quality: int | None = None,
        keep_metadata: Collection[str] = (),
    ) -> Path:
        """Write the cut-out with its transparency (PNG, TIFF, WebP, AVIF), whole or not at all.

        Args:
            path: the suffix names the format.
            overwrite: whether an existing file may be replaced.
            provenance: whether `provenance` goes into the file's metadata.
            quality: 1-100, for lossy WebP and AVIF.
            keep_metadata: kinds of the photograph's own metadata to keep: "exif" (all but GPS), "xmp", "iptc", "gps".

        Raises:
            OutputError: the file cannot be written.
            OutputFormatUnsupported: the format is unknown or holds no alpha.
        """
        metadata = self.provenance if provenance else None
        return self.as_picture().save(
            path, overwrite=overwrite, metadata=metadata, quality=quality, keep_metadata=keep_metadata
        )

    def save_mask(
        self,
        path: str | os.PathLike[str],
        *,
        overwrite: bool = False,
        provenance: bool = False,
        quality: int | None = None,
    ) -> Path:
        """Write alpha alone as a gray picture; errors as for `save`."""
        return write_mask(
            self.alpha,
            path,
            overwrite=overwrite,
            dpi=self.picture.dpi,
            metadata=self.provenance if provenance else None,
            quality=quality,
            source=self.picture.source,
        )

    def on(self, background: Background) -> Picture:
        """Lay the subject on `background`: a colour, a picture or its path, or "blur" (see `background_pixels`).

        Raises:
            BadColour: it is neither a colour nor a picture.
            PictureError: the background's file cannot be read.
        """
        from cutsmith.result.background import background_pixels

        behind = background_pixels(background, self.picture, self.alpha)
        pixels = composite(self.foreground, self.alpha, behind)
        return replace(self.picture, pixels=pixels, alpha=None, warnings=())

    def on_canvas(self, canvas: Canvas, background: Background = "transparent") -> Picture:
        """Lay the subject on a `canvas` of its own, transparent or on `background`: a colour, or a picture or its path.

        The picture's `warnings` say what you should know, such as how much a small subject was enlarged.

        Raises:
            BadColour: the background is neither a colour nor a picture.
            PictureError: the background's file cannot be read.
        """
        from cutsmith.result.canvas.laying import lay_out

        return lay_out(self, canvas).on(background)
