"""Other views of a picture, and the way back from a view's mask to the picture's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ViewName = Literal["first", "mirrored", "padded"]

PADDING = 0.15
"""The padding on each side, as a share of the picture's height or width. 0.3 makes the subject too small."""


def view_of(image: NDArray[np.uint8], name: ViewName) -> NDArray[np.uint8]:
    """`image`, uint8 (H, W, 3), as the view `name` shows it.

    "mirrored" swaps left and right. "padded" adds a margin of one colour, so that a subject which the frame cuts ends
    inside the picture.
    """
    if name == "mirrored":
        return np.ascontiguousarray(image[:, ::-1])
    if name == "padded":
        import cv2

        down, right = _margins(image.shape)
        colour = [float(channel) for channel in background_colour(image)]
        padded: NDArray[np.uint8] = cv2.copyMakeBorder(
            image, down, down, right, right, cv2.BORDER_CONSTANT, value=colour
        )
        return padded
    return image


def mask_of_picture(mask: NDArray[np.float32], name: ViewName, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """The mask of the picture of `shape` (H, W, ...), from the `mask` of its view `name`."""
    if name == "mirrored":
        return np.ascontiguousarray(mask[:, ::-1])
    if name == "padded":
        down, right = _margins(shape)
        return np.ascontiguousarray(mask[down : down + shape[0], right : right + shape[1]])
    return mask


def background_colour(image: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The median (3,) of the top row and both side columns: subjects stand on the bottom edge more than on others."""
    edges = np.concatenate([image[0], image[:, 0], image[:, -1]])
    median: NDArray[np.float64] = np.median(edges, axis=0)
    return median


def _margins(shape: tuple[int, ...]) -> tuple[int, int]:
    return round(PADDING * shape[0]), round(PADDING * shape[1])
