"""Finds the GIMP programs on this machine, and has them make a first profile."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from installer.failure import InstallFailed
from installer.gimp.profiles import FLATPAK, Profile, find_profiles, profiles_root
from installer.limited_run import run_limited

START_SECONDS = 120
VERSION_SECONDS = 20

# Consoles come first, since they need no display; then names with a version, since `gimp` may be GIMP 2.10.
NAMES = re.compile(r"gimp(-console)?(-3|-3\.\d{1,2}|-2\.\d{1,2})?(\.exe)?", re.IGNORECASE)
SAID = re.compile(r"\b(\d+\.\d+(?:\.\d+)?)\b")  # the words around it depend on the user's language

WITHOUT_GIMP_3 = (
    "GIMP 2.10 loads other plug-ins: Cutsmith's needs GIMP 3.0 or newer.\n"
    "  Without it, the command line makes a mask:  cutsmith cut PHOTO --mask-only -o mask.png\n"
    "  which File > Open as Layers brings into GIMP."
)
NAME_IT = "Start GIMP 3 once and close it, or name its profile's folder:  python3 install.py gimp --gimp-dir DIR"


@dataclass(frozen=True)
class Program:
    """A GIMP program: its path, and the version that it reports, such as "3.0.4"."""

    path: Path
    version: str

    @property
    def is_console(self) -> bool:
        """Whether it is the program without windows."""
        return "console" in self.path.name


def find_programs() -> list[Program]:
    """All GIMP programs on the search path and in the folders of GIMP's own installers, consoles first."""
    found: dict[Path, Program] = {}
    for path in sorted(_paths(), key=lambda path: ("console" not in path.name, -len(path.name))):
        try:
            answer = run_limited([str(path), "--version"], VERSION_SECONDS, gimp_environment())
        except OSError:
            continue
        version = SAID.search(answer.output)
        if version:
            found.setdefault(path.resolve(), Program(path, version[1]))
    return list(found.values())


def console_for(profile: Profile, programs: Sequence[Program]) -> Program | None:
    """The console of the GIMP that `profile` belongs to, or of the newest GIMP 3 if its version is not known."""
    begins = f"{profile.version or '3'}."
    consoles = [each for each in programs if each.is_console and f"{each.version}.".startswith(begins)]
    return max(consoles, key=lambda each: [int(part) for part in each.version.split(".")], default=None)


def make_profile() -> list[Profile]:
    """Have a GIMP 3 that was never started make its profile; returns the profiles that it made.

    GIMP must make it itself, in a start without a window: if it finds one, it does not import the settings of a 2.10.
    Raises InstallFailed if there is no GIMP 3, or if it made no profile.
    """
    programs = find_programs()
    program = next((each for each in programs if each.version.startswith("3.")), None)
    if program is not None:
        print(f"GIMP {program.version} was never started here: it is started once, without a window.")
        ended = run_limited([str(program.path), "-idf", "--quit"], START_SECONDS, gimp_environment())
        profiles = find_profiles()
        if profiles:
            return profiles
        raise InstallFailed(f"{program.path} made no profile in {profiles_root()}:\n{ended.last_words()}", NAME_IT)
    if (Path.home() / FLATPAK).parents[1].is_dir() and sys.platform == "linux":
        raise InstallFailed(
            f"The Flatpak of GIMP has no profile yet: there is no 3.0 or newer in {Path.home() / FLATPAK}.",
            "Start it once and close it, then run the same command again.",
        )
    older = [f"GIMP {each.version}" for each in programs] or sorted(map(str, profiles_root().glob("2.*")), reverse=True)
    if older:
        raise InstallFailed(f"Found {older[0]}, and no GIMP 3.", WITHOUT_GIMP_3)
    what = f"No GIMP 3 was found: no gimp program on the search path, and no profile in {profiles_root()}."
    raise InstallFailed(what, NAME_IT)


def gimp_environment(**variables: str) -> dict[str, str]:
    """The environment to run GIMP in: as from the desktop's menu, without a Python that the shell has activated."""
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONHOME", "PYTHONPATH")}
    active = environment.pop("VIRTUAL_ENV", "")
    if active:
        folders = environment.get("PATH", "").split(os.pathsep)
        kept = [folder for folder in folders if not Path(folder).is_relative_to(active)]
        environment["PATH"] = os.pathsep.join(kept)
    return environment | variables


def _paths() -> Iterator[Path]:
    folders = [Path(each).absolute() for each in os.environ.get("PATH", "").split(os.pathsep) if each]
    for folder in dict.fromkeys([*folders, *_installers_folders()]):
        try:
            names = [name for name in os.listdir(folder) if NAMES.fullmatch(name)]  # noqa: PTH208 (PATH may be long)
        except OSError:
            continue
        # On Windows only the console prints its version; the other program would open a window.
        names = [name for name in names if sys.platform != "win32" or "console" in name]
        yield from (folder / name for name in names if shutil.which(str(folder / name)))


def _installers_folders() -> list[Path]:
    if sys.platform == "win32":
        roots = [Path(os.environ[name]) for name in ("ProgramFiles", "LOCALAPPDATA") if os.environ.get(name)]
        return [root / beneath for root in roots for beneath in ("GIMP 3/bin", "Programs/GIMP 3/bin")]
    if sys.platform == "darwin":
        return [root / "GIMP.app/Contents/MacOS" for root in (Path("/Applications"), Path.home() / "Applications")]
    return []
