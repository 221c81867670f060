"""Keeps what networks gave for pictures, so that another finish or threshold does not run a network again.

ComfyUI runs a whole node again when one of its inputs changes. What a network gives depends on the pixels alone (and on
the words, for a detector). The last results are kept, up to a limit of bytes, and are freed with their model. A batch
that takes more keeps what it gave first: the next run over it would otherwise find each result just dropped.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
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


class _Kept(NamedTuple):
    answer: Any
    bytes: int
    # Which run used it last.
    run: object


class Memory:
    """The last answers of models, which take at most `most_bytes` together."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        # For each model its answers, the one used last at the end.
        self._kept: WeakKeyDictionary[object, OrderedDict[Question, _Kept]] = WeakKeyDictionary()
        self._lock = Lock()

    @property
    def bytes(self) -> int:
        """What all answers take."""
        return sum(each.bytes for answers in self._kept.values() for each in answers.values())

    def answer(
        self,
        model: object,
        question: Question,
        ask: Callable[[], Answer],
        size_of: Callable[[Answer], int],
        run: object,
    ) -> Answer:
        """The answer of `model` to `question`, which `ask` gives if it is not kept; `size_of` says its bytes.

        What `run`, any object that stands for one run, has used already is not dropped for its further answers.
        """
        with self._lock:
            answers = self._kept.setdefault(model, OrderedDict())
            if question in answers:
                answers[question] = answers[question]._replace(run=run)
                answers.move_to_end(question)
                known: Answer = answers[question].answer
                return known
        given = ask()
        with self._lock:
            size = size_of(given)
            if self._makes_room(size, answers, run):
                answers[question] = _Kept(given, size, run)
        return given

    def _makes_room(self, size: int, own: OrderedDict[Question, _Kept], run: object) -> bool:
        """Drop what other runs used longest ago until `size` bytes are free; nothing if that would not do.

        Other models' answers go before the model's `own`.
        """
        too_much = self.bytes + size - self._most_bytes
        others = [kept for kept in self._kept.values() if kept is not own]
        dropped: list[tuple[OrderedDict[Question, _Kept], Question]] = []
        for kept in [*others, own]:
            for question, each in kept.items():
                if too_much <= 0:
                    break
                if each.run is not run:
                    dropped.append((kept, question))
                    too_much -= each.bytes
        if too_much > 0:
            return False
        for kept, question in dropped:
            del kept[question]
        return True

    def forget(self) -> None:
        """Drop all answers."""
        with self._lock:
            self._kept.clear()


MEMORY = Memory()
"""The memory of this process."""


class RememberingRemover:
    """One run of a remover (see `cutsmith.protocols.Remover`), whose network runs once for the same pixels."""

    def __init__(self, remover: Remover, memory: Memory = MEMORY) -> None:
        self._remover = remover
        # What stays open between runs, where each run makes a remover of its own.
        self._kept: object = getattr(remover, "engine", remover)
        self._memory = memory
        # The same network may be fed and read otherwise: its description is a file that people edit.
        self._spec: Hashable = getattr(remover, "spec", None)
        self._run = object()

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
            self._kept,
            (self.name, self._spec, _pixels(image)),
            lambda: self._remover.soft_mask(image),
            lambda mask: mask.nbytes,
            self._run,
        )
        # The caller may write into what it gets.
        return mask.copy()


class RememberingDetector:
    """One run of a detector (see `cutsmith.protocols.Detector`), whose network runs once for pixels and words."""

    def __init__(self, detector: Detector, memory: Memory = MEMORY) -> None:
        self._detector = detector
        self._memory = memory
        self._run = object()

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
            self._run,
        )


def _pixels(image: Image) -> Question:
    """What tells images apart: Python's own hash has 64 bits and takes a fifth of the time of a cryptographic one."""
    return (image.shape, hash(image.tobytes()))
