"""Copies, compares and removes Cutsmith's plug-in in a profile of GIMP; leaves alone what is not ours."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from installer import copied_folder
from installer.copied_folder import copy_whole, files_in, is_there, remove
from installer.failure import InstallFailed, not_ours
from installer.folders import Clone
from installer.gimp.config import FILE_NAME, Config, clone_of
from installer.gimp.profiles import Profile

MAIN = "cutsmith.py"
BUNDLE = "set_up"  # what came with a plug-in in a zip

# GIMP ignores names that begin with a dot, and folders without a file of the same name.
UNFINISHED = ".cutsmith-unfinished"
REPLACED = ".cutsmith-replaced"


def contents(clone: Clone) -> dict[str, Path]:
    """The files of the plug-in without its config: relative paths, and the clone's files for them.

    Raises InstallFailed if the clone is not whole.
    """
    wanted = {MAIN: clone.plug_in / MAIN} | {path.name: path for path in clone.copied_files}
    missing = [str(path) for path in wanted.values() if not path.is_file()]
    if missing:
        raise InstallFailed("The clone is not whole; it lacks\n    " + "\n    ".join(missing), "Clone Cutsmith again.")
    return files_in(clone.plug_in, "*.py") | wanted


def check_place(profile: Profile, clone: Clone) -> None:
    """Raise InstallFailed if something that is not ours is in the plug-in's place."""
    if is_there(profile.place) and not is_replaceable(profile.place, clone):
        raise not_ours(profile.place, "Move it out of plug-ins and run the same command again.")


def is_replaceable(place: Path, clone: Clone) -> bool:
    """Whether `place` is a copy that this installer made, a link to one or to a clone's plug-in, or a broken link."""
    if place.is_symlink() and (not place.exists() or place.resolve() == clone.plug_in.resolve()):
        return True
    return place.is_dir() and clone_of(place) is not None


def place_plug_in(profile: Profile, clone: Clone, config: Config) -> bool:
    """Put the plug-in of `clone` with `config` into the profile; returns whether anything had to be done.

    Raises InstallFailed like `check_place`, or if the folder cannot be written to; an old plug-in then stays as it was.
    """
    check_place(profile, clone)
    place, folder = profile.place, profile.plug_ins
    if not place.is_symlink() and not differences(place, clone, config) and os.access(place / MAIN, os.X_OK):
        return False
    files, beside = contents(clone), {"unfinished": folder / UNFINISHED, "replaced": folder / REPLACED}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        copy_whole(files, {FILE_NAME: config.text}, place, **beside, program=MAIN)
    except OSError as problem:
        raise InstallFailed(
            f"{problem.filename or folder} cannot be written: {problem.strerror or problem}.",
            f"Make {folder} writable for this user (or free some space) and run the same command again.",
        ) from problem
    return True


def differences(place: Path, clone: Clone, config: Config | None) -> list[str]:
    """How the plug-in in `place` differs from `clone`'s with `config` (None: any); empty if it does not."""
    found = {name: path for name, path in files_in(place, "*.py").items() if not name.startswith(f"{BUNDLE}/")}
    differing = copied_folder.differences(contents(clone), found)
    try:
        is_other = config is not None and (place / FILE_NAME).read_text(encoding="utf-8") != config.text
    except (OSError, ValueError):
        is_other = True
    return [*differing, f"{FILE_NAME} says something else"] if is_other else differing


def require_run_bit(place: Path) -> None:
    """Raise InstallFailed unless the plug-in's file is executable: GIMP silently ignores one that is not."""
    if sys.platform != "win32" and not os.access(place / MAIN, os.X_OK):
        raise InstallFailed(
            f"{place / MAIN} may not be run: its x bit is not set, or its disk is mounted with noexec.",
            f"chmod +x {shlex.quote(str(place / MAIN))}",
        )


def remove_plug_in(place: Path) -> None:
    """Remove the copy or the link, and what a killed run left beside it; the folder plug-ins stays."""
    for path in (place, place.with_name(UNFINISHED), place.with_name(REPLACED)):
        remove(path)
