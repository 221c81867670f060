"""Pictures with their true alpha: found in a folder, and read.

Two layouts: NAME.png with NAME_alpha.png (and NAME_trimap.png) in one folder; or the folders images/ (im/), alpha/
(gt/, masks/) and trimap/, matched by the name before the suffix.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cutsmith.errors import CutsmithError, PictureError, UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_SUFFIXES = frozenset((".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".avif"))
_IMAGES = ("images", "image", "im")
_ALPHAS = ("alpha", "gt", "masks")
_LAYOUT = "NAME.png with NAME_alpha.png, or the folders images/ and alpha/"


class NoSamples(UsageError):
    """The folder holds no picture with a true alpha."""


class BadTruth(PictureError):
    """A true alpha that cannot be compared: it has another size than its picture, or is neither gray nor alpha."""


@dataclass(frozen=True)
class SamplePaths:
    """The files of one picture: the picture, its true alpha, and a trimap or None."""

    name: str
    picture: Path
    alpha: Path
    trimap: Path | None = None


@dataclass(frozen=True)
class FoundSamples:
    """The pairs in a folder, by name, and the names of the pictures that have no true alpha."""

    samples: tuple[SamplePaths, ...]
    without_truth: tuple[str, ...]


@dataclass(frozen=True)
class Truth:
    """The true alpha float32 (H, W) in [0, 1], and the trimap uint8 (H, W) of 0, 128 and 255, or None."""

    alpha: NDArray[np.float32]
    trimap: NDArray[np.uint8] | None


def find_samples(folder: str | os.PathLike[str]) -> FoundSamples:
    """The pictures of `folder` that have a true alpha.

    Raises:
        NoSamples: `folder` is none, or holds no pair.
    """
    root = Path(folder)
    if not root.is_dir():
        raise NoSamples(f"{root} is no folder. It must hold pictures with their true alpha: {_LAYOUT}.")
    images = _first_folder(root, _IMAGES)
    if images is None:
        files = _by_stem(root)
        pictures = {name: path for name, path in files.items() if not name.endswith(("_alpha", "_trimap"))}
        alphas = {name: files[f"{name}_alpha"] for name in pictures if f"{name}_alpha" in files}
        trimaps = {name: files[f"{name}_trimap"] for name in pictures if f"{name}_trimap" in files}
    else:
        pictures = _by_stem(images)
        alphas = _by_stem(_first_folder(root, _ALPHAS))
        trimaps = _by_stem(_first_folder(root, ("trimap", "trimaps")))
    found = [
        SamplePaths(name, path, alphas[name], trimaps.get(name)) for name, path in pictures.items() if name in alphas
    ]
    if not found:
        raise NoSamples(
            f"No picture with a true alpha in {root}: found {len(pictures)} pictures, none with its alpha. "
            f"Wanted: {_LAYOUT}."
        )
    return FoundSamples(tuple(found), tuple(name for name in pictures if name not in alphas))


def read_truth(sample: SamplePaths, height: int, width: int) -> Truth:
    """Read the truth of a picture of the size (height, width).

    Raises:
        BadTruth: it has another size, or neither equal colours nor alpha.
        PictureError: a file cannot be read.
    """
    alpha = _plane(sample.alpha, height, width)
    if sample.trimap is None:
        return Truth(alpha, None)
    trimap = np.round(_plane(sample.trimap, height, width) * 255).astype(np.uint8)
    # Trimaps are drawn with 127, 128 or 129 for unknown.
    steps = np.select([trimap < 64, trimap > 191], [0, 255], 128).astype(np.uint8)
    return Truth(alpha, steps)


def _plane(path: Path, height: int, width: int) -> NDArray[np.float32]:
    from cutsmith.picture import Picture

    picture = Picture.read(path)
    if (picture.height, picture.width) != (height, width):
        raise BadTruth(
            f"{path.name} has {picture.width} x {picture.height} pixels, but its picture has {width} x {height}. "
            "They must be the same."
        )
    if picture.alpha is not None and float(picture.alpha.min()) < 1:
        return np.asarray(picture.alpha, np.float32)
    colours: NDArray[Any] = picture.pixels
    if (colours != colours[..., :1]).any():
        raise BadTruth(f"{path.name} is in colour and opaque. A true alpha must be gray, or the alpha of a picture.")
    return colours[..., 0].astype(np.float32) / np.float32(np.iinfo(colours.dtype).max)


def _first_folder(root: Path, names: tuple[str, ...]) -> Path | None:
    return next((root / name for name in names if (root / name).is_dir()), None)


def _by_stem(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise CutsmithError(f"{folder} cannot be read: {error.strerror}.") from error
    return {path.stem: path for path in paths if path.suffix.lower() in _SUFFIXES and path.is_file()}
