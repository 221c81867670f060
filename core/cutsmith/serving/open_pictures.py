"""Pictures that stay open in memory between jobs, for any number of clicks on them."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cutsmith.picture import Picture

_KEPT_MASKS = 8


@dataclass
class OpenPicture:
    """One picture in memory.

    Attributes:
        identity: names it; whoever knows it may use it.
        picture: without hidden colours, as `cut_out` sees it.
        image: uint8 (H, W, 3), as the models see it; nobody can write into it. One array for all clicks, so that SAM 2
            finds what it computed of it.
        used: when it was last asked for, by the monotonic clock.
    """

    identity: str
    picture: Picture
    image: NDArray[np.uint8]
    used: float = field(default_factory=monotonic)
    _shown: Picture | None = field(default=None, repr=False)
    _masks: OrderedDict[str, NDArray[np.float32]] = field(default_factory=OrderedDict, repr=False)

    @classmethod
    def of(cls, identity: str, picture: Picture) -> OpenPicture:
        """Open `picture`, whose pixels nobody may write into from then on."""
        # What `cut_out` does first, so that both see the same pixels.
        visible = picture.without_hidden_colours()
        shown = visible.for_models()
        # An array of its own: into a view, others might write.
        image = shown if shown.base is None else shown.copy()
        image.flags.writeable = False
        return cls(identity, replace(visible, pixels=image) if shown is visible.pixels else visible, image)

    @property
    def bytes(self) -> int:
        """Memory that it takes, in bytes."""
        pictures = [self.picture, *([] if self._shown is None else [self._shown])]
        planes = [each.alpha for each in pictures if each.alpha is not None]
        arrays = [self.image, *(each.pixels for each in pictures), *planes, *self._masks.values()]
        # An array that serves twice counts once.
        return sum({id(each): each.nbytes for each in arrays}.values())

    def shown_picture(self, size: tuple[int, int]) -> Picture:
        """The picture as a screen of `size`, (width, height), shows it: 8 bits, sRGB."""
        import cv2

        if self._shown is None or (self._shown.width, self._shown.height) != size:
            colours = replace(self.picture, alpha=None).srgb()
            alpha = self.picture.alpha
            if size != (self.picture.width, self.picture.height):
                colours = np.asarray(cv2.resize(colours, size, interpolation=cv2.INTER_AREA), np.uint8)
                alpha = None if alpha is None else cv2.resize(alpha, size, interpolation=cv2.INTER_AREA)
            self._shown = replace(self.picture, pixels=colours, alpha=alpha, icc=None)
        return self._shown

    def shown_mask(self, key: str, make: Callable[[], NDArray[np.float32]]) -> NDArray[np.float32]:
        """The mask that was kept as `key`, or else the one that `make` makes now; the last few are kept."""
        mask = self._masks.pop(key, None)
        self._masks[key] = mask if mask is not None else make()
        while len(self._masks) > _KEPT_MASKS:
            self._masks.popitem(last=False)
        return self._masks[key]


class OpenPictures:
    """The open pictures of a process, those used last.

    Args:
        most_bytes: of memory for all together; the last used one is always kept.
        seconds: without use, after which a picture is closed.
    """

    def __init__(self, most_bytes: int, seconds: float) -> None:
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._kept: OrderedDict[str, OpenPicture] = OrderedDict()
        self._lock = threading.Lock()

    def keep(self, opened: OpenPicture) -> OpenPicture:
        """Keep `opened`, which was used just now, and close those used longest ago that have no room beside it."""
        opened.used = monotonic()
        with self._lock:
            self._kept.pop(opened.identity, None)
            self._kept[opened.identity] = opened
            while len(self._kept) > 1 and sum(each.bytes for each in self._kept.values()) > self._most_bytes:
                self._kept.popitem(last=False)
        return opened

    def find(self, identity: str) -> OpenPicture | None:
        """The picture `identity`; None if it is not open, or not any more."""
        with self._lock:
            return self._kept.get(identity)

    def close(self, identity: str) -> bool:
        """Close a picture; -> whether it was open."""
        with self._lock:
            return self._kept.pop(identity, None) is not None

    def close_unused(self) -> None:
        """Close the pictures that nobody has used for long."""
        with self._lock:
            for identity, opened in list(self._kept.items()):
                if opened.used < monotonic() - self._seconds:
                    del self._kept[identity]

    def __len__(self) -> int:
        return len(self._kept)
