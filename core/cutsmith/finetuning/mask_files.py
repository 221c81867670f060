"""A file of masks -> the masks of the objects in it.

What a file means is told by what it holds:

- transparency: a cut-out. What is at least half opaque is the object. A palette with transparent colours counts too.
- a PNG with a palette: numbers of objects. 0 is the background and 255 is void, which belongs to no object (as in
  PASCAL VOC). Where 255 is the only number beside 0, it is the object. A palette of black and white alone is read by
  its colours, because programs put either of them first.
- gray with one value beside 0: one object.
- gray without white: numbers of objects, from 1 and with few gaps; they may have 16 bits.
- gray with white and many levels between: one object with soft edges, which is cut at half.

All else is refused: whether 255 is an object, void or an edge is not guessed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.errors import CutsmithError
from cutsmith.finetuning.faults import BadMask, without_name
from cutsmith.models.integrity import hash_file
from cutsmith.picture.limits import DEFAULT_MAX_PIXELS, check_size
from cutsmith.picture.orientation import upright
from cutsmith.picture.source import read_source

if TYPE_CHECKING:
    from numpy.typing import NDArray

_VOID = 255
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_LEVELS_OF_SOFT_EDGES = 8
_MOST_NUMBERED = 100
_MOST_SHOWN = 5


@dataclass(frozen=True)
class MaskFile:
    """The masks that somebody drew, in a file of any of the kinds above."""

    path: Path

    def masks(self) -> list[NDArray[np.bool_]]:
        """A mask for each object, bool (H, W), upright; an empty one where the file shows nothing.

        Raises:
            BadMask: the file cannot be read, or is of none of these kinds.
        """
        return _read(self.path, _drawn)

    def identity(self) -> str:
        """The SHA-256 of the file. Raises OSError where it cannot be read."""
        return hash_file(self.path, "sha256")


@dataclass(frozen=True)
class ResultFiles:
    """The masks of results of Cutsmith, an object in each file: its alpha, or all of it where it is an alpha alone."""

    paths: tuple[Path, ...]

    def masks(self) -> list[NDArray[np.bool_]]:
        """A mask for each file that has an object, bool (H, W), upright.

        Raises:
            BadMask: a file cannot be read, or is opaque and in colour.
        """
        return [mask for path in self.paths for mask in _read(path, _soft) if mask.any()]

    def identity(self) -> str:
        """A SHA-256 of all files. Raises OSError where one cannot be read."""
        return hashlib.sha256(
            " ".join(["results", *(hash_file(path, "sha256") for path in self.paths)]).encode()
        ).hexdigest()


_Reader = Callable[[Path, bytes, str], "list[NDArray[np.bool_]]"]


def _read(path: Path, reader: _Reader) -> list[NDArray[np.bool_]]:
    try:
        data, format_name, _ = read_source(path)
        return reader(path, data, format_name)
    except BadMask:
        raise
    except CutsmithError as error:
        raise BadMask(path, without_name(error.what, path)) from error


def _drawn(path: Path, data: bytes, format_name: str) -> list[NDArray[np.bool_]]:
    if format_name == "PNG":
        indices = _palette_indices(data, str(path))
        if indices is not None:
            present = np.flatnonzero(np.bincount(indices.ravel(), minlength=256)[1:]) + 1
            numbers = present if present.tolist() == [_VOID] else present[present != _VOID]
            return _numbered(indices, numbers)
    gray, alpha = _planes(path, data, format_name)
    if alpha is not None and not _is_opaque(alpha):
        return _half(alpha)
    if gray is None:
        raise BadMask(path, "It is in colour and opaque, and shows no object.")
    return _by_gray(gray, path)


def _soft(path: Path, data: bytes, format_name: str) -> list[NDArray[np.bool_]]:
    gray, alpha = _planes(path, data, format_name)
    if alpha is not None:
        return _half(alpha)
    if gray is None:
        raise BadMask(path, "It has no transparency: the subject was laid on a background.")
    return _half(gray)


def _palette_indices(data: bytes, name: str) -> NDArray[np.uint8] | None:
    """The numbers in a PNG's palette, uint8 (H, W); None where it has no palette, or one to be read by its colours."""
    from cutsmith.picture.decoded import damage_named
    from cutsmith.picture.pillow_decoder import open_image

    with damage_named(name):
        image = open_image(data, "PNG")
        check_size(*image.size, name, DEFAULT_MAX_PIXELS)
        if image.mode != "P" or "transparency" in image.info:
            return None
        indices = np.asarray(image)
        palette = np.asarray(image.getpalette() or [], np.uint8).reshape(-1, 3)
    used = np.flatnonzero(np.bincount(indices.ravel(), minlength=256))
    colours = {tuple(colour) for colour in palette[used[used < len(palette)]].tolist()}
    is_black_and_white = len(used) <= 2 and colours <= {_BLACK, _WHITE}
    return None if is_black_and_white else indices


def _planes(path: Path, data: bytes, format_name: str) -> tuple[NDArray[Any] | None, NDArray[Any] | None]:
    """(the gray values, None where it is in colour; the alpha or None) of a file, uint8 or uint16, (H, W), upright.

    The values stay as they are in the file: no profile is applied to numbers of objects.
    """
    from cutsmith.picture.decoders import decode

    decoded = decode(data, format_name, str(path), DEFAULT_MAX_PIXELS)
    gray: NDArray[Any] | None = decoded.pixels
    if decoded.pixels.ndim == 3:
        is_gray = bool((decoded.pixels == decoded.pixels[..., :1]).all())
        gray = decoded.pixels[..., 0] if is_gray else None
    return (
        None if gray is None else upright(gray, decoded.orientation),
        None if decoded.alpha is None else upright(decoded.alpha, decoded.orientation),
    )


def _by_gray(gray: NDArray[Any], path: Path) -> list[NDArray[np.bool_]]:
    white = int(np.iinfo(gray.dtype).max)
    values = np.flatnonzero(np.bincount(gray.ravel(), minlength=white + 1)[1:]) + 1
    if values.size <= 1:
        return _numbered(gray, values)
    highest = int(values[-1])
    if highest < white:
        has_few_gaps = values.size < _LEVELS_OF_SOFT_EDGES or highest <= 2 * values.size
        if has_few_gaps and values.size <= _MOST_NUMBERED:
            return _numbered(gray, values)
    elif values.size > _LEVELS_OF_SOFT_EDGES and values[-2] > white // 2:
        return _half(gray)
    shown = list(map(str, values[:_MOST_SHOWN]))
    if values.size > _MOST_SHOWN:
        shown += ["...", str(highest)]
    raise BadMask(
        path,
        f"Beside 0 it has the values {', '.join(shown)}: neither {white} alone, nor numbers of objects. "
        f"Where {_VOID} is to be void, save it with a palette.",
    )


def _numbered(plane: NDArray[Any], numbers: NDArray[Any]) -> list[NDArray[np.bool_]]:
    return [plane == number for number in numbers] or [np.zeros(plane.shape, np.bool_)]


def _half(plane: NDArray[Any]) -> list[NDArray[np.bool_]]:
    return [plane > np.iinfo(plane.dtype).max // 2]


def _is_opaque(alpha: NDArray[Any]) -> bool:
    return bool((alpha == np.iinfo(alpha.dtype).max).all())
