"""Where Cutsmith keeps this user's files, by the rules of the operating system (platformdirs).

installer/folders.py names the same folders without platformdirs, which is not installed yet when it runs.
"""

from __future__ import annotations

import os
from pathlib import Path

_APPLICATION = "cutsmith"


def data_folder() -> Path:
    """For files that stay: weights, and the first-seen hashes of those whose publisher gives none."""
    from platformdirs import user_data_path

    return user_data_path(_APPLICATION)


def config_folder() -> Path:
    """For what the user writes: presets of their own."""
    from platformdirs import user_config_path

    return user_config_path(_APPLICATION)


def cache_folder() -> Path:
    """For files that can be made or fetched again: the user may delete it at any time. CUTSMITH_CACHE names another."""
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
    """For the models that an engine has compiled: the user may delete it at any time."""
    return cache_folder() / "compiled"
