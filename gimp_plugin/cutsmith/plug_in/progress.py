"""GIMP's progress bar: in the image's window, or in the terminal of a batch."""

from __future__ import annotations

from gi.repository import Gimp

_shown = ""


def begin_progress(text: str) -> None:
    """Show the bar, empty."""
    global _shown
    _shown = text
    Gimp.progress_init(text)


def show_progress(text: str, fraction: float) -> None:
    """Show what is being done and the share in [0, 1] that is done."""
    global _shown
    if text != _shown:
        _shown = text
        Gimp.progress_set_text(text)
    Gimp.progress_update(fraction)
