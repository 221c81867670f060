"""One run: read each layer, have the worker cut it out, and then change the image."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gi.repository import Gimp

from .failure import CutFailed, NothingFound
from .layer_pixels import has_8_bits, pixel_dtype, read_mask, read_pixels, read_selection, read_trimap
from .layers import chosen_layers, on_canvas, refuse_clicks, refuse_quick_mask
from .planes import hardened
from .results import CutLayer, apply_results
from .settings import (
    CHANNEL,
    CLEANED_LAYER,
    HARD,
    INTERSECT,
    NEW_LAYER,
    NEW_SELECTION,
    NO_MODEL,
    OWN_MASK,
    POINTS,
    SELECTION,
    SUBTRACT,
    Settings,
)

if TYPE_CHECKING:
    from .ready_cut import ReadyCut
    from .worker_files import Array, Message
    from .worker_link import WorkerLink

_PREPARED = 0.2
"""The share of the progress after which the objects of a layer are known."""


@dataclass(frozen=True)
class Request:
    """A layer to cut out, and the array that shows where its subject is, under the worker's name for it."""

    layer: Gimp.Layer
    hint: dict[str, Array]


def requested(image: Gimp.Image, drawables: Sequence[Gimp.Item], settings: Settings) -> list[Request]:
    """Make one request for each layer of `drawables`. This is quick and does not call the engine.

    Raises:
        CutFailed: a layer or the image cannot be used.
    """
    layers = chosen_layers(image, drawables)
    if settings.result == CLEANED_LAYER and image.get_base_type() == Gimp.ImageBaseType.INDEXED:
        raise CutFailed(
            "An indexed image cannot have partly transparent pixels, or colors outside its palette.",
            "Convert it first: Image > Mode > RGB. Or choose a layer mask as the result.",
        )
    if settings.result in (NEW_SELECTION, CHANNEL):
        for layer in layers:
            on_canvas(layer)
    if settings.result == NEW_SELECTION:
        refuse_quick_mask(image)
        if settings.existing_selection in (SUBTRACT, INTERSECT) and Gimp.Selection.is_empty(image):
            raise CutFailed(
                "Nothing is selected: the selection would stay empty.", "Choose to replace the selection, or to add."
            )
    if settings.what == POINTS:
        refuse_clicks(layers)
    return [Request(layer, hint_for(layer, settings)) for layer in layers]


def cut_layers(
    image: Gimp.Image,
    requests: Sequence[Request],
    settings: Settings,
    link: WorkerLink,
    ready: ReadyCut | None = None,
) -> list[Mapping[str, Any]]:
    """Cut out the layers of `requests` with `settings`; -> the worker's notices for the user.

    All layers are cut out before the first one is changed. Cancelling ends the plug-in's process at once, and must not
    leave an undo step open. `ready` is what the dialog has worked out; it is taken if it is what would be asked.

    Raises:
        CutFailed: a layer could not be cut out; nothing was changed.
    """
    cuts: list[CutLayer] = []
    told: list[Mapping[str, Any]] = []
    for number, request in enumerate(requests):
        try:
            with link.as_share(number / len(requests), (number + 1) / len(requests)):
                if settings.is_for_each:
                    answers, notices = _answers_for_each(request, settings, link)
                    told += notices
                else:
                    answers = [("", _answer(request, settings, link, ready))]
        except CutFailed as failure:
            raise _of_layer(failure, request.layer, len(requests)) from failure
        for label, answer in answers:
            cuts.append(_cut_layer(request.layer, answer, settings, label))
            told += answer.header.get("notices", [])
    apply_results(image, cuts, settings)
    return told


def told_of_locks(requests: Sequence[Request], settings: Settings) -> list[str]:
    """What the user should know of layers whose locks the result has respected, in words."""
    if settings.result not in (NEW_LAYER, CLEANED_LAYER):
        return []
    layers = [request.layer for request in requests]
    return [
        f'The visibility of the layer "{layer.get_name()}" is locked: it is still shown behind its cut-out. Unlock and '
        "hide it."
        for layer in layers
        if layer.get_lock_visibility() and layer.get_visible()
    ]


def hint_for(layer: Gimp.Layer, settings: Settings) -> dict[str, Array]:
    """The arrays that show where the subject is: none, the selection or the layer's own mask. Raises CutFailed."""
    if settings.what == OWN_MASK:
        arrays = {"mask": read_mask(layer)}
        if settings.trimap:
            arrays |= read_trimap(layer, settings.trimap)
        # The selection ends with the canvas, as a channel does.
        if settings.within_selection and not Gimp.Selection.is_empty(layer.get_image()):
            arrays["within"] = read_selection(layer)
        return arrays
    if settings.what == SELECTION:
        return {"mask" if settings.model == NO_MODEL else "selection": read_selection(layer)}
    return {}


def _answer(request: Request, settings: Settings, link: WorkerLink, ready: ReadyCut | None) -> Message:
    pixels, dtype = read_pixels(request.layer), alpha_dtype(request.layer, settings)
    if ready is not None and ready.is_for(settings, dtype, pixels, request.hint):
        return ready.answer
    return link.cut(settings, {**pixels, **request.hint}, dtype)


def _answers_for_each(
    request: Request, settings: Settings, link: WorkerLink
) -> tuple[list[tuple[str, Message]], list[Mapping[str, Any]]]:
    """What words name in a layer, object by object: the label of each, and its cut. And notices for the user.

    Objects in whose boxes nothing can be cut out are left out, unless there are no others.
    """
    dtype = alpha_dtype(request.layer, settings)
    answers: list[tuple[str, Message]] = []
    notices: list[Mapping[str, Any]] = []
    empty: list[CutFailed] = []
    with contextlib.ExitStack() as stack:
        with link.as_share(0.0, _PREPARED):
            picture = stack.enter_context(link.opened(read_pixels(request.layer)))
            if settings.found is None:
                found, notices = link.find(settings, picture)
                settings = replace(settings, found=found)
        share = (1.0 - _PREPARED) / max(1, len(settings.chosen))
        for number, each in enumerate(settings.chosen):
            try:
                with link.as_share(_PREPARED + share * number, _PREPARED + share * (number + 1)):
                    answers.append((each.label, link.cut(replace(settings, found=(each,)), {}, dtype, picture)))
            except NothingFound as failure:
                empty.append(failure)
    if not empty:
        return answers, notices
    if not answers:
        raise empty[0]
    lost = f"{len(empty)} of {len(settings.chosen)} objects have no result: nothing can be cut out in their boxes."
    return answers, [*notices, {"what": lost, "cures": []}]


def alpha_dtype(layer: Gimp.Layer, settings: Settings) -> str:
    """The depth in which alpha is asked for: enough for a mask of the image, or as deep as the cleaned pixels."""
    image = layer.get_image()
    if settings.edge == HARD:
        return "uint8"
    if settings.wants_colours:
        return pixel_dtype(image)
    return "uint8" if has_8_bits(image) else "float32"


def _cut_layer(layer: Gimp.Layer, answer: Message, settings: Settings, label: str) -> CutLayer:
    alpha = answer.arrays["alpha"]
    if alpha.shape != (layer.get_height(), layer.get_width()):
        raise CutFailed(
            f"The engine's answer must be as large as the layer, but got {alpha.shape}. Nothing was changed."
        )
    alpha = hardened(alpha) if settings.edge == HARD else alpha
    return CutLayer(layer, alpha, answer.arrays.get("colours"), label)


def _of_layer(failure: CutFailed, layer: Gimp.Layer, count: int) -> CutFailed:
    """Add the layer's name to `failure` if there are several layers."""
    return failure if count == 1 else CutFailed(f'Layer "{layer.get_name()}": {failure.what}', failure.remedy)
