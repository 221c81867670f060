"""What the dialog shows at 1:1: a part of the layer, pixel by pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layer_pixels import read_for_the_eye
from .picture_view import Shown
from .planes import cropped
from .surfaces import mask_surface, picture_surface

if TYPE_CHECKING:
    from gi.repository import Gimp

    from .ready_cut import ReadyCut
    from .view_geometry import ViewGeometry


def shown_at_full_size(layer: Gimp.Layer, geometry: ViewGeometry, ready: ReadyCut | None) -> Shown:
    """The part of `layer` that a view of this geometry shows; without a cut-out until one is `ready`."""
    columns, rows = geometry.seen()
    place = (float(columns.start), float(rows.start), float(len(columns)), float(len(rows)))
    before = picture_surface(read_for_the_eye(layer, columns, rows))
    if ready is None:
        return Shown(place, before)
    alpha, colours = ready.answer.arrays["alpha"], ready.answer.arrays.get("colours")
    return Shown(
        place,
        before,
        mask_surface(cropped(alpha, rows, columns)),
        None if colours is None else picture_surface(cropped(colours, rows, columns)),
    )
