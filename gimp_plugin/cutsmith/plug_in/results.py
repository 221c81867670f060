"""Turns alpha into a mask, a layer, the selection or a channel. The layer's own pixels stay unchanged.

Everything is built before the image is touched. The progress bar goes then, and its Cancel button with it: Cancel ends
the plug-in's process at once, and would leave the image half changed. What is left to do is a few calls in one undo
step. If one fails, those before it are taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gi.repository import Gegl, Gimp

from .failure import CutFailed
from .layer_pixels import has_8_bits, mask_values, write_alpha, write_pixels
from .layers import copy_locks, new_like, on_canvas
from .planes import cropped, with_alpha
from .progress import end_progress
from .settings import (
    ADD,
    CHANNEL,
    CLEANED_LAYER,
    INTERSECT,
    LAYER_MASK,
    NEW_LAYER,
    NEW_SELECTION,
    REPLACE,
    SUBTRACT,
    Settings,
)

if TYPE_CHECKING:
    from .worker_files import Array

_SUFFIX = "cut out"
_OPERATIONS = {
    REPLACE: Gimp.ChannelOps.REPLACE,
    ADD: Gimp.ChannelOps.ADD,
    SUBTRACT: Gimp.ChannelOps.SUBTRACT,
    INTERSECT: Gimp.ChannelOps.INTERSECT,
}

TakeBack = Callable[[], object]
"""Undoes one change of the image."""

Change = Callable[[Callable[[TakeBack], object]], None]
"""Changes the image, and hands over how each of its changes is taken back."""


@dataclass(frozen=True)
class CutLayer:
    """What is cut out of a layer.

    Attributes:
        layer: the layer.
        alpha: (H, W), as large as the layer.
        colours: the subject's own colours, if they were asked for.
        label: what the subject is called, where it is one of several in the layer; else "".
    """

    layer: Gimp.Layer
    alpha: Array
    colours: Array | None = None
    label: str = ""

    @property
    def name(self) -> str:
        """What a layer or channel of the result is called."""
        return self.label or f"{self.layer.get_name()} {_SUFFIX}"


def apply_results(image: Gimp.Image, cuts: Sequence[CutLayer], settings: Settings) -> None:
    """Apply `cuts` to the image as `settings` ask, in a single undo step.

    Raises:
        CutFailed: a layer was removed or has changed its size since it was read; nothing was changed.
    """
    for cut in cuts:
        _check_unchanged(cut)
    if settings.existing_mask == INTERSECT:
        cuts = [_within_its_mask(cut) for cut in cuts]
    changes = _built(image, cuts, settings)
    end_progress()
    with _one_undo_step(image), _all_or_nothing() as take_back:
        for change in changes:
            change(take_back)


def _check_unchanged(cut: CutLayer) -> None:
    """Raise CutFailed if the layer does not fit its alpha: a user may go on working on the image meanwhile."""
    again = "Leave the layer as it is until it is cut out, and try again."
    if not cut.layer.is_valid():
        raise CutFailed("A layer was removed while it was cut out. Nothing was changed.", again)
    if cut.alpha.shape != (cut.layer.get_height(), cut.layer.get_width()):
        raise CutFailed(
            f'The layer "{cut.layer.get_name()}" has changed its size while it was cut out. Nothing was changed.', again
        )


def _built(image: Gimp.Image, cuts: Sequence[CutLayer], settings: Settings) -> list[Change]:
    """Make all that is needed, none of it in the image yet; -> what puts it there."""
    if settings.result == NEW_SELECTION:
        return [_selected(image, cuts, _OPERATIONS[settings.existing_selection])]
    if settings.result == CHANNEL:
        return [_inserted_channel(image, cut) for cut in cuts]
    if settings.result == NEW_LAYER:
        return [_new_layer(cut) for cut in cuts]
    if settings.result == CLEANED_LAYER:
        return [_cleaned_layer(cut) for cut in cuts]
    assert settings.result == LAYER_MASK, "every result has its way"
    return [_masked(cut.layer, _mask(cut.layer, cut.alpha)) for cut in cuts]


@contextmanager
def _one_undo_step(image: Gimp.Image) -> Iterator[None]:
    image.undo_group_start()
    try:
        yield
    finally:
        image.undo_group_end()


@contextmanager
def _all_or_nothing() -> Iterator[Callable[[TakeBack], object]]:
    """Take back what was handed over, the last first, if the body fails."""
    with ExitStack() as changes:
        yield changes.callback
        changes.pop_all()


def _require(is_done: bool) -> None:
    """Raise CutFailed if a call of GIMP's failed: those calls return that, and do not raise."""
    if not is_done:
        raise CutFailed(f"GIMP refused the result: {Gimp.get_pdb().get_last_error()} Nothing was changed.")


def _within_its_mask(cut: CutLayer) -> CutLayer:
    """`cut` with the darker value of its alpha and the layer's own mask, if there is one."""
    old = cut.layer.get_mask()
    if old is None:
        return cut
    both = _mask(cut.layer, cut.alpha)
    both.combine_masks(old, Gimp.ChannelOps.INTERSECT, 0, 0)
    # A hard edge's alpha needs no more than 8 bits, but the mask's may.
    is_deeper = cut.alpha.dtype == "uint8" and not has_8_bits(cut.layer.get_image())
    alpha = mask_values(both, "uint16" if is_deeper else cut.alpha.dtype)
    both.delete()
    return replace(cut, alpha=alpha)


def _mask(layer: Gimp.Layer, alpha: Array) -> Gimp.LayerMask:
    """A mask for `layer` that holds `alpha`."""
    mask = layer.create_mask(Gimp.AddMaskType.BLACK)
    write_alpha(mask, alpha)
    return mask


def _masked(layer: Gimp.Layer, mask: Gimp.LayerMask) -> Change:
    """What gives `layer` the mask, in place of an existing one."""
    old, spare = layer.get_mask(), None
    if old is not None:
        # A mask that was removed cannot be put back, but one like it can.
        spare = layer.create_mask(Gimp.AddMaskType.BLACK)
        spare.combine_masks(old, Gimp.ChannelOps.REPLACE, 0, 0)

    def change(take_back: Callable[[TakeBack], object]) -> None:
        if layer.get_mask() is not None:
            _require(layer.remove_mask(Gimp.MaskApplyMode.DISCARD))
            if spare is not None:
                take_back(lambda: layer.add_mask(spare))
        _require(layer.add_mask(mask))
        take_back(lambda: layer.remove_mask(Gimp.MaskApplyMode.DISCARD))

    return change


def _new_layer(cut: CutLayer) -> Change:
    copy = cut.layer.copy()
    # GIMP ends a plug-in that writes to the mask of a locked layer; the lock comes back with the others.
    copy.set_lock_content(False)
    # GIMP removes no mask of a layer that is in no image.
    if copy.get_mask() is None:
        _require(copy.add_mask(copy.create_mask(Gimp.AddMaskType.BLACK)))
    write_alpha(copy.get_mask(), cut.alpha)
    copy.set_apply_mask(True)
    copy.set_show_mask(False)
    return _inserted_above(cut, copy)


def _cleaned_layer(cut: CutLayer) -> Change:
    assert cut.colours is not None, "this result asks for colours"
    new = new_like(cut.layer)
    write_pixels(new, with_alpha(cut.colours, cut.alpha), cut.layer)
    return _inserted_above(cut, new)


def _inserted_above(cut: CutLayer, new: Gimp.Layer) -> Change:
    """What inserts `new` above the layer and hides that, unless its visibility is locked: it would show behind."""
    layer = cut.layer
    new.set_name(cut.name)
    new.set_lock_visibility(False)
    new.set_visible(True)
    copy_locks(layer, new)

    def change(take_back: Callable[[TakeBack], object]) -> None:
        image, was_visible = layer.get_image(), layer.get_visible()
        _require(image.insert_layer(new, layer.get_parent(), image.get_item_position(layer)))
        take_back(lambda: image.remove_layer(new))
        if not layer.get_lock_visibility():
            _require(layer.set_visible(False))
            take_back(lambda: layer.set_visible(was_visible))

    return change


def _selected(image: Gimp.Image, cuts: Sequence[CutLayer], operation: Gimp.ChannelOps) -> Change:
    """What selects the subjects of all `cuts`, or does `operation` with them and the selection."""
    united, *others = (_channel(image, cut, _SUFFIX) for cut in cuts)
    for other in others:
        united.combine_masks(other, Gimp.ChannelOps.ADD, 0, 0)
        other.delete()

    def change(take_back: Callable[[TakeBack], object]) -> None:
        # The options of the user's last selection would blur the edge.
        Gimp.context_set_feather(False)
        # Only a channel that is in the image can be selected.
        _require(image.insert_channel(united, None, 0))
        try:
            _require(image.select_item(operation, united))
        finally:
            image.remove_channel(united)

    return change


def _inserted_channel(image: Gimp.Image, cut: CutLayer) -> Change:
    channel = _channel(image, cut, cut.name)

    def change(take_back: Callable[[TakeBack], object]) -> None:
        _require(image.insert_channel(channel, None, 0))
        take_back(lambda: image.remove_channel(channel))

    return change


def _channel(image: Gimp.Image, cut: CutLayer, name: str) -> Gimp.Channel:
    """A channel of the canvas's size that holds the part of the alpha that lies on the canvas."""
    channel = Gimp.Channel.new(image, name, image.get_width(), image.get_height(), 50, Gegl.Color.new("red"))
    part = on_canvas(cut.layer)
    write_alpha(channel, cropped(cut.alpha, part.rows, part.columns), part.x, part.y)
    return channel
