"""The fields of rembg's server -> what its clients ask for. The form's come before those of the address's query."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from cutsmith.errors import UnknownModel, shown
from cutsmith.models.catalogue import of_kind
from cutsmith.service.failures import BadForm

if TYPE_CHECKING:
    from cutsmith.request import Request
    from cutsmith.service.forms import Fields

SAM = "sam"
_TRUE, _FALSE = ("true", "1", "on", "yes", "y", "t"), ("false", "0", "off", "no", "n", "f")
_PROMPT = "sam_prompt"


class Colour(NamedTuple):
    """A colour behind the subject, (red, green, blue) of 0-255, and its opacity in [0, 1]."""

    colour: tuple[int, int, int]
    opacity: float


@dataclass(frozen=True)
class Wanted:
    """What a request asks for, by rembg's own names for it.

    Attributes:
        options: the engine's, by name: the model, and what a prompt for SAM points at.
        alpha_matting: `a`.
        foreground_threshold, background_threshold: `af` and `ab`, of 0-255.
        erode_size: `ae`, in pixels.
        only_mask: `om`.
        hard: `ppm`.
        clean_edges: `dc`.
        vitmatte: `vm`.
        ground: `bgc`.
    """

    options: dict[str, Any]
    alpha_matting: bool
    foreground_threshold: int
    background_threshold: int
    erode_size: int
    only_mask: bool
    hard: bool
    clean_edges: bool
    vitmatte: bool
    ground: Colour | None


def wanted_of(fields: Fields, defaults: Request) -> Wanted:
    """What `fields` ask for. Fields that rembg does not have are not looked at, as there.

    Args:
        fields: the request's.
        defaults: the operator's own choices; without `model`, theirs is taken.

    Raises:
        BadForm: a value is wrong.
        UnknownModel: there is no such model here.
    """
    return Wanted(
        options=_options(fields, defaults),
        alpha_matting=_flag(fields, "a"),
        foreground_threshold=_whole(fields, "af", 240, 255),
        background_threshold=_whole(fields, "ab", 10, 255),
        erode_size=_whole(fields, "ae", 10, 1000),
        only_mask=_flag(fields, "om"),
        hard=_flag(fields, "ppm"),
        clean_edges=_flag(fields, "dc"),
        vitmatte=_flag(fields, "vm"),
        ground=_colour(fields),
    )


def _options(fields: Fields, defaults: Request) -> dict[str, Any]:
    model, extras = fields.text("model"), _extras(fields)
    if model == SAM:
        return _prompted(extras.get(_PROMPT))
    if extras:
        raise BadForm(f"The extra {_PROMPT} is for the model {SAM}.", f"Set model to {SAM}.", option="extras")
    if not model or model == defaults.runtime.model:
        return {}
    known = of_kind("remover")
    if model not in known:
        raise UnknownModel(
            f"The model {shown(model)} is none of this service's, which has {', '.join(known)} and {SAM}.",
            "Leave model out for the service's own choice.",
            option="model",
        )
    return {"model": model}


def _extras(fields: Fields) -> dict[str, Any]:
    """The prompt for SAM, which is all that `extras` may hold: nothing in it may name a file of the server.

    Raises:
        BadForm: it is no JSON object, or holds something else.
    """
    text = fields.text("extras")
    if not text:
        return {}
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict) or set(told) - {_PROMPT}:
        raise BadForm(option="extras", found=shown(text), wanted=f'a JSON object with "{_PROMPT}" alone')
    return told


def _prompted(prompt: object) -> dict[str, Any]:
    """Points and a box from rembg's list of {"type", "data", "label"}. Without any, the middle of the picture."""
    if prompt is None:
        return {}
    points: list[tuple[float, ...]] = []
    box: tuple[float, ...] | None = None
    for each in prompt if isinstance(prompt, list) else [prompt]:
        told = each if isinstance(each, dict) else {}
        kind, label, numbers = told.get("type"), told.get("label", 1), _numbers(told.get("data"))
        if kind == "point" and len(numbers) == 2 and label in (0, 1):
            points.append((*numbers, label))
        elif kind == "rectangle" and len(numbers) == 4 and box is None:
            box = numbers
        else:
            raise BadForm(
                option=_PROMPT,
                found=shown(each),
                wanted='points ({"type": "point", "data": [x, y], "label": 1}) and one rectangle of four numbers',
            )
    return {name: value for name, value in (("points", tuple(points)), ("box", box)) if value}


def _numbers(value: object) -> tuple[float, ...]:
    """The numbers of a list; none where it is no list of numbers."""
    is_list = isinstance(value, list) and all(type(each) in (int, float) for each in value)
    return tuple(value) if is_list and isinstance(value, list) else ()


def _flag(fields: Fields, name: str) -> bool:
    text = fields.text(name, "false").lower()
    if text not in (*_TRUE, *_FALSE):
        raise BadForm(option=name, found=shown(text), wanted="true or false")
    return text in _TRUE


def _whole(fields: Fields, name: str, default: int, most: int) -> int:
    text = fields.text(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
        raise BadForm(option=name, found=shown(text), wanted=f"a whole number from 0 to {most}")
    return int(text)


def _colour(fields: Fields) -> Colour | None:
    text = fields.text("bgc")
    if not text:
        return None
    parts = [each.strip() for each in text.split(",")]
    numbers = [int(each) for each in parts if each.isascii() and each.isdigit() and len(each) < 4]
    if len(parts) not in (3, 4) or len(numbers) != len(parts) or max(numbers) > 255:
        raise BadForm(option="bgc", found=shown(text), wanted="four whole numbers of 0-255: red,green,blue,alpha")
    red, green, blue, alpha = (*numbers, 255)[:4]
    return Colour((red, green, blue), alpha / 255)
