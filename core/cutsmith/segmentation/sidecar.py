"""The file beside a checkpoint that says what it is: the same name with the suffix .toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from cutsmith.cures import advise
from cutsmith.errors import ModelUnusable
from cutsmith.machine.files import is_file

SEE_THE_MANUAL = advise("See docs/models.md for what it may say.")


def sidecar_of(checkpoint: Path) -> Path:
    """Where the file beside `checkpoint` lies, whether it is there or not."""
    return checkpoint.with_suffix(".toml")


def read_sidecar(checkpoint: Path) -> dict[str, Any] | None:
    """What the file beside `checkpoint` says; None where there is none.

    Raises:
        ModelUnusable: it is not TOML, or cannot be read.
    """
    sidecar = sidecar_of(checkpoint)
    if not is_file(sidecar):
        return None
    try:
        return tomllib.loads(sidecar.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelUnusable(f"{sidecar} cannot be read: {error.strerror or error}.", SEE_THE_MANUAL) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ModelUnusable(f"{sidecar} is not TOML: {error}.", SEE_THE_MANUAL) from error
