"""The contracts between the rooms, on one page.

Arrays: an image is `uint8 (H, W, 3)` sRGB; a soft mask is `float32 (H, W)` in [0, 1], a probability that is never
stretched, with 1 for the subject; a trimap is `uint8 (H, W)` of 0 / 128 / 255; alpha is `float32 (H, W)` in [0, 1],
straight.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.geometry import Box

Model = TypeVar("Model", covariant=True)


@dataclass(frozen=True)
class Loaded(Generic[Model]):
    """A model that is ready to run.

    Attributes:
        model: the model itself.
        warnings: what the user should know about it.
        bytes: of its weights on the disk, 0 where that is not known.
    """

    model: Model
    warnings: tuple[str, ...] = ()
    bytes: int = 0


class Watch(Protocol):
    """Follows a piece of work that may take long, and may end it."""

    def check(self) -> None:
        """Called between steps; raises `cutsmith.errors.Cancelled` if the result is no longer needed."""

    def warn(self, text: str) -> None:
        """Called with something that the user should know about the result."""

    def progress(self, share: float) -> None:
        """Called with the share of the work that is done, in [0, 1], where it is known."""


class Engine(Protocol):
    """Runs one ONNX model with one input of an image's layout and computes one output."""

    @property
    def name(self) -> str:
        """The engine's name for people and provenance, such as "OpenVINO CPU bf16"."""

    @property
    def input_shape(self) -> tuple[int | None, ...]:
        """The input's shape (N, C, H, W); None where the model leaves a side open."""

    def run(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """The wanted output for `tensor`, float32 (1, C, H, W) with as many channels as the model's input has."""


class Remover(Protocol):
    """Picture -> soft mask of its main subject."""

    @property
    def name(self) -> str:
        """The model's name, as the option `model` takes it."""

    def soft_mask(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The probability that each pixel is subject: float32 (H, W) in [0, 1]."""

    def provenance(self) -> Mapping[str, str]:
        """Model, file and engine, for the result's provenance."""


@dataclass(frozen=True)
class Detection:
    """One object that a detector found.

    Attributes:
        box: (x0, y0, x1, y1) in pixels of the picture, inside it.
        label: the phrase that it answers, as the user wrote it.
        score: probability in [0, 1].
    """

    box: Box
    label: str
    score: float


class Thresholds(NamedTuple):
    """What a box's score, and that of the best word of its phrase, must be above, in [0, 1]."""

    box: float
    text: float

    def provenance(self) -> dict[str, str]:
        """Both, under the names of the options that replace them."""
        return {"box_threshold": f"{self.box:g}", "text_threshold": f"{self.text:g}"}


GROUNDING_DINO_THRESHOLDS = Thresholds(0.30, 0.25)
"""Those of Grounding DINO's own demonstration for boxes of any object."""


@dataclass(frozen=True)
class Candidates:
    """Everything that a detector's network gives for one picture, before thresholds and suppression.

    Attributes:
        logits: float32 (N, T), a row for each query and a column for each token of the text; -inf after its end.
        boxes: float32 (N, 4), (center x, center y, width, height) as shares of the picture's width and height.
        phrases: the phrases that were read, as the user wrote them.
        spans: (first, last + 1) of each phrase's tokens among the T columns.
        width, height: of the picture, in pixels.
        warnings: what the user should know, such as that words were cut.
        thresholds: the network's own, for boxes and for words: scores of different networks mean different things.
    """

    logits: NDArray[np.float32]
    boxes: NDArray[np.float32]
    phrases: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    width: int
    height: int
    warnings: tuple[str, ...] = ()
    thresholds: Thresholds = GROUNDING_DINO_THRESHOLDS


class Detector(Protocol):
    """Picture and words -> boxes."""

    @property
    def name(self) -> str:
        """The model's name, as the option `detector` takes it."""

    def candidates(self, image: NDArray[np.uint8], phrases: str | Sequence[str]) -> Candidates:
        """What the network gives for `image`, uint8 (H, W, 3), before thresholds and suppression."""

    def provenance(self) -> Mapping[str, str]:
        """Model, file and device, for the result's provenance."""


class Point(NamedTuple):
    """A click at (x, y), in pixels: `label` is 1 on the subject, 0 on what is not."""

    x: float
    y: float
    label: int = 1


@dataclass(frozen=True)
class Prompt:
    """What points at one object: a box, points, a rough mask, or several of them together.

    Attributes:
        box: (x0, y0, x1, y1) in pixels.
        points: clicks on the object (label 1) and beside it (label 0).
        mask: float32 (H, W) in [0, 1] at the picture's size, a rough mask of the object.
    """

    box: tuple[float, float, float, float] | None = None
    points: tuple[Point, ...] = ()
    mask: NDArray[np.float32] | None = None


class Segment(Protocol):
    """The mask of one prompt's object."""

    @property
    def predicted_iou(self) -> float | None:
        """The segmenter's own estimate of how well the mask fits; None where it does not estimate it."""

    @property
    def stability(self) -> float | None:
        """In [0, 1]: how little the mask changes with its threshold; None where that is unknown."""

    def soft_mask(self) -> NDArray[np.float32]:
        """The probability that each pixel is part of the object: float32 (H, W) in [0, 1] at the picture's size."""

    def shown_mask(self, width: int, height: int) -> NDArray[np.float32]:
        """The soft mask at a screen's size, in little time: float32 (height, width) in [0, 1]."""

    def uncut(self) -> tuple[NDArray[np.float32], tuple[slice, slice]] | None:
        """For a soft mask that was cut off at a box, the mask before that and the box's (rows, columns); else None.

        Matting uses it, so that the edge of a box is not taken for an edge of the object.
        """


class Segmenter(Protocol):
    """Picture and prompts -> soft masks of the objects that the prompts point at."""

    @property
    def name(self) -> str:
        """The model's name, as the option `segmenter` takes it."""

    @property
    def takes_points(self) -> bool:
        """Whether prompts may have points and rough masks; otherwise they have a box and nothing else."""

    def segment(
        self, image: NDArray[np.uint8], prompts: Sequence[Prompt], watch: Watch | None = None
    ) -> Sequence[Segment]:
        """A segment for each prompt, in the prompts' order, of `image`, uint8 (H, W, 3)."""

    def provenance(self) -> Mapping[str, str]:
        """Model, file and device, for the result's provenance."""


class MattingModel(Protocol):
    """The open model of a neural matting method."""

    @property
    def name(self) -> str:
        """The model's name, as the option `matting_model` takes it."""

    def provenance(self) -> Mapping[str, str]:
        """Model, file and engine or device, for the result's provenance."""


class MattingNetwork(MattingModel, Protocol):
    """The open network of a matting method that solves a trimap, crop by crop."""

    @property
    def input_size(self) -> tuple[int, int]:
        """(height, width) in pixels of the only crop that it takes."""

    def alpha(self, image: NDArray[Any], trimap: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Alpha as the network gives it, float32 (h, w) in [0, 1], of a crop no larger than `input_size`.

        Args:
            image: uint8 or uint16 (h, w, 3), sRGB.
            trimap: uint8 (h, w) of 0, 128 and 255.
        """


class Matter(Protocol):
    """Picture and soft mask -> alpha."""

    def alpha(
        self,
        image: NDArray[np.uint8],
        soft_mask: NDArray[np.float32],
        *,
        trimap: NDArray[np.uint8] | None = None,
        watch: Watch | None = None,
    ) -> NDArray[np.float32]:
        """Straight alpha, float32 (H, W) in [0, 1].

        Args:
            image: uint8 (H, W, 3).
            soft_mask: float32 (H, W) in [0, 1]; used where alpha cannot be solved for.
            trimap: uint8 (H, W) of 0, 128 and 255, used instead of one that the matter makes from the soft mask.
            watch: receives warnings, and may end the work.
        """
