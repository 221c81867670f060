"""Asks a worker that runs to end after its jobs: it has loaded the code that was here before.

Run by any Python 3.11 as  python -I -B worker_retirement.py FOLDER: of the plug-in in FOLDER are the files that ask.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from pathlib import Path

SECONDS = 30


def retire_worker(folder: Path) -> None:
    """Have the worker that the plug-in in `folder` would call end, if one runs; the next call starts a new one."""
    from installer.limited_run import run_limited  # here, for the script below cannot import it

    # Nothing depends on it: at worst the old one ends when it has had nothing to do for a while.
    run_limited([sys.executable, "-I", "-B", __file__, str(folder)], SECONDS)


def main(folder: Path) -> None:
    """Ask it."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    os.environ.update(config["environment"])
    sys.path.insert(0, str(folder))
    client = importlib.import_module("client")
    client.connect(client="install.py").run("stop")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
