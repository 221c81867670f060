"""Has Cutsmith's worker cut a small picture out, just as the plug-in in FOLDER would; prints what came of it as JSON.

Run by any Python 3.11 as  python -I -B worker_job.py FOLDER: the client's files are those in FOLDER, and so is the
config.json that says which command runs the worker.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

SIDE = 96
NOT_FOUND = "SubjectNotFound"


def main(folder: Path) -> dict[str, Any]:
    """What came of it: `version`, `model` and `seconds`; or `version` as far as it is known, `what`, and `remedy`."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    sys.path.insert(0, str(folder))
    client, protocol, session = (importlib.import_module(name) for name in ("client", "protocol", "session"))
    found: dict[str, Any] = {"version": ""}
    try:
        worker = client.one_shot(config["command"], client="install.py", environment=config["environment"])
        with worker:
            found["version"] = worker.welcome.worker
            listed = worker.run("models").header
            here = {model["name"] for model in listed["models"] if model["here"]}
            defaults = [name for name in listed["default_removers"] if name in here]
            if not defaults:
                return found | {"what": "no weights are on this machine", "fetch": listed["default_removers"][0]}
            started = time.monotonic()
            found["model"] = defaults[0]
            _cut(worker, protocol, session, defaults[0])
            return found | {"seconds": round(time.monotonic() - started, 1)}
    except (session.WorkerError, protocol.ProtocolError) as problem:
        return found | {"what": getattr(problem, "what", "") or str(problem), "remedy": getattr(problem, "remedy", "")}


def _cut(worker: Any, protocol: Any, session: Any, model: str) -> None:
    pixels = protocol.Array("uint8", (SIDE, SIDE, 3), picture())
    try:
        alpha = worker.run("cut", {"model": model, "matting": "none"}, {"pixels": pixels}).arrays["alpha"]
    except session.JobFailed as failure:
        if failure.type != NOT_FOUND:
            raise
        return  # the engine ran all the same, and had an opinion on a disc
    if tuple(alpha.shape) != (SIDE, SIDE):
        raise session.WorkerError(f"The worker gave a mask of {alpha.shape}, and {(SIDE, SIDE)} was wanted.")


def picture() -> bytes:
    """A red disc before a pale ground, (SIDE, SIDE, 3)."""
    middle, radius = SIDE / 2, SIDE / 3
    inside = [(x - middle) ** 2 + (y - middle) ** 2 < radius**2 for y in range(SIDE) for x in range(SIDE)]
    return b"".join(b"\xc8\x28\x1e" if each else b"\xe6\xeb\xf0" for each in inside)


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
