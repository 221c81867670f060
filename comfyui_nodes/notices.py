"""What the engine warns of in one run of a node: said on ComfyUI's console and told with the node's outputs."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from comfy_api.latest import ui

logger = logging.getLogger(__name__)


class Notices:
    """The notices of one run, each once and in order."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def tell(self, warnings: Iterable[str]) -> None:
        """Add the engine's `warnings`, in the nodes' words, and print those that are new on the console."""
        from .words import warning_of

        for warning in warnings:
            self.say(warning_of(warning))

    def say(self, text: str) -> None:
        """Add a text that is in the nodes' words already."""
        if text not in self._texts:
            self._texts[text] = None
            logger.warning("Cutsmith: %s", text)

    def with_previews(self, previews: ui._UIOutput) -> dict[str, Any]:
        """The node's `ui`: its previews, and the notices as "text" if there are any."""
        shown: dict[str, Any] = previews.as_dict()
        return {**shown, "text": list(self._texts)} if self._texts else shown
