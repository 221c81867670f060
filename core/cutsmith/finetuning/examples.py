"""What is learned from: pictures with the true masks of their objects."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Truth(Protocol):
    """The true masks of a picture, read when they are needed."""

    def masks(self) -> list[NDArray[np.bool_]]:
        """A mask for each object, bool (H, W) of the upright picture's size. It may be empty, and there may be none."""

    def identity(self) -> str:
        """A SHA-256, in hexadecimal, of what the masks are read from: it changes when they do."""


@dataclass(frozen=True, eq=False)
class Example:
    """A picture to learn from.

    Attributes:
        name: of its own among the examples, such as "mug/0004".
        picture: its file.
        truth: the masks of its objects.
        group: the product: all pictures of one are learned from, or all are held out.
        sha256: of the picture's file.
    """

    name: str
    picture: Path
    truth: Truth
    group: str
    sha256: str


@dataclass(frozen=True)
class Fault:
    """Why a file cannot be used.

    Attributes:
        path: the file.
        what: what is wrong with it, as a sentence.
        is_fatal: whether nothing may be learned before it is mended; otherwise the file is left out.
    """

    path: Path
    what: str
    is_fatal: bool = True


@dataclass(frozen=True, eq=False)
class Examples:
    """All that was found: the examples by name, what is wrong, and what else the user should know."""

    examples: Sequence[Example]
    faults: Sequence[Fault]
    notices: Sequence[str] = ()


@dataclass(frozen=True, eq=False)
class Split:
    """What is learned from and what is held out, each by name, and what the user should know about it.

    No group is in both, unless the user chose what is held out and took photos of the same products: a notice tells.
    """

    training: Sequence[Example]
    held_out: Sequence[Example]
    notices: Sequence[str] = ()
