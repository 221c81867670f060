"""Calls Cutsmith's worker as the plug-in in a folder would: to cut out a small picture, or to stop.

Run with any Python 3.11:  python -I -B worker_job.py FOLDER cut|stop. FOLDER holds the plug-in, with the config.json
that says how the worker is started. `cut` prints the outcome as JSON.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

SIDE = 96
NOT_FOUND = "SubjectNotFound"


def cut(place: Path) -> dict[str, Any]:
    """The outcome: `model` and `seconds`; or after a failure `what` and `remedy`.

    The plug-in's own code does it, with a new dialog's settings, over the socket where GIMP will meet the worker. A
    worker that was started for this is ended.
    """
    failure, installation, choices, settings, link, files = (
        importlib.import_module(f"plug_in.{name}")
        for name in ("failure", "installation", "model_choices", "settings", "worker_link", "worker_files")
    )
    try:
        found = installation.find_installation(place)
        os.environ.update(found.environment)
        was_running = _is_running(files)
        try:
            with link.WorkerLink(found, "install.py", lambda text, share: None) as worker:
                told = worker.models()
                chosen = choices.ModelChoices(told, found).chosen(settings.Settings())
                if not chosen.model:
                    fetch = f'"{found.command[0]}" -m cutsmith models fetch {told["default_removers"][0]}'
                    raise failure.CutFailed("The weights of the default model are not on this machine.", fetch)
                started = time.monotonic()
                pixels = files.Array("uint8", (SIDE, SIDE, 3), picture())
                try:
                    alpha = worker.cut(chosen, {"pixels": pixels}, "uint8").arrays["alpha"]
                    if tuple(alpha.shape) != (SIDE, SIDE):
                        what = f"The worker gave a mask of {alpha.shape}; {(SIDE, SIDE)} was expected."
                        raise failure.CutFailed(what)
                except failure.CutFailed as problem:
                    # An engine that finds no subject in a disc works all the same.
                    if getattr(problem.__cause__, "type", "") != NOT_FOUND:
                        raise
        finally:
            if not was_running and _is_running(files):
                stop(found.environment)
    except failure.CutFailed as problem:
        return {"what": problem.what, "remedy": problem.remedy}
    return {"model": chosen.model, "seconds": round(time.monotonic() - started, 1)}


def _is_running(files: Any) -> bool:
    """Whether a worker runs, or something else is where it would be: the plug-in's own code says what that is."""
    try:
        files.client.connect(client="install.py").close()
    except files.client.WorkerNotRunning:
        return False
    except (files.session.WorkerError, files.protocol.ProtocolError, files.rendezvous.FolderUnsafe):
        return True
    return True


def picture() -> bytes:
    """A red disc on a pale ground: (SIDE, SIDE, 3), uint8."""
    middle, radius = SIDE / 2, SIDE / 3
    inside = [(x - middle) ** 2 + (y - middle) ** 2 < radius**2 for y in range(SIDE) for x in range(SIDE)]
    return b"".join(b"\xc8\x28\x1e" if each else b"\xe6\xeb\xf0" for each in inside)


def stop(environment: dict[str, str]) -> None:
    """Ask a running worker to end after its jobs; does not start one."""
    os.environ.update(environment)
    importlib.import_module("client").connect(client="install.py").run("stop")


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    sys.path.insert(0, str(folder))
    if sys.argv[2] == "cut":
        print(json.dumps(cut(folder)))
    else:
        stop(json.loads((folder / "config.json").read_text(encoding="utf-8"))["environment"])
