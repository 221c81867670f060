"""Cutsmith's plug-in in a profile of GIMP: copied whole, compared, and removed; what is not ours is left alone."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from installer.failure import InstallFailed
from installer.folders import Clone
from installer.gimp.config import FILE_NAME, Config, is_ours
from installer.gimp.profiles import Profile

MAIN = "cutsmith.py"

# GIMP passes over what begins with a dot, and over a folder that holds no file of its own name.
UNFINISHED = ".cutsmith-unfinished"
REPLACED = ".cutsmith-replaced"


def contents(clone: Clone) -> dict[str, Path]:
    """What the plug-in consists of, less its config: paths within its folder, and the clone's files that go there.

    Raises InstallFailed where the clone is not whole.
    """
    files = {
        path.relative_to(clone.plug_in).as_posix(): path
        for path in sorted(clone.plug_in.rglob("*.py"))
        if "__pycache__" not in path.parts and path.is_file()
    }
    wanted = {MAIN: clone.plug_in / MAIN} | {path.name: path for path in clone.worker_files}
    missing = [str(path) for path in wanted.values() if not path.is_file()]
    if missing:
        raise InstallFailed(
            "The clone is not whole; it lacks\n    " + "\n    ".join(missing),
            "Clone Cutsmith again.",
        )
    return files | wanted


def check_place(profile: Profile, clone: Clone) -> None:
    """Raise InstallFailed if something that is not ours stands where the plug-in goes."""
    place = profile.place
    if not (place.exists() or place.is_symlink()) or is_replaceable(place, clone):
        return
    raise InstallFailed(
        f"{place} is there already, and this installer did not make it.",
        "Move it out of plug-ins and run the same command again.",
    )


def is_replaceable(place: Path, clone: Clone) -> bool:
    """Whether `place` is a copy that this installer made, or a link to one, to a clone's plug-in or to nothing."""
    if place.is_symlink() and (not place.exists() or place.resolve() == clone.plug_in.resolve()):
        return True
    return place.is_dir() and is_ours(place)


def place_plug_in(profile: Profile, clone: Clone, config: Config) -> bool:
    """Make the profile hold the plug-in of `clone` with `config`; returns whether anything had to be done.

    The new one is whole before it takes the old one's place. Raises InstallFailed as `check_place` does, or where the
    folder cannot be written to; the old one stays as it was then.
    """
    check_place(profile, clone)
    place = profile.place
    if not place.is_symlink() and not differences(place, clone, config) and os.access(place / MAIN, os.X_OK):
        return False
    with _said_where(profile.plug_ins):
        profile.plug_ins.mkdir(parents=True, exist_ok=True)
        unfinished = profile.plug_ins / UNFINISHED
        _remove(unfinished)
        unfinished.mkdir()
        try:
            for name, source in contents(clone).items():
                (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(source, unfinished / name)
            (unfinished / MAIN).chmod(0o755)
            (unfinished / FILE_NAME).write_text(config.text, encoding="utf-8")
            _swap(unfinished, place)
        finally:
            _remove(unfinished)
    return True


def differences(place: Path, clone: Clone, config: Config | None) -> list[str]:
    """In what the plug-in in `place` is not that of `clone` with `config` (None: any config); empty if in nothing."""
    wanted = contents(clone)
    found = {path.relative_to(place).as_posix() for path in place.rglob("*.py") if "__pycache__" not in path.parts}
    differing = [f"{name} is missing" for name in wanted if name not in found]
    for name, source in wanted.items():
        if name in found and (place / name).read_bytes() != source.read_bytes():
            differing.append(f"{name} is another version's")
    differing += [f"{name} is not part of it any more" for name in sorted(found - wanted.keys())]
    if config is not None and _text(place / FILE_NAME) != config.text:
        differing.append(f"{FILE_NAME} says something else")
    return differing


def require_run_bit(place: Path) -> None:
    """Raise InstallFailed unless the plug-in's file may be run: GIMP passes over one that may not, and says nothing."""
    if sys.platform != "win32" and not os.access(place / MAIN, os.X_OK):
        raise InstallFailed(
            f"{place / MAIN} may not be run: its x bit is not set, or its disk is mounted with noexec.",
            f"chmod +x {shlex.quote(str(place / MAIN))}",
        )


def remove_plug_in(place: Path) -> None:
    """Remove the copy, or the link alone, and what a killed run left beside it; plug-ins itself stays."""
    _remove(place)
    for name in (UNFINISHED, REPLACED):
        _remove(place.with_name(name))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def _swap(new: Path, place: Path) -> None:
    """Put `new` where `place` is. That takes two steps, of folders: the old one comes back if the second fails."""
    replaced = place.with_name(REPLACED)
    _remove(replaced)
    if not (place.exists() or place.is_symlink()):
        new.rename(place)
        return
    place.rename(replaced)  # of a link, the link alone
    try:
        new.rename(place)
    except OSError:
        replaced.rename(place)
        raise
    _remove(replaced)


def _remove(path: Path) -> None:
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


@contextmanager
def _said_where(folder: Path) -> Iterator[None]:
    """Turns what the system refuses into words that name the place."""
    try:
        yield
    except OSError as problem:
        reason = problem.strerror or str(problem)
        raise InstallFailed(
            f"{problem.filename or folder} cannot be written: {reason}.",
            f"Make {folder} writable for this user (or free some space) and run the same command again.",
        ) from problem
