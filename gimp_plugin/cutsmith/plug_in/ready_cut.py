"""A cut that was worked out while the dialog was open, and how OK knows that it is still the one that is wanted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from .settings import Settings
from .worker_files import Array, Message


@dataclass(frozen=True)
class ReadyCut:
    """A cut at full size.

    Attributes:
        job, options: what was asked.
        pixels, hint: fingerprints of the layer's arrays, and of those that show where its subject is.
        answer: the worker's.
    """

    job: str
    options: Mapping[str, Any]
    pixels: bytes
    hint: bytes
    answer: Message

    def is_for(self, settings: Settings, dtype: str, pixels: Mapping[str, Array], hint: Mapping[str, Array]) -> bool:
        """Whether the worker would be asked the same again: the user may go on working on the image meanwhile."""
        return (
            (self.job, self.options) == asked_for(settings, dtype)
            and self.hint == fingerprint(hint)
            and self.pixels == fingerprint(pixels)
        )


def asked_for(settings: Settings, dtype: str) -> tuple[str, dict[str, Any]]:
    """The worker's job for `settings`, and its options, with alpha as `dtype`."""
    job, options = settings.job()
    return job, {**options, "alpha": dtype}


def fingerprint(arrays: Mapping[str, Array]) -> bytes:
    """Differs where any of the arrays does."""
    found = blake2b()
    for name, array in sorted(arrays.items()):
        found.update(repr((name, array.dtype, array.shape)).encode())
        found.update(array.data)
    return found.digest()
