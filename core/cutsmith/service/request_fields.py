"""Fields of a form or of JSON -> the engine's request. Every option comes from its declaration."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from cutsmith.cures import run
from cutsmith.errors import PictureTooLarge, UnknownModel, shown
from cutsmith.models.catalogue import of_kind
from cutsmith.models.entry import KINDS
from cutsmith.option_text import from_text
from cutsmith.options import OPTIONS, Option
from cutsmith.request_json import from_json
from cutsmith.segmentation.subject_in_box import NAME as SUBJECT_IN_BOX
from cutsmith.service.failures import BadForm
from cutsmith.service.pictures import read_plane

if TYPE_CHECKING:
    from cutsmith.request import Request
    from cutsmith.service.forms import Fields


def _is_clients(option: Option) -> bool:
    """Whether a client may say it. What the service runs on, and within which limits, is the operator's choice."""
    return option.part != "runtime" or not option.advanced or option.kind == "flag"


CLIENTS = tuple(name for name, option in OPTIONS.items() if _is_clients(option))
"""The options that a client may say, by name."""
PLANES = tuple(name for name in CLIENTS if OPTIONS[name].kind == "array")
"""Those that are uploaded as gray pictures."""

MOST_LETTERS = 10_000
"""Of a text. Far longer ones, as words or points, would take minutes and gigabytes to tell apart."""
MOST_VALUES = 1_000
"""Of a list, such as points: SAM 2 compares each with each."""
# By how much a number without a limit of its own may exceed what a slider offers: a blur's time grows with it.
_BEYOND_USUAL = 4


def request_of(fields: Fields, defaults: Request) -> Request:
    """The request that `fields` make of `defaults`, checked. Fields of other names are not looked at.

    Raises:
        BadForm: a field is a file, or no file, where it must not be.
        UnknownModel: a field names a model that is none of the catalogue's.
        PictureError: a plane is no picture.
        UsageError: a value is wrong; see `Request.checked`.
    """
    values = {}
    for name in CLIENTS:
        if name in fields.names:
            value = _value(OPTIONS[name], fields, defaults)
            if value is not None:
                values[name] = value
    return defaults.updated(values).checked()


def refuse_unknown(fields: Fields, known: Collection[str]) -> None:
    """Refuse fields that are none of `known`, so that a misspelt option is not taken for its default.

    Raises:
        BadForm: the first of them, with names like it.
    """
    unknown = sorted(fields.names - set(known))
    if not unknown:
        return
    from difflib import get_close_matches

    near = get_close_matches(unknown[0], known, n=2)
    raise BadForm(
        f"There is no field {unknown[0][:60]!r}.",
        f"Did you mean {' or '.join(near)}?" if near else "The address /openapi.json lists all fields.",
        option=unknown[0][:60],
    )


def _value(option: Option, fields: Fields, defaults: Request) -> Any:
    """The value of `option` in Python's form; None where its field is empty."""
    if option.kind == "array":
        return _plane(option.name, fields, defaults.runtime.max_pixels)
    value = fields.value(option.name)
    if value is None:
        return None
    _check_length(option.name, value)
    if option.kind == "model":
        _check_model(option, value, defaults)
    if isinstance(value, str) and (not fields.is_json or option.kind in ("box", "points", "band")):
        value = from_text(option, value)
    _check_number(option, value)
    return from_json(option.name, value)


def _check_length(name: str, value: object) -> None:
    if isinstance(value, str | list) and len(value) > (MOST_LETTERS if isinstance(value, str) else MOST_VALUES):
        wanted = f"at most {MOST_LETTERS:,} letters, or {MOST_VALUES:,} values"
        raise BadForm(option=name, found=f"{len(value):,}", wanted=wanted)


def _check_number(option: Option, value: object) -> None:
    """Keep numbers that the engine takes without a limit within reason: other clients wait meanwhile."""
    if option.usual is None or option.kind not in ("number", "whole") or type(value) not in (int, float):
        return
    least, most = (_BEYOND_USUAL * each for each in option.usual)
    if not min(least, option.least or 0) <= value <= max(most, option.most or 0):  # type: ignore[operator]
        raise BadForm(option=option.name, found=shown(value), wanted=f"a number from {least:g} to {most:g} here")


def _plane(name: str, fields: Fields, max_pixels: int) -> Any:
    told = fields.values.get(name)
    if fields.is_json and isinstance(told, dict):
        _check_shape(name, told.get("shape"), max_pixels)
        return from_json(name, told)  # packed, as a request's own JSON has it
    data = fields.upload(name)
    return None if data is None else read_plane(data, name, max_pixels)


def _check_shape(name: str, shape: object, max_pixels: int) -> None:
    """Refuse a packed plane of too many pixels before it is unpacked: a megabyte may stand for a gigabyte."""
    if not isinstance(shape, list) or len(shape) != 2 or not all(type(side) is int for side in shape):
        return  # what is wrong with it is told where it is unpacked
    if shape[0] * shape[1] > max_pixels:
        raise PictureTooLarge(f"The {name} may have at most {max_pixels:,} pixels, but has more.")


def _check_model(option: Option, value: object, defaults: Request) -> None:
    """A name of the catalogue, or what the operator has chosen. No path: a client must not name the server's files."""
    kind = next(kind for kind, row in KINDS.items() if row.option == option.name)
    known = [*of_kind(kind), *([SUBJECT_IN_BOX] if option.name == "segmenter" else [])]
    if value not in known and value != defaults.value(option.name):
        raise UnknownModel(
            "",
            run("models", "list", text="The operator's list"),
            option=option.name,
            found=shown(value),
            wanted=f"one of {', '.join(known)}",
        )
