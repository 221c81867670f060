"""Keeps what networks gave for pictures, so that another finish or threshold does not run a network again.

ComfyUI runs a whole node again when one of its inputs changes. What a network gives depends on the pixels alone (and on
the words, for a detector). The last results are kept, up to a limit of bytes, and are freed with their model.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from cutsmith.protocols import Candidates, Detector, Remover

    Image = NDArray[np.uint8]

Answer = TypeVar("Answer")
Question = tuple[Hashable, ...]

# The mask of a picture of 24 megapixels takes 96 MB, and the network may look three times.
_MOST_BYTES = 512_000_000


class Memory:
    """The last answers of models, which take at most `most_bytes` together."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        # For each model its answers and their bytes, the one used last at the end.
        self._kept: WeakKeyDictionary[object, OrderedDict[Question, tuple[Any, int]]] = WeakKeyDictionary()
        self._lock = Lock()

    @property
    def bytes(self) -> int:
        """What all answers take."""
        return sum(size for answers in self._kept.values() for _, size in answers.values())

    def answer(
        self, model: object, question: Question, ask: Callable[[], Answer], size_of: Callable[[Answer], int]
    ) -> Answer:
        """The answer of `model` to `question`, which `ask` gives if it is not kept; `size_of` says its bytes."""
        with self._lock:
            answers = self._kept.setdefault(model, OrderedDict())
            if question in answers:
                answers.move_to_end(question)
                known: Answer = answers[question][0]
                return known
        given = ask()
        with self._lock:
            answers[question] = (given, size_of(given))
            while self.bytes > self._most_bytes:
                # Another model's answers go before those of the one that is in use.
                others = (kept for kept in self._kept.values() if kept and kept is not answers)
                next(others, answers).popitem(last=False)
        return given

    def forget(self) -> None:
        """Drop all answers."""
        with self._lock:
            self._kept.clear()


MEMORY = Memory()
"""The memory of this process."""


class RememberingRemover:
    """A remover (see `cutsmith.protocols.Remover`) whose network runs once for the same pixels."""

    def __init__(self, remover: Remover, memory: Memory = MEMORY) -> None:
        self._remover = remover
        # What stays open between runs, where each run makes a remover of its own.
        self._kept: object = getattr(remover, "engine", remover)
        self._memory = memory

    @property
    def name(self) -> str:
        """The model's name."""
        return self._remover.name

    def provenance(self) -> Mapping[str, str]:
        """Model, file and engine."""
        return self._remover.provenance()

    def soft_mask(self, image: Image) -> NDArray[np.float32]:
        """The probability that each pixel is subject: float32 (H, W) in [0, 1]."""
        mask = self._memory.answer(
            self._kept, (self.name, _pixels(image)), lambda: self._remover.soft_mask(image), lambda mask: mask.nbytes
        )
        # The caller may write into what it gets.
        return mask.copy()


class RememberingDetector:
    """A detector (see `cutsmith.protocols.Detector`) whose network runs once for the same pixels and words."""

    def __init__(self, detector: Detector, memory: Memory = MEMORY) -> None:
        self._detector = detector
        self._memory = memory

    @property
    def name(self) -> str:
        """The model's name."""
        return self._detector.name

    def provenance(self) -> Mapping[str, str]:
        """Model, file and device."""
        return self._detector.provenance()

    def candidates(self, image: Image, phrases: str | Sequence[str]) -> Candidates:
        """What the network gives for `image`, uint8 (H, W, 3), before thresholds and suppression."""
        return self._memory.answer(
            self._detector,
            (_pixels(image), str(phrases)),
            lambda: self._detector.candidates(image, phrases),
            lambda given: given.logits.nbytes + given.boxes.nbytes,
        )


def _pixels(image: Image) -> Question:
    """What tells images apart: Python's own hash has 64 bits and takes a fifth of the time of a cryptographic one."""
    return (image.shape, hash(image.tobytes()))
