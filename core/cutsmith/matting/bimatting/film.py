"""Frames of a film, one after the other: the network remembers what it saw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cutsmith.arrays import checked_image
from cutsmith.matting.bimatting.frame import matted_frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.matting.bimatting.decoder import State
    from cutsmith.matting.bimatting.network import BiMattingNetwork
    from cutsmith.protocols import Watch


class BiMattingFrames:
    """Mattes the people in the frames of one film, in the order in which `alpha` is called.

    Each answer depends on the frames before. A frame of another size starts anew, and so does `reset`: call it where
    the film cuts to another scene.
    """

    def __init__(self, network: BiMattingNetwork) -> None:
        """`network` must be in its evaluation mode; several films may share one, each with frames of its own."""
        self._network = network
        self._state: State | None = None
        self._size: tuple[int, ...] = ()

    def alpha(self, frame: NDArray[np.uint8], *, watch: Watch | None = None) -> NDArray[np.float32]:
        """Straight alpha of all people, float32 (H, W) in [0, 1], of `frame`, (H, W, 3) in sRGB.

        It is uint8; uint16 is taken too.

        A call that raises leaves the memory as it was.

        Raises:
            BadArray: `frame` is not as described.
            ModelUnusable: the network gives values that are not numbers.
            DeviceOutOfMemory: the device does not hold the network's features.
            Cancelled: `watch` says so.
        """
        frame = checked_image(frame)
        size = frame.shape[:2]
        if watch is not None:
            watch.check()
        alpha, state = matted_frame(self._network, frame, self._state if size == self._size else None, watch)
        self._state, self._size = state, size
        return alpha

    def reset(self) -> None:
        """Forget the frames so far."""
        self._state = None
