"""Calls Cutsmith's worker as the plug-in in a folder would: to cut out a small picture, or to stop.

Run with any Python 3.11:  python -I -B worker_job.py FOLDER cut|stop. FOLDER holds the client's files and the
config.json with the command that runs the worker. `cut` prints the outcome as JSON.
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


def cut(config: dict[str, Any]) -> dict[str, Any]:
    """The outcome: `version`, `model` and `seconds`; or after a failure `version` (if known), `what` and `remedy`."""
    client, protocol, session = (importlib.import_module(name) for name in ("client", "protocol", "session"))
    found: dict[str, Any] = {"version": ""}
    try:
        with client.one_shot(config["command"], client="install.py", environment=config["environment"]) as worker:
            found["version"] = worker.welcome.worker
            listed = worker.run("models").header
            here = {model["name"] for model in listed["models"] if model["here"]}
            defaults = [name for name in listed["default_removers"] if name in here]
            if not defaults:
                fetch = f'"{config["command"][0]}" -m cutsmith models fetch {listed["default_removers"][0]}'
                raise session.WorkerError("The weights of the default model are not on this machine.", fetch)
            started = time.monotonic()
            found["model"] = defaults[0]
            pixels = protocol.Array("uint8", (SIDE, SIDE, 3), picture())
            answer = worker.run("cut", {"model": defaults[0], "matting": "none"}, {"pixels": pixels})
            shape = tuple(answer.arrays["alpha"].shape)
            if shape != (SIDE, SIDE):
                raise session.WorkerError(f"The worker gave a mask of {shape}; {(SIDE, SIDE)} was expected.")
    except (session.WorkerError, protocol.ProtocolError) as problem:
        # An engine that finds no subject in a disc works all the same.
        if getattr(problem, "type", "") != NOT_FOUND:
            what, remedy = getattr(problem, "what", "") or str(problem), getattr(problem, "remedy", "")
            return found | {"what": what, "remedy": remedy}
    return found | {"seconds": round(time.monotonic() - started, 1)}


def picture() -> bytes:
    """A red disc on a pale ground: (SIDE, SIDE, 3), uint8."""
    middle, radius = SIDE / 2, SIDE / 3
    inside = [(x - middle) ** 2 + (y - middle) ** 2 < radius**2 for y in range(SIDE) for x in range(SIDE)]
    return b"".join(b"\xc8\x28\x1e" if each else b"\xe6\xeb\xf0" for each in inside)


def stop(config: dict[str, Any]) -> None:
    """Ask a running worker to end after its jobs; does not start one."""
    os.environ.update(config["environment"])
    importlib.import_module("client").connect(client="install.py").run("stop")


if __name__ == "__main__":
    place = Path(sys.argv[1])
    sys.path.insert(0, str(place))
    fields = json.loads((place / "config.json").read_text(encoding="utf-8"))
    if sys.argv[2] == "cut":
        print(json.dumps(cut(fields)))
    else:
        stop(fields)
