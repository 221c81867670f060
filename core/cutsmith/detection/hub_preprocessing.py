"""preprocessor_config.json of a folder in the hub's format -> how the network is shown a picture."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from numbers import Real
from pathlib import Path
from typing import Any

from cutsmith.detection.image_tensor import ImageSpec
from cutsmith.errors import ModelUnusable

# transformers' own, where a file does not say.
_SHORTEST, _LONGEST = 800, 1333
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_BILINEAR = 2
_FILTERS = range(6)  # Pillow's Resampling
_STEPS = ("do_resize", "do_rescale", "do_normalize")


def read_settings(path: Path) -> dict[str, Any]:
    """The JSON object in the file `path`.

    Raises:
        ModelUnusable: it cannot be read, or holds something else.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelUnusable(f"{path} cannot be read: {error}.", "Fetch or copy it again.") from error
    if not isinstance(found, dict):
        raise ModelUnusable(
            f"{path} must hold a JSON object, but holds a {type(found).__name__}.", "Fetch or copy it again."
        )
    return found


def read_image_spec(path: Path) -> ImageSpec:
    """What `path`, a preprocessor_config.json of Grounding DINO, says.

    Raises:
        ModelUnusable: it cannot be read, leaves out a step that every Grounding DINO takes, or has an invalid size,
            filter, mean or deviation.
    """
    settings = read_settings(path)
    left_out = [step for step in _STEPS if settings.get(step, True) is not True]
    if left_out or not math.isclose(_number(settings.get("rescale_factor", 1 / 255)), 1 / 255, rel_tol=1e-6):
        raise _unusable(path, f"{' and '.join(left_out) or 'rescale_factor'} other than Grounding DINO's")
    shortest, longest = _sides(settings, path)
    resample = settings.get("resample", _BILINEAR)
    if resample not in _FILTERS:
        raise _unusable(path, f"resample {resample!r}")
    return ImageSpec(
        shortest=shortest,
        longest=longest,
        mean=_channels(settings.get("image_mean", _MEAN), path, "image_mean"),
        std=_channels(settings.get("image_std", _STD), path, "image_std"),
        resample=int(resample),
        round_before_scaling=False,
    )


def _sides(settings: Mapping[str, Any], path: Path) -> tuple[int, int]:
    """The shortest and longest side; old files have them as one number and `max_size`."""
    size = settings.get("size", {"shortest_edge": _SHORTEST, "longest_edge": _LONGEST})
    if isinstance(size, int):
        size = {"shortest_edge": size, "longest_edge": settings.get("max_size", _LONGEST)}
    found = [size.get(key) for key in ("shortest_edge", "longest_edge")] if isinstance(size, dict) else []
    sides = [side for side in found if isinstance(side, int) and not isinstance(side, bool) and side > 0]
    if len(sides) != 2:
        raise _unusable(path, f"size {size!r}")
    return sides[0], sides[1]


def _channels(values: Any, path: Path, key: str) -> tuple[float, float, float]:
    numbers = [_number(value) for value in values] if isinstance(values, list | tuple) else []
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)) or (key == "image_std" and min(numbers) <= 0):
        raise _unusable(path, f"{key} {values!r}")
    return numbers[0], numbers[1], numbers[2]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, Real) and not isinstance(value, bool) else math.nan


def _unusable(path: Path, found: str) -> ModelUnusable:
    return ModelUnusable(
        f"{path} must have shortest_edge and longest_edge in pixels, the number of a filter, and three numbers each "
        f"for image_mean and image_std, but has {found}.",
        "Take the file of IDEA-Research/grounding-dino-tiny.",
    )
