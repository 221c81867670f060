"""What the engines say of a model that they cannot run, in words for people."""

from __future__ import annotations

from pathlib import Path

from cutsmith.errors import ModelUnusable

_LONGEST = 300
# Where in an engine's own sources a check failed.
_OF_NO_USE = ("Exception from ", "Check '")


def reason_of(error: Exception) -> str:
    """An engine's own message on one line, without its places in the source, at most 300 characters of it."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = " ".join(line for line in lines if line and not line.startswith(_OF_NO_USE))
    return told[:_LONGEST] or type(error).__name__


def cannot_load(engine: str, path: Path, error: Exception) -> ModelUnusable:
    """The error for a file that `engine` refuses with `error`."""
    return ModelUnusable(
        f"{engine} cannot load {path}: {reason_of(error)}",
        "Is it a whole ONNX file? One of the catalogue's is checked by: cutsmith models verify",
    )


def failed_on_input(error: Exception) -> ModelUnusable:
    """The error for a model that is loaded and fails with `error` when it is run."""
    return ModelUnusable(f"The model failed on its input: {reason_of(error)}", "cutsmith doctor")


def no_such_output(path: Path, count: int, wanted: int) -> ModelUnusable:
    """The error for a model that has `count` outputs, where number `wanted`, counted from 0, shall be the mask."""
    return ModelUnusable(
        f"{path} has {count} outputs: number {wanted} was wanted.",
        "Give `output` in the model's description the number of the mask, counted from 0.",
    )
