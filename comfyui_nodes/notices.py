"""What one run of a node tells: warnings on ComfyUI's console as they come, and a few short lines on the node.

The lines have a fixed order: what was found, the quality and its reasons, the edge, warnings, what ran on what. In a
batch they say which images they are about. They stay few, however many images there are.
"""

from __future__ import annotations

import logging
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from .image_numbers import first_lines, which_images
from .quality_lines import QualityLines

if TYPE_CHECKING:
    from comfy_api.latest import ui

    from cutsmith.result.cutout import Cutout
    from cutsmith.result.quality import Quality

logger = logging.getLogger(__name__)

_MOST_WARNINGS, _MOST_LABELS = 5, 6
_MOST_CHARACTERS = 300
# How provenance begins where matting "auto" did less than people expect of it.
_EDGES = {
    "the mask itself": "Hair and fur were not refined: the mask is too undecided.",
    "closed-form, ": "Hair and fur were refined only in part: the mask is undecided.",
}


class Judged(NamedTuple):
    """What is told of a cut-out: less than the whole of it, which need not be kept."""

    warnings: tuple[str, ...]
    provenance: Mapping[str, str]
    quality: Quality

    @classmethod
    def of(cls, cut: Cutout) -> Judged:
        """What is told of `cut`."""
        return cls(cut.warnings, cut.provenance, cut.quality)


class Notices:
    """The notices of one run."""

    def __init__(self) -> None:
        self._said: set[str] = set()
        self._count = 0
        self._nothing: list[int] = []
        self._labels: Counter[str] = Counter()
        self._quality = QualityLines()
        self._edges: dict[str, list[int]] = {}
        self._warnings: dict[str, list[int]] = {}
        self._ran: dict[str, None] = {}

    def tell(self, warnings: Iterable[str]) -> None:
        """Add `warnings` about the whole run, such as those about its models."""
        for warning in warnings:
            self._warnings.setdefault(self._said_of(warning), [])

    def ran(self, provenance: Mapping[str, str]) -> None:
        """Add what ran on what, from the `provenance` of a result or of models."""
        from .ran_on import ran_on

        self._ran |= dict.fromkeys(ran_on(provenance))

    def nothing(self, text: str) -> None:
        """Note that nothing was found in the next image; `text` is the engine's sentence about it."""
        self._count += 1
        self._nothing.append(self._count)
        self._log(text)

    def image(
        self, warnings: Iterable[str], provenance: Mapping[str, str] | None = None, labels: Iterable[str] = ()
    ) -> None:
        """Add what is known of the next image.

        Args:
            warnings: the engine's.
            provenance: of the result.
            labels: the phrases that its objects answer, one an object.
        """
        self._count += 1
        for warning in warnings:
            numbers = self._warnings.setdefault(self._said_of(warning), [])
            if self._count not in numbers:
                numbers.append(self._count)
        self._labels.update(labels)
        if provenance is not None:
            self.ran(provenance)
            used = provenance.get("matting_used", "")
            for text in (text for begin, text in _EDGES.items() if used.startswith(begin)):
                self._edges.setdefault(text, []).append(self._count)

    def judged(self, *cuts: Judged) -> None:
        """Add what is told of the cut-outs of the next image, whose quality the engine has judged."""
        verdicts = {cut.quality.warning for cut in cuts}
        for verdict in filter(None, verdicts):
            self._log(verdict)
        self.image(
            [text for cut in cuts for text in cut.warnings if text not in verdicts],
            {key: value for cut in cuts for key, value in cut.provenance.items()},
        )
        self._quality.add(self._count, [cut.quality for cut in cuts])

    def lines(self) -> list[str]:
        """What the node shows."""
        lines = [
            *self._findings(),
            *self._quality.lines(self._count),
            *first_lines(self._edges, self._count, len(_EDGES), ""),
            *first_lines(self._warnings, self._count, _MOST_WARNINGS, "more warnings on ComfyUI's console"),
            *self._ran,
        ]
        return [textwrap.shorten(line, _MOST_CHARACTERS, placeholder=" ...") for line in lines]

    def with_previews(self, previews: ui._UIOutput) -> dict[str, Any]:
        """The node's `ui`: its previews, and the lines as "text" if there are any."""
        shown: dict[str, Any] = previews.as_dict()
        lines = self.lines()
        return {**shown, "text": lines} if lines else shown

    def _findings(self) -> list[str]:
        lines = []
        if self._nothing:
            where = which_images(self._nothing, self._count)
            everywhere = "Nothing found." if self._count == 1 else f"Nothing found in any of the {self._count} images."
            lines.append(f"{where}: nothing found." if where else everywhere)
        if self._labels:
            shown = [f"{number} x {label}" for label, number in self._labels.most_common(_MOST_LABELS)]
            hidden = len(self._labels) - len(shown)
            lines.append(f"Found: {', '.join(shown)}{f' and {hidden} other things' if hidden else ''}.")
        return lines

    def _said_of(self, warning: str) -> str:
        """The engine's warning in the nodes' words, which are on the console from now on."""
        from .words import warning_of

        text = warning_of(warning)
        self._log(text)
        return text

    def _log(self, text: str) -> None:
        if text not in self._said:
            self._said.add(text)
            logger.warning("Cutsmith: %s", text)
