"""`install.py uninstall`: removes what the installer and the product made, and nothing else."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from installer.comfyui.removal import (
    ComfyUIRemoval,
    forget_what_is_gone,
    planned_comfyui_removals,
    set_up_by_others,
    take_out,
)
from installer.demo.command import contact_sheet_of, cutouts_of, photographs_of, previews_of
from installer.demo.photographs import PHOTOGRAPHS
from installer.environment.stamp import read_stamp
from installer.failure import USAGE, InstallFailed
from installer.folders import HOST_STAMP, Clone, default_cache, named_cache, require_nothing_mounted, user_data
from installer.gimp.removal import (
    forget_profiles_without_plug_in,
    planned_plug_in_removals,
    plug_ins_of_others,
    take_plug_ins_out,
)

HOSTS = "hosts"

# What Cutsmith makes in a cache folder that CUTSMITH_CACHE names, and how its own things in there are called.
CACHE_PARTS = {
    "compiled": r".+-[0-9a-f]{8}-[0-9a-f]{12}|\.new-.+",
    "verified": r"[0-9a-f]{64}\.json|\..+\.tmp",
    "photographs": "|".join(rf"{re.escape(photo.name)}(\.part)?" for photo in PHOTOGRAPHS) + "|wheel",
    "benchmarks": "rembg",
    HOSTS: r"comfyui|(chromium|gimp)(-unfinished)?",
}


@dataclass
class Removal:
    """What is to be removed: whole folders, single files, and folders only if they are empty by then."""

    folders: list[Path] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    if_empty: list[Path] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.folders or self.files)


def uninstall(clone: Clone, *, weights: bool, yes: bool) -> None:
    """Say what there is to remove, ask (unless `yes`), and remove it; `weights` takes Cutsmith's own weights too.

    Weights of other programs, and those in a folder that CUTSMITH_MODELS names, stay; in a folder that CUTSMITH_CACHE
    names only what is Cutsmith's goes. Raises InstallFailed where there is nobody to ask, pip failed in a ComfyUI, or a
    plug-in could not be taken out of GIMP.
    """
    removal = planned_removal(clone, weights=weights)
    comfyuis = planned_comfyui_removals(clone, removal.folders)
    if read_stamp(clone.environment) is None and clone.environment.exists():
        print(f"{clone.environment} stays: this installer did not make it.")
    for host in set_up_by_others(clone, removal.folders):
        print(f"{host.folder} keeps Cutsmith: it is from {host.clone}, whose own uninstall takes it out.")
    plug_ins = planned_plug_in_removals(clone, removal.folders)
    for plug_in in plug_ins_of_others(clone, removal.folders):
        print(f"{plug_in.profile.place} stays: it is from {plug_in.clone}, whose own uninstall takes it out.")
    print(_about_other_environments(clone, comfyuis))
    words = [line for each in comfyuis for line in each.words] + [each.words for each in plug_ins]
    if not removal and not words:
        take_out(comfyuis, clone)
        _forget_what_is_gone()
        print("Nothing to remove.")
        return
    print("To be removed:")
    for line in words:
        print(f"  {line}")
    for path in (*removal.folders, *_shown(removal.files)):
        print(f"  {path}  ({_megabytes(path)} MB)")
    if not yes:
        _ask()
    # What runs in .venv first: a GIMP that is started meanwhile has no plug-in that points to nothing.
    take_plug_ins_out(plug_ins)
    _remove(removal)
    _forget_what_is_gone()
    take_out(comfyuis, clone)
    _remove_if_empty(removal.if_empty)
    print("Removed.")
    if not weights and (user_data() / "models").is_dir():
        print(f"The weights in {user_data() / 'models'} stay; --weights removes them too.")


def planned_removal(clone: Clone, *, weights: bool) -> Removal:
    """What of the installer's and the product's is there."""
    in_named_cache = _own_in_named_cache()
    folders = [default_cache(), *(path for path in in_named_cache if path.is_dir())]
    if read_stamp(clone.environment) is not None:
        folders.insert(0, clone.environment)
    if weights:
        folders += [user_data() / "models", user_data() / "first-seen"]
    files = [path for path in in_named_cache if not path.is_dir()]
    files += [*photographs_of(clone), *cutouts_of(clone), *previews_of(clone), contact_sheet_of(clone)]
    return Removal(
        folders=[folder for folder in folders if folder.is_dir()],
        files=[file for file in files if file.is_file()],
        if_empty=[clone.demo / "photos", clone.demo / "previews", clone.demo, user_data()],
    )


def _own_in_named_cache() -> list[Path]:
    """What is Cutsmith's in the folder that CUTSMITH_CACHE names: a whole folder, where it holds nothing else."""
    cache = named_cache()
    if cache is None or cache == default_cache():
        return []
    own: list[Path] = []
    for part, pattern in CACHE_PARTS.items():
        entries = list((cache / part).iterdir()) if (cache / part).is_dir() else []
        ours = [entry for entry in entries if re.fullmatch(pattern, entry.name)]
        if part == HOSTS:
            # A ComfyUI of the user's own may be called so too.
            ours = [entry for entry in ours if (entry / HOST_STAMP).is_file() or entry.name.endswith("-unfinished")]
        own += [cache / part] if ours and ours == entries else ours
    return own


def _about_other_environments(clone: Clone, comfyuis: Sequence[ComfyUIRemoval]) -> str:
    """How an environment that plain `install.py` installed into gets rid of Cutsmith; which ones, nobody recorded."""
    python = "ENVIRONMENT/bin/python"
    taken_care_of = [str(each.interpreter.python) for each in comfyuis if each.interpreter is not None]
    try:
        if distribution("cutsmith") and Path(sys.prefix) != clone.environment and sys.executable not in taken_care_of:
            python = f'"{sys.executable}"'
    except PackageNotFoundError:
        pass
    return f"Any other environment that Cutsmith was installed into keeps it:  {python} -m pip uninstall cutsmith"


def _forget_what_is_gone() -> None:
    forget_what_is_gone()
    forget_profiles_without_plug_in()


def _shown(files: list[Path]) -> list[Path]:
    return sorted({*files}, key=lambda file: (len(file.parts), file.name))


def _ask() -> None:
    if not sys.stdin.isatty():
        raise InstallFailed("There is no terminal to ask on; nothing was removed.", "Add --yes.", USAGE)
    if input("Remove? [y/N] ").strip().lower() not in ("y", "yes"):
        raise InstallFailed("Nothing was removed.")


def _remove(removal: Removal) -> None:
    for folder in removal.folders:
        # Weights may lie in a folder that is a link to a larger disk: the link's target is somebody else's.
        if folder.is_symlink():
            folder.unlink()
        else:
            require_nothing_mounted(folder)
            shutil.rmtree(folder)
    for file in removal.files:
        file.unlink()


def _remove_if_empty(folders: list[Path]) -> None:
    for folder in folders:
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _megabytes(path: Path) -> int:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file() and not each.is_symlink()]
    return round(sum(file.stat().st_size for file in files) / 1e6)
