"""What a cut-out may take at most, so that a program can say it before it asks for one.

The figures are rounded up from `python benchmarks/undecided_pictures.py`: the slowest kind of picture, a mask that is
undecided nearly everywhere, on two cores.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Cost(NamedTuple):
    """What a choice takes at most.

    Attributes:
        seconds: for any picture,
        seconds_per_megapixel: and besides for each of its megapixels.
        bytes_per_pixel: of memory, besides the models.
    """

    seconds: float
    seconds_per_megapixel: float
    bytes_per_pixel: int


MATTING_COSTS: Mapping[str, Cost] = MappingProxyType(
    {"none": Cost(0, 0, 12), "auto": Cost(6, 0.2, 45), "closed-form": Cost(6, 0.2, 45)}
)
"""By the option `matting`. A neural method's costs depend on its model and device, and are not known."""


def costs_as_json() -> dict[str, dict[str, float]]:
    """`MATTING_COSTS` for the worker's answer."""
    return {name: cost._asdict() for name, cost in MATTING_COSTS.items()}
