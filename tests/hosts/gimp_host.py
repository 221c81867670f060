"""A genuine GIMP 3 with the plug-in in a profile of its own, for steps that are done in it by batch."""

from __future__ import annotations

import contextlib
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

import cutsmith
from cutsmith.worker import client, session
from installer.folders import Clone
from installer.gimp.config import Config
from installer.gimp.plug_in import place_plug_in
from installer.gimp.profiles import Profile
from tests.core.worker.conftest import with_patched_jobs

CUT_OUT, CUT_OUT_SELECTION, REFINE_MASK = "cutsmith-cut-out", "cutsmith-cut-out-selection", "cutsmith-refine-mask"
LAYER = "Background"
"""What GIMP calls the layer of a picture that it opens, where the file has no name for it."""

ROOT = Path(__file__).resolve().parents[2]
INSIDE = Path(__file__).with_name("inside")
SECONDS = 300

# Inside GIMP's tree the machine's root is at /host: its Python runs by a chroot to there.
IN_HOST = ("/usr/sbin/chroot", "/host")
COMMAND = (*IN_HOST, sys.executable, "-m", "cutsmith")

Step = tuple[Any, ...]


class GimpHost:
    """A GIMP and its plug-in.

    Args:
        run: the script that runs programs where GIMP is.
        home: a folder of its own, of a short path, for GIMP's home and profile, and the worker's.
        environment: variables that the plug-in's config has for the worker.
    """

    def __init__(self, run: Path, home: Path, environment: Mapping[str, str]) -> None:
        self.program = run
        self.home = home
        self.profile = Profile(home / "profile")
        self.worker_folder = home / ".cache" / "cutsmith" / "worker"
        self.config = Config(
            COMMAND, cutsmith.__version__, str(ROOT), "python3 install.py gimp", {**own_folders(home), **environment}
        )
        self._count = 0
        self.install()

    def install(self, config: Config | None = None) -> Path:
        """Put the plug-in there, told `config`; -> its folder."""
        self.profile.plug_ins.mkdir(parents=True, exist_ok=True)
        place_plug_in(self.profile, Clone(ROOT), config or self.config)
        return self.profile.place

    def patched(self, patch: str, folder: Path) -> Config:
        """A config whose worker, with its own cache in `folder`, runs the code `patch` in the process of its jobs."""
        environment = {**self.config.environment, "CUTSMITH_CACHE": str(folder)}
        return replace(self.config, command=(*IN_HOST, *with_patched_jobs(patch)), environment=environment)

    def jobs_done(self) -> list[str]:
        """The kinds of the jobs that the workers have done, in order."""
        logs = sorted(self.home.rglob("worker.log"), key=lambda log: log.stat().st_mtime)
        return [kind for log in logs for kind in re.findall(r"INFO (\w+): done", log.read_text(encoding="utf-8"))]

    @property
    def environment(self) -> dict[str, str]:
        """What GIMP is started with: nothing that leads to the user's own folders, or to another worker."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "CUTSMITH_"))}
        return {**kept, "HOME": str(self.home), "GIMP3_DIRECTORY": str(self.profile.folder), "LC_ALL": "C.UTF-8"}

    def start(self, *steps: Step) -> Callable[[], list[Any]]:
        """Have `steps` done in a new GIMP; -> what waits for their results, values of drawables as arrays."""
        self._count += 1
        folder = self.home / str(self._count)
        folder.mkdir()
        job = folder / "job.json"
        job.write_text(json.dumps(steps), encoding="utf-8")
        code = f"import sys; sys.path.insert(0, {str(INSIDE)!r}); import in_gimp; in_gimp.run({str(job)!r})"
        command = ["gimp-console", "-id", "--batch-interpreter=python-fu-eval", "-b", code, "--quit"]
        said = (folder / "said.txt").open("wb")
        child = subprocess.Popen(
            [str(self.program), *command], env=self.environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said
        )

        def results() -> list[Any]:
            try:
                child.wait(SECONDS)
            finally:
                child.kill()
                said.close()
            written = job.with_suffix(".results")
            if not written.is_file():
                raise AssertionError(f"GIMP did not do {steps}:\n{(folder / 'said.txt').read_text(errors='replace')}")
            return [_as_array(each) for each in json.loads(written.read_text(encoding="utf-8"))]

        return results

    def run(self, *steps: Step) -> list[Any]:
        """Have `steps` done in a new GIMP; -> the results of those that have one, in order."""
        return [each for each in self.start(*steps)() if each is not None]

    def worker_pid(self) -> int | None:
        """The process of the worker that runs, if one does."""
        try:
            with client.connect(folder=self.worker_folder, client="test") as connected:
                return connected.welcome.pid
        except session.WorkerNotRunning:
            return None

    def end_worker(self) -> None:
        """Have the worker end, if one runs, and wait for it."""
        with contextlib.suppress(session.WorkerError), client.connect(folder=self.worker_folder) as connected:
            connected.run("stop")
        deadline = time.monotonic() + 10
        while self.worker_files() and time.monotonic() < deadline:
            time.sleep(0.02)

    def worker_files(self) -> list[str]:
        """What is in the worker's folder."""
        return sorted(path.name for path in self.worker_folder.iterdir()) if self.worker_folder.is_dir() else []


def own_folders(home: Path) -> dict[str, str]:
    """Variables that give a worker its own folders beneath `home`, and this clone's engine."""
    return {
        "CUTSMITH_CACHE": str(home / ".cache" / "cutsmith"),
        "XDG_STATE_HOME": str(home / "state"),
        "PYTHONPATH": str(Path(cutsmith.__file__).parents[1]),
    }


def _as_array(result: Any) -> Any:
    if not isinstance(result, dict) or "dtype" not in result:
        return result
    values = np.fromfile(result["path"], result["dtype"]).reshape(result["shape"])
    return values[..., 0] if values.shape[2] == 1 else values
