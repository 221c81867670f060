"""A layer as it is seen: GIMP 3 keeps filters apart from a layer's pixels and applies them when it shows the layer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from gi.repository import Gimp

from .layers import offsets


@contextmanager
def as_seen(layer: Gimp.Layer) -> Iterator[tuple[Gimp.Layer, int, int]]:
    """`layer` with its filters merged into its pixels, and where in it (x, y) the layer begins.

    The layer itself if no filter is on. Else a copy in an image of its own: merging makes undo steps, and takes the
    image's selection away for a while.
    """
    if not _is_filtered(layer):
        yield layer, 0, 0
        return
    aside = _image_like(layer.get_image())
    try:
        copy = Gimp.Layer.new_from_drawable(layer, aside)
        aside.insert_layer(copy, None, 0)
        if copy.is_group():
            copy = copy.merge()
        else:
            copy.merge_filters()
        (x, y), (left, top) = offsets(layer), offsets(copy)
        yield copy, x - left, y - top
    finally:
        aside.delete()


def _is_filtered(layer: Gimp.Layer) -> bool:
    """Whether a filter is on in `layer` or in a layer of such a group, whose pixels GIMP does not always hand over."""
    if any(each.get_visible() for each in layer.get_filters()):
        return True
    return layer.is_group() and any(map(_is_filtered, layer.get_children()))


def _image_like(image: Gimp.Image) -> Gimp.Image:
    """An image without layers, in which copies of the layers of `image` keep their values."""
    made = Gimp.Image.new_with_precision(
        image.get_width(), image.get_height(), image.get_base_type(), image.get_precision()
    )
    made.undo_disable()
    if image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        made.set_palette(image.get_palette())
    profile = image.get_color_profile()
    if profile is not None:
        made.set_color_profile(profile)
    return made
