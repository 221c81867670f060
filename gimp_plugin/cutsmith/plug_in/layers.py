"""Finds the layers to work on: those that are selected, or whose masks are selected."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import Gimp

from .failure import CutFailed


def chosen_layers(image: Gimp.Image, drawables: Sequence[Gimp.Item]) -> list[Gimp.Layer]:
    """The layers of `drawables`, each once and in order; a mask stands for its layer.

    Raises:
        CutFailed: no layer is selected, a channel is selected, or the image has a floating selection.
    """
    if image.get_floating_sel() is not None:
        raise CutFailed("The image has a floating selection.", "Anchor it first: Layer > Anchor Floating Selection.")
    layers: list[Gimp.Layer] = []
    for drawable in drawables:
        layer = Gimp.Layer.from_mask(drawable) if drawable.is_layer_mask() else drawable
        if not layer.is_layer():
            raise CutFailed(f'"{drawable.get_name()}" is a channel.', "Select the layer to cut out instead.")
        if all(layer.get_id() != other.get_id() for other in layers):
            layers.append(layer)
    if not layers:
        raise CutFailed("No layer is selected.", "Select the layer to cut out in the list of layers.")
    return layers


def offsets(layer: Gimp.Layer) -> tuple[int, int]:
    """The (x, y) of the layer's top left corner in the image."""
    _, x, y = layer.get_offsets()
    return x, y
