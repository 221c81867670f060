"""`Search`: what to look for in a picture, and with which models; and what no picture could be searched for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cutsmith.errors import BadOption
from cutsmith.protocols import BOX_THRESHOLD, TEXT_THRESHOLD

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Objects = Literal["all", "best", "each"]
OBJECTS = ("all", "best", "each")


@dataclass(frozen=True, eq=False)
class Search:
    """What to look for, and with which models. `cut_out` explains each field under the same name.

    `phrases` are those of `text`, apart. Without phrases, box, points and mask it is the picture's main subject.
    """

    phrases: tuple[str, ...] = ()
    box: tuple[float, float, float, float] | None = None
    points: tuple[Sequence[float], ...] = ()
    mask: NDArray[np.generic] | None = None
    objects: Objects = "all"
    model: str | None = None
    segmenter: str | None = None
    detector: str | None = None
    box_threshold: float = BOX_THRESHOLD
    text_threshold: float = TEXT_THRESHOLD
    max_detections: int | None = None
    engine: str = "auto"
    device: str = "auto"
    threads: int | None = None

    @property
    def is_prompted(self) -> bool:
        """Whether something says what to cut out."""
        return bool(self.phrases or self.box is not None or self.points or self.mask is not None)


def phrases_of(text: str | Sequence[str] | None) -> tuple[str, ...]:
    """The phrases of `text`, apart; none where it is None.

    Raises:
        BadPhrases: there is no phrase in it, or none that a detector reads.
    """
    if text is None:
        return ()
    from cutsmith.phrases import split_phrases

    return split_phrases(text)


def check_search(search: Search) -> None:
    """Refuse what no picture could be searched for.

    Raises:
        BadOption: words together with a box, points or a mask, a choice among objects without words, unknown names, or
            thresholds outside [0, 1].
    """
    if search.objects not in OBJECTS:
        raise BadOption(f"--objects {search.objects}: wanted one of {', '.join(OBJECTS)}.")
    given = {"a box": search.box is not None, "points": bool(search.points), "a mask": search.mask is not None}
    pointed = [name for name, is_given in given.items() if is_given]
    if search.phrases and pointed:
        raise BadOption(
            f"Words and {' and '.join(pointed)} were given together: wanted one way to say what is cut out.",
            "Give --text alone, or --box with --point.",
        )
    if search.objects != "all" and not search.phrases:
        raise BadOption(f"--objects {search.objects} chooses among what --text finds.", 'Add --text "red mug"')
    if search.phrases:
        from cutsmith.detection.selection import require_thresholds

        require_thresholds(search.box_threshold, search.text_threshold, search.max_detections)
