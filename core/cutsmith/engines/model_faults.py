"""What the engines say about a model that they cannot run, in words for people."""

from __future__ import annotations

from pathlib import Path

from cutsmith.cures import run
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
        f"{engine} cannot load {path}: {reason_of(error).removesuffix('.')}.",
        "Make sure that it is a complete ONNX file.",
        run("models", "verify", text="Check the models of the catalogue"),
    )


def failed_on_input(error: Exception) -> ModelUnusable:
    """The error for a model that is loaded and fails with `error` when it is run."""
    return ModelUnusable(f"The model failed on its input: {reason_of(error)}", run("doctor"))


def no_such_output(path: Path, count: int, output: int) -> ModelUnusable:
    """The error for a model that has `count` outputs, and not the number `output`, counted from 0, for the mask."""
    return ModelUnusable(
        f"{path} has {count} outputs: the number of the mask must be from 0 to {count - 1}, but got {output}.",
        "Correct `output` in the model's description.",
    )
