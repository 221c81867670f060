"""What a segmenter is opened from, and what it is then."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from cutsmith.protocols import Segmenter

if TYPE_CHECKING:
    import torch

    from cutsmith.models.entry import Entry


class TorchSegmenter(Segmenter, Protocol):
    """A segmenter whose network PyTorch runs, so that a host may move it between devices."""

    @property
    def module(self) -> torch.nn.Module:
        """The network; it runs where it is."""

    def keep_pictures(self, count: int) -> None:
        """Keep what further prompts need of this many pictures, those used last."""

    def forget_pictures(self) -> None:
        """Free what is kept of pictures for further prompts."""


@dataclass(frozen=True)
class Checkpoint:
    """What a segmenter is opened from.

    Attributes:
        name: as the option `segmenter` takes it.
        path: the file.
        kind: a key of `SEGMENTERS`.
        weights: what identifies the file, for provenance.
        entry: its entry in the catalogue; None for a file of the user's own.
    """

    name: str
    path: Path
    kind: str
    weights: str
    entry: Entry | None = None
