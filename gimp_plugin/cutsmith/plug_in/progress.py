"""GIMP's progress bar, which is in the image's window, or in the terminal for a batch run."""

from __future__ import annotations

from gi.repository import Gimp

_shown = ""


def begin_progress(text: str) -> None:
    """Show an empty bar with `text`."""
    global _shown
    _shown = text
    Gimp.progress_init(text)


def show_progress(text: str, fraction: float) -> None:
    """Show what is being done, and the share that is done, in [0, 1]."""
    global _shown
    if text != _shown:
        _shown = text
        Gimp.progress_set_text(text)
    Gimp.progress_update(fraction)


def end_progress() -> None:
    """Remove the bar, and the Cancel button with it. From here on, GIMP does not end the plug-in's process."""
    Gimp.progress_end()
