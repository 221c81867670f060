"""What the decoders return, and how the errors of the libraries that they call are translated."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from numpy.typing import NDArray

from cutsmith.errors import CutsmithError, PictureDamaged, PictureTooLarge
from cutsmith.picture.metadata import Metadata


@dataclass
class Decoded:
    """A decoded picture, before it is turned upright and its profile is settled.

    `pixels`: uint8 or uint16, (H, W) where the file is gray, else (H, W, 3). `alpha`: None or (H, W) of the same
    dtype, straight. `icc` is as found in the file: it may be broken, or of another colour space.
    """

    pixels: NDArray[Any]
    alpha: NDArray[Any] | None = None
    icc: bytes | None = None
    dpi: tuple[float, float] | None = None
    orientation: int = 1
    warnings: list[str] = field(default_factory=list)
    metadata: Metadata | None = None


class _Silence:
    """Python's warnings ignored while any thread is inside.

    Their filters belong to the process: two threads that each save and restore them would leave them ignored for good.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._inside = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._filters = python_warnings.catch_warnings()
                self._filters.__enter__()
                python_warnings.simplefilter("ignore")
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._filters.__exit__(None, None, None)


_SILENCE = _Silence()


@contextmanager
def damage_named(name: str) -> Iterator[None]:
    """Turn any error of a decoder on the file `name` into PictureDamaged, or into PictureTooLarge for lack of memory.

    The decoders' own Python warnings are silenced, so that a damaged file gives one clear message.
    """
    try:
        with _SILENCE:
            yield
    except CutsmithError:
        raise
    except MemoryError as error:
        raise PictureTooLarge(
            f"{name} does not fit into this machine's memory.", "Make it smaller first, or free some memory."
        ) from error
    except Exception as error:  # on damaged files the decoders raise nearly every type there is
        if type(error).__name__ == "DecompressionBombError":
            raise PictureTooLarge(f"{name} holds a part that is far larger than the picture: {error}") from error
        reason = " ".join(str(error).split()) or type(error).__name__
        if "unpack" in reason and "requires a buffer" in reason:  # struct's words, which Pillow passes on
            reason = "the file ends early"
        raise PictureDamaged(
            f"{name} begins as a picture, but cannot be decoded: {reason[:200]}.",
            "It is truncated or corrupt. Copy or download it again.",
        ) from error
