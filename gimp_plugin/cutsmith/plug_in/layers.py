"""Which layers are meant: those that are selected, or whose masks are."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import Gimp

from .failure import CutFailed


def chosen_layers(image: Gimp.Image, drawables: Sequence[Gimp.Item]) -> list[Gimp.Layer]:
    """The layers of `drawables`, each once, in their order; a mask stands for its layer.

    Raises:
        CutFailed: none is selected, a channel is, or a selection floats over the image.
    """
    if image.get_floating_sel() is not None:
        raise CutFailed(
            "A floating selection is over the image.", "Anchor it first: Layer > Anchor Floating Selection."
        )
    layers: list[Gimp.Layer] = []
    for drawable in drawables:
        layer = Gimp.Layer.from_mask(drawable) if drawable.is_layer_mask() else drawable
        if not layer.is_layer():
            raise CutFailed(f'"{drawable.get_name()}" is a channel.', "Select the layer that is to be cut out.")
        if all(layer.get_id() != other.get_id() for other in layers):
            layers.append(layer)
    if not layers:
        raise CutFailed("No layer is selected.", "Select the layer that is to be cut out, in the list of layers.")
    return layers


def offsets(layer: Gimp.Layer) -> tuple[int, int]:
    """(x, y) of the layer's upper left corner in the image."""
    _, x, y = layer.get_offsets()
    return x, y
