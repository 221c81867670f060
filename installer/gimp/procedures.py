"""Asks a GIMP without windows whether it has the plug-in's procedures."""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from installer.failure import InstallFailed
from installer.gimp.profiles import VARIABLE, Profile
from installer.gimp.programs import START_SECONDS, Program, gimp_environment
from installer.limited_run import run_limited

PROCEDURES = ("cutsmith-cut-out", "cutsmith-cut-out-selection", "cutsmith-refine-mask")

INTERPRETER = "python-fu-eval"
NO_INTERPRETER = 69  # what GIMP returns where there is no such interpreter; its words are in the user's language
ANSWER = re.compile(r"^cutsmith-procedures:(.*):$", re.MULTILINE)
# What GIMP prints at a start without a window, whatever its plug-ins do.
NOISE = re.compile(
    r"^\([^()]+:\d+\): |-WARNING: |^GIMP-Warning: |^stale context: |^batch command |^Cannot spawn a message bus"
)
QUESTION = f"""
from gi.repository import Gimp
database = Gimp.get_pdb()
found = [name for name in {PROCEDURES!r} if database.procedure_exists(name)]
print("\\ncutsmith-procedures:" + " ".join(found) + ":", flush=True)
"""


def require_procedures(console: Program, profile: Profile, rehearsed: Path | None = None) -> None:
    """Start `console` with `profile`, or with its copy `rehearsed`, and ask for the procedures.

    Raises InstallFailed unless it has all of them.
    """
    environment = gimp_environment(**{VARIABLE: str(rehearsed or profile.folder)})
    arguments = ["-idf", f"--batch-interpreter={INTERPRETER}", "-b", QUESTION, "--quit"]
    ended = run_limited([str(console.path), *arguments], START_SECONDS, environment)
    answer = ANSWER.search(ended.output)
    if answer is None:
        if ended.code == NO_INTERPRETER:
            what = f"GIMP {console.version} has no Python, in which the plug-in is written."
            remedy = "Install GIMP again, with its Python."
            if sys.platform == "linux":
                packages = "python3-gi python3-gi-cairo gir1.2-gimp-3.0"
                remedy = f"Install what plug-ins in Python need; on Debian, Ubuntu:  sudo apt install {packages}"
            raise InstallFailed(what, remedy)
        how = f"within {START_SECONDS} seconds."
        if ended.code is not None:
            how = f"(exit code {ended.code}):\n{ended.last_words()}"
        raise InstallFailed(f"{console.path} did not answer {how}", "Start GIMP and look.")
    found = answer[1].split()
    missing = ", ".join(name for name in PROCEDURES if name not in found)
    if not missing:
        return
    what = f"GIMP {console.version} started and did not load {'all of ' if found else ''}the plug-in: {missing} missing"
    lines = [line for line in ended.errors.splitlines() if line.strip() and not NOISE.search(line)]
    said = replace(ended, output="", errors="\n".join(lines))
    if "cutsmith" in said.errors or found:
        raise InstallFailed(f"{what}. It said\n{said.last_words(8)}", "Please report these lines.")
    # GIMP says nothing about a file that is not executable, or that is in a folder missing from its settings.
    remedy = f"See whether Edit > Preferences > Folders > Plug-ins in GIMP has {profile.plug_ins}."
    raise InstallFailed(f"{what}, and it did not say why.", remedy)


@contextmanager
def rehearsal(profile: Profile) -> Iterator[Path]:
    """A temporary copy of the profile's settings and plug-in, for GIMP writes into the profile it starts with."""
    with tempfile.TemporaryDirectory(prefix="cutsmith-gimp-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        for file in ("gimprc", "pluginrc"):
            if (profile.folder / file).is_file():
                shutil.copyfile(profile.folder / file, folder / file)
        shutil.copytree(profile.place, folder / "plug-ins" / profile.place.name)
        yield folder
