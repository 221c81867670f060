"""Finds the layers to work on: those that are selected, or whose masks are selected."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import Gimp

from .failure import CutFailed
from .planes import CanvasPart, canvas_part


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


def on_canvas(layer: Gimp.Layer) -> CanvasPart:
    """The part of `layer` that lies on the canvas. Raises CutFailed if the layer lies beside it."""
    image = layer.get_image()
    part = canvas_part(offsets(layer), (layer.get_width(), layer.get_height()), (image.get_width(), image.get_height()))
    if part is None:
        raise CutFailed(
            f'The layer "{layer.get_name()}" lies outside the canvas, where nothing can be selected. Nothing was '
            "changed.",
            "Choose Image > Fit Canvas to Layers, move the layer, or choose a layer mask or a new layer as the result.",
        )
    return part
