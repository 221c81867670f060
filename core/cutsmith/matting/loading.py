"""What the option `matting` says -> a matter: one row a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from cutsmith.errors import BadOption, shown

if TYPE_CHECKING:
    from cutsmith.protocols import Matter


def _closed_form(band: tuple[int, int] | None) -> Matter:
    from cutsmith.matting.closed_form import ClosedFormMatter
    from cutsmith.matting.trimap import Band

    return ClosedFormMatter(None if band is None else Band(*band))


MATTERS: Mapping[str, Callable[[tuple[int, int] | None], Matter]] = MappingProxyType({"closed-form": _closed_form})
"""Each method by its name among the choices of the option `matting`; called with a band (inner, outer) or None."""


def load_matter(method: str, band: tuple[int, int] | None = None) -> Matter:
    """The matter called `method`, for the `band` (inner, outer) in pixels; None takes the default.

    Raises:
        BadOption: there is no method of this name, or the band is negative.
    """
    if method not in MATTERS:
        raise BadOption("", option="matting", found=shown(method), wanted=f"one of {', '.join(MATTERS)}")
    return MATTERS[method](band)
