"""Installs Cutsmith for a plug-in that came as a zip: the environment, the weights, config.json, and the trial.

GIMP's plug-in runs it as a process of its own, told by `main`; `install.py gimp` beside it does the same in a terminal.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from installer.demo.weights import OFFICIAL_MEGABYTES, ensure_weights
from installer.environment.only_one import only_one
from installer.environment.pip_command import show_progress
from installer.environment.stamp import read_stamp, write_stamp
from installer.environment.virtual_environment import PRODUCT, Installation, prepare_environment
from installer.failure import FAILED, InstallFailed
from installer.gimp.bundle import Bundle
from installer.gimp.config import FILE_NAME, wanted_config
from installer.gimp.ending import end_with_standard_input
from installer.trial.worker_trial import retire_worker, try_worker

Report = Callable[[str, float], None]
"""Called with a text about what is done now, and the share that is done, in [0, 1]."""

# The share that is done when each step begins; packages are most of it.
UNPACKING, WEIGHTS, TRIAL = 0.7, 0.8, 0.95
UNIT = {"kB": 1e-3, "MB": 1.0, "GB": 1e3}
LEAST_SECONDS = 0.2
"""Between two reports."""


def set_up(
    bundle: Bundle,
    *,
    extras: Sequence[str] = (),
    anew: bool = False,
    report: Report | None = None,
) -> str:
    """Make the environment, or bring it up to date, and have the plug-in run it; returns a sentence on the trial.

    With `anew` an environment that is complete is made again, too. Its extras stay. Raises InstallFailed.
    """
    environment, config_file = bundle.environment, bundle.place / FILE_NAME
    with only_one(environment):
        found = read_stamp(environment)
        kept = found.extras if found is not None else ()
        if found is not None and anew:
            found = replace(found, complete=False)
            write_stamp(environment, found)
        if config_file.is_file():
            retire_worker(bundle.place)
            # Written again at the end: if this is broken off, the plug-in does not take what is left for an engine.
            config_file.unlink()
        if report is not None:
            report("Clearing up…" if found is not None and not found.complete else "Getting ready…", 0.0)
        installation = Installation(extras=tuple(sorted({*kept, *extras})), pinned=True)
        follow = show_progress if report is None else PipProgress(installation.size.download_megabytes, report).line
        python = prepare_environment(bundle, installation, follow=follow)
        if report is not None:
            report(f"Fetching the model (at most {OFFICIAL_MEGABYTES} MB)…", WEIGHTS)
        ensure_weights(python)
        if report is not None:
            report("Trying it…", TRIAL)
        config = wanted_config(bundle, python, [])
        unfinished = config_file.with_suffix(".part")
        unfinished.write_text(config.text, encoding="utf-8")
        unfinished.replace(config_file)
        return try_worker(bundle.place, config)


class PipProgress:
    """What pip's lines say of how far it has come, for at most `megabytes` to fetch."""

    def __init__(self, megabytes: float, report: Report) -> None:
        self._whole = megabytes
        self._report = report
        self._fetched = 0.0  # by the downloads before this one, in MB
        self._now = 0.0  # by this one
        self._name = ""
        self._next = 0.0

    def line(self, line: str) -> None:
        """Report what `line` says, if it says something new."""
        begun = re.match(r"(?:Downloading|Using cached) ([A-Za-z0-9_.]+)-\S*\s+\((\d+(?:\.\d+)?) ([kMG]B)\)", line)
        done = re.match(r"Progress (\d+) of (\d+)$", line)
        if begun:
            self._fetched += self._now
            self._name, self._now = begun[1], 0.0
            if line.startswith("Using"):
                self._now = float(begun[2]) * UNIT[begun[3]]
            self._tell()
        elif done:
            self._now = int(done[1]) / 1e6
            if time.monotonic() >= self._next:
                self._tell()
        elif line.startswith("Installing collected packages"):
            self._report("Unpacking what was fetched, which takes a minute…", UNPACKING)

    def _tell(self) -> None:
        self._next = time.monotonic() + LEAST_SECONDS
        fetched = self._fetched + self._now
        share = min(fetched / self._whole, 1.0)
        self._report(f"Fetching {self._name} ({fetched:.0f} of at most {self._whole:.0f} MB)…", UNPACKING * share)


def main(arguments: Sequence[str]) -> int:
    """What the plug-in starts: `plan`, or `set-up`, which ends when its standard input does.

    Prints an object of JSON a line: {"text", "share"} as it goes, and at the end {"said"}, or {"what", "remedy"} of a
    failure; `plan` prints what it would take. Other lines are those of the programs that it runs.
    """
    grammar = argparse.ArgumentParser()
    grammar.add_argument("job", choices=("plan", "set-up"))
    grammar.add_argument("--anew", action="store_true")
    options = grammar.parse_args(arguments)
    bundle = Bundle(Path(__file__).resolve().parents[2])
    if options.job == "plan":
        found = read_stamp(bundle.environment)
        size = (replace(PRODUCT, extras=found.extras) if found is not None else PRODUCT).size
        _say(
            download=size.download_megabytes,
            disk=size.disk_megabytes,
            weights=OFFICIAL_MEGABYTES,
            environment=str(bundle.environment),
            is_there=found is not None and found.complete,
        )
        return 0
    end_with_standard_input()
    try:
        _say(said=set_up(bundle, anew=options.anew, report=lambda text, share: _say(text=text, share=share)))
    except InstallFailed as failure:
        _say(what=failure.what, remedy=failure.remedy)
        return FAILED
    except OSError as problem:
        _say(what=str(problem), remedy="The disk may be full or read-only, or a program may use the file.")
        return FAILED
    return 0


def _say(**fields: object) -> None:
    print(json.dumps(fields), flush=True)
