"""How a user's own ONNX file is fed and read: `--model path/to/model.onnx`.

A file beside the model with the suffix .toml says it, with the keys of a catalogue entry (each may be left out):

    input_size = 1024
    mean = [0.5, 0.5, 0.5]
    std = [1.0, 1.0, 1.0]
    divide_by = "255"        # or "maximum"
    activation = "sigmoid"   # or "none"
    output = 0

Without it, a file that has the name of a catalogue entry is taken for that model; any other is assumed to be trained
with ImageNet's normalisation, and that is said.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.errors import ModelUnusable
from cutsmith.machine.files import is_file

if TYPE_CHECKING:
    from cutsmith.models.catalogue import SalientSpec

_IMAGENET: dict[str, Any] = {
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "divide_by": "255",
    "activation": "none",
    "output": 0,
}
_OPEN_INPUT_SIZE = 1024


def described(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is known of the model at `path` before it is opened: the fields of a `SalientSpec`, and warnings.

    "input_size" is left out where only the model itself can tell it.

    Raises:
        ModelUnusable: the model is text, or the description beside it cannot be read, is no TOML, or has unknown keys
            or values.
    """
    from dataclasses import asdict

    from cutsmith.models.catalogue import catalogue

    _refuse_text(path)
    sidecar = path.with_suffix(".toml")
    if is_file(sidecar):
        return {**_IMAGENET, **_read(sidecar)}, ()
    for entry in catalogue().values():
        if entry.salient is not None and path.name in entry.filenames:
            return asdict(entry.salient), ()
    assumed = (
        f"{path.name} has no description: ImageNet's mean and standard deviation and a mask in output 0, already a "
        f"probability, are assumed. If the mask is wrong, write {sidecar.name} beside it (docs/models.md)."
    )
    return dict(_IMAGENET), (assumed,)


def finished(description: dict[str, Any], input_shape: tuple[int | None, ...]) -> SalientSpec:
    """The whole specification, with the input size that the opened model has: 1024 where it leaves it open."""
    from cutsmith.models.catalogue import SalientSpec

    side = input_shape[-1] if input_shape else None
    return SalientSpec(**{"input_size": side or _OPEN_INPUT_SIZE, **description})


def _refuse_text(path: Path) -> None:
    """Refuse a text that was saved in place of the model, at which the engines only marvel.

    Raises:
        ModelUnusable.
    """
    try:
        with path.open("rb") as file:
            head = file.read(200)
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be read: {error.strerror}.", f"Allow it: chmod u+r '{path}'") from error
    if not head:
        raise ModelUnusable(f"{path} is empty: 0 bytes.", "Copy or download it again.")
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        raise ModelUnusable(
            f"{path} is text that begins {head[:40].decode('ascii')!r}: wanted an ONNX model.",
            "A Git LFS pointer, or a web page in place of a download? Fetch the model itself.",
        )


def _read(sidecar: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(sidecar.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelUnusable(f"{sidecar} is no TOML: {error}.", "See docs/models.md for what it may say.") from error
    except OSError as error:
        raise ModelUnusable(
            f"{sidecar} cannot be read: {error.strerror or error}.", f"Allow it: chmod u+r '{sidecar}'"
        ) from error
    for key, value in found.items():
        if key not in _CHECKS or not _CHECKS[key](value):
            raise ModelUnusable(
                f"{sidecar} says {key} = {value!r}: wanted {_WANTED}.", "See docs/models.md for what it may say."
            )
    return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}


def _is_triple(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(_is_number(number) for number in value)


def _is_number(value: object) -> bool:
    """Whether one can calculate with `value`: TOML also has `nan`, `inf`, booleans and integers of any length."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


_CHECKS: dict[str, Callable[[Any], bool]] = {
    "input_size": lambda value: isinstance(value, int) and value >= 16,
    "mean": _is_triple,
    "std": lambda value: _is_triple(value) and all(number > 0 for number in value),
    "divide_by": lambda value: value in ("255", "maximum"),
    "activation": lambda value: value in ("none", "sigmoid"),
    "output": lambda value: type(value) is int and value >= 0,  # TOML's `true` is an int to isinstance
}
_WANTED = (
    "input_size (16 or more), mean and std (three finite numbers each, std above 0), divide_by ('255' or 'maximum'), "
    "activation ('none' or 'sigmoid') or output (0 or more)"
)
