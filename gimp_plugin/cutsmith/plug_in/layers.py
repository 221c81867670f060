"""Finds the layers to work on: those that are selected, or whose masks are selected."""

from __future__ import annotations

from collections.abc import Sequence

from gi.repository import Gimp

from .declared_options import DEFAULT_MAX_PIXELS, MINIMUM_SIDE
from .failure import CutFailed
from .planes import CanvasPart, canvas_part

_QUICK_MASK = "Qmask"
"""What GIMP calls the channel that is there while the Quick Mask is on."""


def chosen_layers(image: Gimp.Image, drawables: Sequence[Gimp.Item]) -> list[Gimp.Layer]:
    """The layers of `drawables`, each once and in order; a mask stands for its layer.

    Raises:
        CutFailed: no layer is selected, a channel is selected, the image has a floating selection, a group is empty or
            selected together with one of its layers, or a layer is too small or too large.
    """
    if image.get_floating_sel() is not None:
        raise CutFailed("The image has a floating selection.", "Anchor it first: Layer > Anchor Floating Selection.")
    layers: list[Gimp.Layer] = []
    for drawable in drawables:
        layer = Gimp.Layer.from_mask(drawable) if drawable.is_layer_mask() else drawable
        if not layer.is_layer():
            refuse_quick_mask(image)
            raise CutFailed(f'"{drawable.get_name()}" is a channel.', "Select the layer to cut out instead.")
        if all(layer.get_id() != other.get_id() for other in layers):
            layers.append(layer)
    if not layers:
        raise CutFailed("No layer is selected.", "Select the layer to cut out in the list of layers.")
    for layer in layers:
        _check_alone(layer, layers)
        _check_size(layer)
    return layers


def refuse_clicks(layers: Sequence[Gimp.Layer]) -> None:
    """Raise CutFailed if clicks cannot say what is cut out of `layers`, because there are several."""
    if len(layers) > 1:
        raise CutFailed(f"Clicks are for one layer, but {len(layers)} are selected.", "Select one layer.")


def refuse_quick_mask(image: Gimp.Image) -> None:
    """Raise CutFailed while the Quick Mask is on, which stands in for the selection."""
    if image.get_channel_by_name(_QUICK_MASK) is not None:
        raise CutFailed("The Quick Mask is on.", "Turn it off first: Select > Toggle Quick Mask (Shift+Q).")


def offsets(layer: Gimp.Layer) -> tuple[int, int]:
    """The (x, y) of the layer's top left corner in the image."""
    _, x, y = layer.get_offsets()
    return x, y


def part_on_canvas(layer: Gimp.Layer) -> CanvasPart | None:
    """The part of `layer` that lies on the canvas; None if the layer lies beside it."""
    image = layer.get_image()
    return canvas_part(offsets(layer), (layer.get_width(), layer.get_height()), (image.get_width(), image.get_height()))


def on_canvas(layer: Gimp.Layer) -> CanvasPart:
    """The part of `layer` that lies on the canvas. Raises CutFailed if the layer lies beside it."""
    part = part_on_canvas(layer)
    if part is None:
        raise CutFailed(
            f'The layer "{layer.get_name()}" lies outside the canvas, where nothing can be selected. Nothing was '
            "changed.",
            "Choose Image > Fit Canvas to Layers, move the layer, or choose a layer mask or a new layer as the result.",
        )
    return part


def new_like(layer: Gimp.Layer) -> Gimp.Layer:
    """An empty layer with alpha and the place, the blending, the tag and the parasites of `layer`, in no image yet."""
    mode = layer.get_mode()
    made = Gimp.Layer.new(
        layer.get_image(),
        layer.get_name(),
        layer.get_width(),
        layer.get_height(),
        layer.type_with_alpha(),
        layer.get_opacity(),
        # Only a group has this mode.
        Gimp.LayerMode.NORMAL if mode == Gimp.LayerMode.PASS_THROUGH else mode,
    )
    made.set_offsets(*offsets(layer))
    made.set_blend_space(layer.get_blend_space())
    made.set_composite_space(layer.get_composite_space())
    made.set_composite_mode(layer.get_composite_mode())
    made.set_color_tag(layer.get_color_tag())
    for name in layer.get_parasite_list():
        made.attach_parasite(layer.get_parasite(name))
    return made


def copy_locks(layer: Gimp.Layer, other: Gimp.Layer) -> None:
    """Lock in `other` what is locked in `layer`, except whether it is visible."""
    other.set_lock_alpha(layer.get_lock_alpha())
    other.set_lock_content(layer.get_lock_content())
    other.set_lock_position(layer.get_lock_position())


def _check_alone(layer: Gimp.Layer, layers: Sequence[Gimp.Layer]) -> None:
    """Raise CutFailed if a group that `layer` is in is among `layers`, too: it would be cut out twice."""
    group = layer.get_parent()
    while group is not None:
        if any(group.get_id() == other.get_id() for other in layers):
            raise CutFailed(
                f'The group "{group.get_name()}" and its layer "{layer.get_name()}" are both selected.',
                "Select the group to cut it out as a whole, or only layers in it.",
            )
        group = group.get_parent()


def _check_size(layer: Gimp.Layer) -> None:
    """Raise CutFailed if the engine would refuse a layer of this size, before it works on another one."""
    name, width, height = layer.get_name(), layer.get_width(), layer.get_height()
    if layer.is_group() and not layer.get_children():
        raise CutFailed(f'The group "{name}" is empty.', "Put a layer into it, or select another layer.")
    if min(width, height) < MINIMUM_SIDE:
        raise CutFailed(
            f'The layer "{name}" must have at least {MINIMUM_SIDE} pixels on each side, but is {width} x {height} '
            "pixels.",
            "Choose a larger layer.",
        )
    if width * height > DEFAULT_MAX_PIXELS:
        raise CutFailed(
            f'The layer "{name}" must have at most {DEFAULT_MAX_PIXELS:,} pixels, but has {width} x {height} = '
            f"{width * height:,}.",
            "Scale it down, or cut out a copy of a part of it.",
        )
