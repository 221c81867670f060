"""The fields add_shadow, shadow_type and shadow_opacity -> how dark the shadow becomes.

The engine has one shadow: the soft one on the ground under the subject. It stands for "drop" and for "car", which
differ in how dark they are. Each field may also be given for one type of subject, as shadow_type[car].
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from cutsmith.result.canvas.shadow import DARKEST
from cutsmith.service.removebg.refusal import Refused, invalid

if TYPE_CHECKING:
    from cutsmith.service.forms import Fields

_TYPES = ("none", "auto", "drop", "car")
_DARK = {"drop": DARKEST, "car": 0.9}
_TRUE, _FALSE = ("true", "yes", "1"), ("", "false", "no", "0")


def shadow_opacity_of(fields: Fields, subject: str) -> float:
    """In [0, 1]: how dark the shadow of a `subject` ("car", "person", "other" ...) becomes; 0 for none.

    Raises:
        Refused: a value is wrong, or is a shadow that cannot be drawn here.
        BadForm: a value is no text.
    """
    kind = _kind(fields, subject)
    told = _for_subject(fields, "shadow_opacity", subject) or "auto"
    if told == "auto":
        darkest = _DARK.get(kind, 0.0)
    elif re.fullmatch(r"\d{1,3}(\.\d{1,6})?", told) and float(told) <= 100:
        darkest = float(told) / 100
    else:
        raise invalid("shadow_opacity", told, "auto, or a number from 0 to 100")
    return darkest if kind != "none" else 0.0


def _kind(fields: Fields, subject: str) -> str:
    """ "none", "drop" or "car"."""
    for name in _given(fields, ("add_shadow", "shadow_type")):
        _check(name, fields.text(name).lower())
    kind = _for_subject(fields, "shadow_type", subject)
    if not kind:
        added = fields.text("add_shadow").lower()
        kind = "none" if added in _FALSE else "auto" if added in _TRUE else added
    if kind == "auto":
        return "car" if subject == "car" else "drop"
    return kind


def _check(name: str, kind: str) -> None:
    if kind == "3d":
        raise Refused(
            "invalid_shadow_type",
            "3D shadows are not available here",
            f"{name} is 3D, which this service cannot draw. It draws drop, car, auto and none.",
        )
    known = _TYPES if name != "add_shadow" else (*_TYPES, *_TRUE, *_FALSE)
    if kind and kind not in known:
        raise invalid("shadow_type", kind, "auto, drop, car or none")


def _for_subject(fields: Fields, name: str, subject: str) -> str:
    """The value of `name` for `subject`, in lower case; "" where there is none."""
    return (fields.text(f"{name}[{subject}]") or fields.text(name)).lower()


def _given(fields: Fields, starts: Iterable[str]) -> list[str]:
    known = tuple(starts)
    return sorted(name for name in fields.names if name.partition("[")[0] in known)
