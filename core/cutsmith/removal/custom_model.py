"""How a user's own ONNX file is fed and read, where the option `model` is a path.

A file beside the model with the suffix .toml describes it by the keys of a catalogue entry (each may be left out):

    input_size = 1024
    mean = [0.5, 0.5, 0.5]
    std = [1.0, 1.0, 1.0]
    divide_by = "255"        # or "maximum"
    activation = "sigmoid"   # or "none"
    output = 0

Without it, a file with the name of a catalogue entry is taken for that model. Any other is assumed to be trained with
ImageNet's normalisation, and a warning says so.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cutsmith.errors import ModelUnusable, Notice
from cutsmith.machine.files import is_file

if TYPE_CHECKING:
    from cutsmith.models.entry import SalientSpec

_IMAGENET: dict[str, Any] = {
    "mean": (0.485, 0.456, 0.406),
    "std": (0.229, 0.224, 0.225),
    "divide_by": "255",
    "activation": "none",
    "output": 0,
}
_OPEN_INPUT_SIZE = 1024
# What is often saved in place of a model, by how it begins.
_TEXTS = {b"version https://git-lfs": "text: a Git LFS pointer", b"<": "text: a web page"}
_PERMISSIONS = "Change its permissions so that you may read it."
_SEE = "docs/models.md lists what a description may say."


def described(path: Path) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is known of the model at `path` before it is opened: the fields of a `SalientSpec`, and warnings.

    "input_size" is left out where only the model itself can tell it.

    Raises:
        ModelUnusable: the model is text, or the description beside it cannot be read, is not TOML, or has unknown keys
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
    assumed = Notice(
        f"{path.name} has no description: ImageNet's mean and standard deviation and a mask in output 0, already a "
        "probability, are assumed.",
        f"If the mask is wrong, write {sidecar.name} beside it (docs/models.md).",
    )
    return dict(_IMAGENET), (assumed,)


def finished(description: dict[str, Any], input_shape: tuple[int | None, ...]) -> SalientSpec:
    """The whole specification, with the input size of the opened model: 1024 where the model leaves it open."""
    from cutsmith.models.entry import SalientSpec

    side = input_shape[-1] if input_shape else None
    return SalientSpec(**{"input_size": side or _OPEN_INPUT_SIZE, **description})


def _refuse_text(path: Path) -> None:
    """Refuse a text file (an LFS pointer, an HTML page) that was saved instead of the model.

    Raises:
        ModelUnusable: the file is text or empty, or cannot be read.
    """
    try:
        with path.open("rb") as file:
            head = file.read(200)
    except OSError as error:
        raise ModelUnusable(f"{path} cannot be read: {error.strerror}.", _PERMISSIONS) from error
    if not head:
        raise ModelUnusable(f"{path} is empty: 0 bytes.", "Copy or download it again.")
    if all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head):
        # A script may name any file: none of what is in it belongs into a message.
        kind = next((words for begin, words in _TEXTS.items() if head.startswith(begin)), "text")
        raise ModelUnusable(f"{path} must be a model's file, but is {kind}.", "Fetch the model itself.")


def _read(sidecar: Path) -> dict[str, Any]:
    try:
        found = tomllib.loads(sidecar.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelUnusable(f"{sidecar} must be TOML, but is not: {error}.", _SEE) from error
    except OSError as error:
        raise ModelUnusable(f"{sidecar} cannot be read: {error.strerror or error}.", _PERMISSIONS) from error
    for key, value in found.items():
        if key not in _CHECKS or not _CHECKS[key](value):
            raise ModelUnusable(f"{sidecar} says {key} = {value!r}, but must say {_WANTED}.", _SEE)
    return {key: tuple(value) if isinstance(value, list) else value for key, value in found.items()}


def _is_triple(value: object) -> bool:
    return isinstance(value, list) and len(value) == 3 and all(_is_number(number) for number in value)


def _is_number(value: object) -> bool:
    """Whether `value` is a finite number: TOML also has `nan`, `inf`, booleans and integers of any length."""
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
