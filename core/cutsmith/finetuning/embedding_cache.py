"""The embeddings of the pictures on the disk: the encoder, which is not trained, runs once per picture.

One file of safetensors per picture, named by what it was made from, so that an interrupted run and the next run find
it. Half precision: 8 MB per picture at the official size. The folder never grows beyond its limit: what other runs
have left goes first, and a picture that finds no room is encoded anew each time.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

from cutsmith.cures import set_option
from cutsmith.errors import OutputRefused
from cutsmith.machine.files import is_file
from cutsmith.machine.folders import cache_folder
from cutsmith.picture.destination import write_bytes_atomically

if TYPE_CHECKING:
    import torch

logger = logging.getLogger(__name__)

# Part of every name: embeddings that were made in another way are not taken.
_FORMAT = "1"
_SUFFIX = ".safetensors"
DEFAULT_LIMIT = 20_000_000_000
"""Bytes: about 2,400 pictures of the official networks."""


def embeddings_folder() -> Path:
    """Where embeddings are kept between runs; the user may delete it at any time."""
    return cache_folder() / "finetuning" / "embeddings"


class EmbeddingCache:
    """Embeddings by name, in `folder`, of `limit` bytes at most together.

    Args:
        base: what identifies the encoder's weights, such as the SHA-256 of their file.
        folder: where they are kept.
        limit: bytes.
    """

    def __init__(self, base: str, folder: Path | None = None, limit: int = DEFAULT_LIMIT) -> None:
        self._base = base
        self.folder = folder or embeddings_folder()
        self._limit = limit
        self._ours: set[str] = set()
        self._has_others = True
        self._size = sum(size for _, size, _ in self._files())

    def get(self, picture: str, variant: str) -> dict[str, torch.Tensor] | None:
        """The tensors of the picture with this SHA-256, in single precision; None if they are not here."""
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        path = self._path(picture, variant)
        try:
            tensors = load_file(path)
        except (FileNotFoundError, SafetensorError):
            # A file that is not whole can only have been left by a machine that lost power; it is written anew.
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        self._ours.add(path.name)
        return {name: tensor.float() for name, tensor in tensors.items()}

    def has(self, picture: str, variant: str) -> bool:
        """Whether a file is here for the picture with this SHA-256."""
        path = self._path(picture, variant)
        if not is_file(path):
            return False
        self._ours.add(path.name)
        return True

    def put(self, picture: str, variant: str, tensors: dict[str, torch.Tensor]) -> None:
        """Keep the `tensors` of a picture, where there is room for them.

        Raises:
            OutputRefused: the disk is full, or the folder cannot be written. Nothing is left behind.
        """
        from safetensors.torch import save

        data = save({name: rounded(tensor).contiguous() for name, tensor in tensors.items()})
        path = self._path(picture, variant)
        if not self._has_room(len(data)):
            return
        try:
            write_bytes_atomically(data, path, overwrite=True)
        except OutputRefused as error:
            raise OutputRefused(
                f"The embeddings, {len(data) / 1e6:,.1f} MB per picture, cannot be kept. {error.what}",
                "Free some space, or name another folder with CUTSMITH_CACHE.",
                set_option("embeddings_limit", 0, "Or keep none: each is then computed again and again"),
            ) from error
        self._ours.add(path.name)
        self._size += len(data)

    def _has_room(self, size: int) -> bool:
        if self._size + size <= self._limit:
            return True
        if not self._has_others:
            return False
        for path, length, _ in sorted(self._files(), key=lambda file: file[2]):
            if self._size + size <= self._limit:
                return True
            if path.name not in self._ours:
                with contextlib.suppress(OSError):
                    path.unlink()
                    self._size -= length
        self._has_others = False
        return self._size + size <= self._limit

    def _files(self) -> list[tuple[Path, int, float]]:
        found = []
        for path in self.folder.glob(f"*{_SUFFIX}") if self.folder.is_dir() else ():
            with contextlib.suppress(OSError):
                state = path.stat()
                found.append((path, state.st_size, state.st_mtime))
        return found

    def _path(self, picture: str, variant: str) -> Path:
        told = "\0".join((_FORMAT, self._base, picture, variant))
        return self.folder / f"{hashlib.sha256(told.encode()).hexdigest()[:40]}{_SUFFIX}"


def rounded(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor` in half precision; in its own where it has values that half precision cannot hold."""
    import torch

    half = tensor.half()
    return half if bool(torch.isfinite(half).all()) else tensor
