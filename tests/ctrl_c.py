"""Ctrl+C for the processes that tests start."""

from __future__ import annotations

import signal


def hears_ctrl_c() -> None:
    """Run in the new process (`preexec_fn`): a shell started in the background makes all below it deaf to Ctrl+C."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
