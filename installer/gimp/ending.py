"""Ends the installer and what it has started when the plug-in is gone that started it: GIMP's Cancel kills it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

GRACE_SECONDS = 5
"""What pip has to clear up behind it, when nobody waits for it any more."""


def end_with_standard_input() -> None:
    """From now on, end this process and those that it started as soon as its standard input ends.

    It must be the first of a group of processes.
    """
    # A program that is started beside others may have inherited that it ignores this.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_wait_and_end, daemon=True).start()


def _wait_and_end() -> None:
    # Not by sys.stdin, whose lock would be in the way of an end in good order.
    while os.read(0, 1):
        pass
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(os.getpid())], check=False)
        return
    # As Ctrl-C does in a terminal.
    os.killpg(os.getpgid(0), signal.SIGINT)
    time.sleep(GRACE_SECONDS)
    os.killpg(os.getpgid(0), signal.SIGKILL)
