"""Where Cutsmith keeps things of this user's, as the operating system has it (platformdirs).

installer/folders.py names the same folders without platformdirs, which is not there yet when it runs.
"""

from __future__ import annotations

import os
from pathlib import Path

_APPLICATION = "cutsmith"


def data_folder() -> Path:
    """For what is to stay: weights, and what was first seen of those without a published hash."""
    from platformdirs import user_data_path

    return user_data_path(_APPLICATION)


def cache_folder() -> Path:
    """For what can be made or fetched again; it may be deleted at any time. CUTSMITH_CACHE names another."""
    named = os.environ.get("CUTSMITH_CACHE", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    from platformdirs import user_cache_path

    return user_cache_path(_APPLICATION)


def log_folder() -> Path:
    """For the worker's log."""
    from platformdirs import user_log_path

    return user_log_path(_APPLICATION)


def compiled_folder() -> Path:
    """For models as an engine has compiled them; it may be deleted at any time."""
    return cache_folder() / "compiled"
