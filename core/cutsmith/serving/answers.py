"""A job's result, and the form in which it leaves the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

ANSWER_DTYPES = ("uint8", "uint16", "float32")


@dataclass(frozen=True)
class Answer:
    """A job's result: JSON fields and arrays."""

    fields: Mapping[str, Any]
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)


def answer_array(alpha: NDArray[np.float32], dtype: str) -> NDArray[Any]:
    """`alpha` as `dtype`: float32 unchanged, uint8 and uint16 rounded as in the command line's files."""
    if dtype == "float32":
        return alpha
    import numpy as np

    from cutsmith.picture.samples import samples_from_alpha

    return samples_from_alpha(alpha, np.dtype(dtype))
