"""`install.py uninstall`: removes what the installer and the product made, and nothing else."""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from installer.comfyui.removal import (
    ComfyUIRemoval,
    comfyuis_left,
    forget_what_is_gone,
    planned_comfyui_removals,
    take_out,
)
from installer.copied_folder import remove
from installer.demo.command import contact_sheet_of, photographs_of, results_of
from installer.demo.photographs import PHOTOGRAPHS
from installer.environment.interpreter import running_interpreter
from installer.environment.only_one import lock_of
from installer.environment.stamp import read_stamp
from installer.failure import USAGE, InstallFailed
from installer.folders import HOST_STAMP, Clone, default_cache, named_cache, require_nothing_mounted, user_data
from installer.gimp.bundle import bundle_environment
from installer.gimp.removal import find_plug_ins, forget_profiles_without_plug_in, take_plug_ins_out

HOSTS = "hosts"

# The folders that Cutsmith makes in a cache folder named by CUTSMITH_CACHE, and patterns of its own names in them.
CACHE_PARTS = {
    "compiled": r".+-[0-9a-f]{8}-[0-9a-f]{12}|\.new-.+",
    "verified": r"[0-9a-f]{64}\.json|\..+\.tmp",
    "photographs": "|".join(rf"{re.escape(photo.name)}(\.part)?" for photo in PHOTOGRAPHS) + "|wheel",
    "benchmarks": "rembg",
    HOSTS: r"comfyui|(chromium|gimp)(-unfinished)?",
}


def uninstall(clone: Clone, *, weights: bool, yes: bool) -> None:
    """List what there is to remove, ask (unless `yes`), and remove it; `weights` removes Cutsmith's own weights too.

    Weights of other programs and in folders that CUTSMITH_MODELS names stay. In a folder that CUTSMITH_CACHE names,
    only Cutsmith's files are removed. Raises InstallFailed if there is no terminal to ask on, if pip fails in a
    ComfyUI, or if a plug-in cannot be removed from GIMP.
    """
    going = planned_removal(clone, weights=weights)
    comfyuis = planned_comfyui_removals(clone, going)
    plug_ins = find_plug_ins(clone, going)
    if read_stamp(clone.environment) is None and clone.environment.exists():
        print(f"{clone.environment} stays: this installer did not make it.")
    for host in comfyuis_left(going):
        if clone.is_left_to(Path(host.clone)):
            print(f"{host.folder} keeps Cutsmith: it is from {host.clone}, whose own uninstall takes it out.")
    for each in plug_ins:
        if clone.is_left_to(each.clone):
            print(f"{each.profile.place} stays: it is from {each.clone}, whose own uninstall takes it out.")
    plug_ins = [each for each in plug_ins if not clone.is_left_to(each.clone)]
    print(_about_other_environments(clone, comfyuis))
    words = [line for each in comfyuis for line in each.words] + [each.words for each in plug_ins]
    words += [f"{path}  ({_megabytes(path)} MB)" for path in going]
    if words:
        print("To be removed:", *words, sep="\n  ")
        if not yes:
            _ask()
    # Plug-ins go before .venv, so that a GIMP that starts meanwhile has none that leads nowhere.
    take_plug_ins_out(plug_ins)
    for path in going:
        if path.is_dir() and not path.is_symlink():
            require_nothing_mounted(path)
        remove(path)  # a link to weights on a larger disk goes without its target
    forget_what_is_gone()
    forget_profiles_without_plug_in()
    take_out(comfyuis, clone)
    if not words:
        print("Nothing to remove.")
        return
    for folder in (clone.demo / "photos", clone.demo / "previews", clone.demo, user_data()):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()
    print("Removed.")
    if not weights and (user_data() / "models").is_dir():
        print(f"The weights in {user_data() / 'models'} stay; --weights removes them too.")


def planned_removal(clone: Clone, *, weights: bool) -> list[Path]:
    """What the installer and the engine made and is still there: folders, then files."""
    in_named_cache = _own_in_named_cache()
    folders = [default_cache(), *(path for path in in_named_cache if path.is_dir())]
    environments = dict.fromkeys((clone.environment, bundle_environment()))
    folders[:0] = [each for each in environments if read_stamp(each) is not None]
    if weights:
        folders += [user_data() / "models", user_data() / "first-seen"]
    files = {
        lock_of(bundle_environment()),
        *in_named_cache,
        *photographs_of(clone),
        *results_of(clone),
        contact_sheet_of(clone),
    }
    shown = sorted(files, key=lambda file: (len(file.parts), file.name))
    return [*(folder for folder in folders if folder.is_dir()), *(file for file in shown if file.is_file())]


def _own_in_named_cache() -> list[Path]:
    """Cutsmith's own files in the folder that CUTSMITH_CACHE names; a whole folder if it holds nothing else."""
    cache = named_cache()
    if cache is None or cache == default_cache():
        return []
    own: list[Path] = []
    for part, pattern in CACHE_PARTS.items():
        entries = list((cache / part).iterdir()) if (cache / part).is_dir() else []
        ours = [entry for entry in entries if re.fullmatch(pattern, entry.name)]
        if part == HOSTS:
            # The user's own ComfyUI may have the same name.
            ours = [entry for entry in ours if (entry / HOST_STAMP).is_file() or entry.name.endswith("-unfinished")]
        own += [cache / part] if ours and ours == entries else ours
    return own


def _about_other_environments(clone: Clone, comfyuis: Sequence[ComfyUIRemoval]) -> str:
    """How to remove Cutsmith from environments that plain `install.py` installed into, which are not recorded."""
    taken_care_of = [each.interpreter.python for each in comfyuis if each.interpreter is not None]
    running = running_interpreter()
    is_one = "cutsmith" in running.installed and Path(sys.prefix) != clone.environment
    python = f'"{running.python}"' if is_one and running.python not in taken_care_of else "ENVIRONMENT/bin/python"
    return f"Any other environment that Cutsmith was installed into keeps it:  {python} -m pip uninstall cutsmith"


def _ask() -> None:
    if not sys.stdin.isatty():
        raise InstallFailed("There is no terminal to ask on; nothing was removed.", "Add --yes.", USAGE)
    if input("Remove? [y/N] ").strip().lower() not in ("y", "yes"):
        raise InstallFailed("Nothing was removed.")


def _megabytes(path: Path) -> int:
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file() and not each.is_symlink()]
    return round(sum(file.stat().st_size for file in files) / 1e6)
