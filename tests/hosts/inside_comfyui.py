"""Runs a script in ComfyUI's own Python with its tree on the path, without a server; see the scripts in `inside/`."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.hosts.host_programs import comfyui_python

SCRIPTS = Path(__file__).parent / "inside"


def run_inside(tree: Path, script: str, **arguments: Any) -> dict[str, Any]:
    """What `inside/script` prints as its last line, JSON; `arguments` are its input."""
    command = [str(comfyui_python(tree)), str(SCRIPTS / script), json.dumps({"tree": str(tree), **arguments})]
    done = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return {**answer, "log": done.stdout + done.stderr}


def write_random_birefnet(tree: Path, file: Path) -> None:
    """Write random weights for ComfyUI's own BiRefNet, in half precision, to `file`."""
    command = [str(comfyui_python(tree)), str(SCRIPTS / "random_birefnet.py"), str(tree), str(file)]
    subprocess.run(command, cwd=tree, check=True)
