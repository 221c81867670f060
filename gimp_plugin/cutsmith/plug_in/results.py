"""Turns alpha into a mask, a layer, the selection or a channel. The layer's own pixels stay unchanged."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gi.repository import Gegl, Gimp

from .layer_pixels import write_alpha, write_colours
from .layers import offsets
from .settings import CHANNEL, CLEANED_LAYER, INTERSECT, LAYER_MASK, NEW_LAYER, NEW_SELECTION, Settings

if TYPE_CHECKING:
    from .worker_files import Array

_SUFFIX = "cut out"


@dataclass(frozen=True)
class CutLayer:
    """A layer, its alpha, and its subject's own colours if they were asked for."""

    layer: Gimp.Layer
    alpha: Array
    colours: Array | None = None


def apply_results(image: Gimp.Image, cuts: Sequence[CutLayer], settings: Settings) -> None:
    """Apply `cuts` to the image as `settings` ask, in a single undo step."""
    with _one_undo_step(image):
        for number, cut in enumerate(cuts):
            if settings.result == LAYER_MASK:
                put_mask(cut.layer, cut.alpha, settings.existing_mask)
            elif settings.result == NEW_LAYER:
                _new_layer(cut, settings.existing_mask)
            elif settings.result == CLEANED_LAYER:
                _cleaned_layer(cut)
            elif settings.result == NEW_SELECTION:
                _select(image, cut, Gimp.ChannelOps.ADD if number else Gimp.ChannelOps.REPLACE)
            elif settings.result == CHANNEL:
                _channel(image, cut, f"{cut.layer.get_name()} {_SUFFIX}")


@contextmanager
def _one_undo_step(image: Gimp.Image) -> Iterator[None]:
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()


def put_mask(layer: Gimp.Layer, alpha: Array, existing_mask: str) -> None:
    """Give `layer` the mask `alpha`. An existing mask is replaced, or the darker value of both masks is kept."""
    mask = layer.create_mask(Gimp.AddMaskType.BLACK)
    write_alpha(mask, alpha)
    old = layer.get_mask()
    if old is not None:
        if existing_mask == INTERSECT:
            mask.combine_masks(old, Gimp.ChannelOps.INTERSECT, 0, 0)
        layer.remove_mask(Gimp.MaskApplyMode.DISCARD)
    layer.add_mask(mask)


def _new_layer(cut: CutLayer, existing_mask: str) -> None:
    copy = _inserted_above(cut.layer, cut.layer.copy())
    put_mask(copy, cut.alpha, existing_mask)


def _cleaned_layer(cut: CutLayer) -> None:
    layer, image = cut.layer, cut.layer.get_image()
    assert cut.colours is not None, "this result asks for colours"
    new = Gimp.Layer.new(
        image,
        layer.get_name(),
        layer.get_width(),
        layer.get_height(),
        layer.type_with_alpha(),
        layer.get_opacity(),
        layer.get_mode(),
    )
    new.set_offsets(*offsets(layer))
    _inserted_above(layer, new)
    write_colours(new, cut.colours, layer)
    put_mask(new, cut.alpha, INTERSECT)
    new.remove_mask(Gimp.MaskApplyMode.APPLY)


def _inserted_above(layer: Gimp.Layer, new: Gimp.Layer) -> Gimp.Layer:
    """Insert `new` above `layer` and hide `layer`, which would show behind the cut-out."""
    image = layer.get_image()
    new.set_name(f"{layer.get_name()} {_SUFFIX}")
    image.insert_layer(new, layer.get_parent(), image.get_item_position(layer))
    layer.set_visible(False)
    return new


def _select(image: Gimp.Image, cut: CutLayer, how: Gimp.ChannelOps) -> None:
    channel = _channel(image, cut, _SUFFIX)
    image.select_item(how, channel)
    image.remove_channel(channel)


def _channel(image: Gimp.Image, cut: CutLayer, name: str) -> Gimp.Channel:
    colour = Gegl.Color.new("red")
    channel = Gimp.Channel.new(image, name, image.get_width(), image.get_height(), 50, colour)
    image.insert_channel(channel, None, 0)
    write_alpha(channel, cut.alpha, *offsets(cut.layer))
    return channel
