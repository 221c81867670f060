"""A line of text on the node that runs, by ComfyUI's own progress text: what is being waited for."""

from __future__ import annotations

import logging

logger = logging.getLogger(__name__)


def show(text: str) -> None:
    """Show `text` on the node that is being executed, and log it. It stays until the next one."""
    from comfy_execution.utils import get_executing_context

    logger.info("Cutsmith: %s", text)
    context = get_executing_context()
    if context is None:
        return
    from server import PromptServer

    PromptServer.instance.send_progress_text(text, context.node_id)
