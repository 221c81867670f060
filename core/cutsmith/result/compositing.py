"""A foreground laid over what is behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def composite(
    foreground: NDArray[np.uint8] | NDArray[np.uint16],
    alpha: NDArray[np.float32],
    behind: NDArray[np.uint8] | NDArray[np.uint16],
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """`foreground` over `behind`, both (H, W, 3) of the same depth: alpha x F + (1 - alpha) x B, rounded."""
    share = alpha[..., None]
    mixed = behind + share * (foreground.astype(np.float32) - behind)
    return cast("NDArray[np.uint8] | NDArray[np.uint16]", np.rint(mixed).astype(foreground.dtype))
