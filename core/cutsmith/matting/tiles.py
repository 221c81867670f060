"""Foreground colours tile by tile: only tiles that have something to estimate are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cutsmith.arrays import Pixel
from cutsmith.machine.cancelling import check

if TYPE_CHECKING:
    from numpy.typing import NDArray

Tile = tuple[slice, slice]


def begun(
    image: NDArray[Pixel], wanted: NDArray[np.bool_], opaque: NDArray[np.bool_], side: int
) -> tuple[NDArray[Pixel], list[Tile]]:
    """The colours of `image`, (H, W, 3), where they are opaque, else 0; and the tiles that want more.

    Args:
        wanted, opaque: bool (H, W), where colours are to be estimated, and where they are the image's.
        side: of a tile, in pixels.
    """
    result = np.zeros_like(image)
    tiles = []
    for top in range(0, image.shape[0], side):
        check()
        for left in range(0, image.shape[1], side):
            tile = np.s_[top : top + side, left : left + side]
            if opaque[tile].any():
                np.copyto(result[tile], image[tile], where=opaque[tile][..., None])
            if wanted[tile].any():
                tiles.append(tile)
    return result, tiles
