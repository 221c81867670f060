"""Finds GIMP 3's profile folders. Each version of GIMP has its own, which holds the user's plug-ins."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path

from installer.failure import InstallFailed
from installer.folders import folder_of_variable, whole_path

VARIABLE = "GIMP3_DIRECTORY"
FLATPAK = ".var/app/org.gimp.GIMP/config/GIMP"

# GIMP 2.10 and the 2.99s that led to GIMP 3 load other plug-ins.
VERSION = re.compile(r"3\.\d{1,2}")
# What GIMP makes in a profile, at its first start.
MARKS = ("gimprc", "plug-ins", "pluginrc", "sessionrc", "toolrc", "tags.xml", "brushes")


@dataclass(frozen=True)
class Profile:
    """One profile: the `folder` that holds gimprc and plug-ins, and whether it belongs to the Flatpak of GIMP."""

    folder: Path
    is_flatpak: bool = False

    @property
    def version(self) -> str:
        """The version of its GIMP, such as "3.0"; empty if the folder has another name."""
        return self.folder.name if VERSION.fullmatch(self.folder.name) else ""

    @property
    def plug_ins(self) -> Path:
        """The folder of its plug-ins, which may not exist yet."""
        return self.folder / "plug-ins"

    @property
    def place(self) -> Path:
        """Where the plug-in goes. GIMP loads a file only from a folder of the same name."""
        return self.plug_ins / "cutsmith"

    def __str__(self) -> str:
        return f"GIMP {self.version or '3'}{' of the Flatpak' if self.is_flatpak else ''} ({self.folder})"


def find_profiles(named: Path | None = None) -> list[Profile]:
    """The profile `named`, or all profiles of GIMP 3, the oldest first.

    Raises InstallFailed if the named folder does not exist or is not a profile.
    """
    if named is not None:
        return [_named(whole_path(named))]
    variable = os.environ.get(VARIABLE, "").strip()
    # For GIMP, a relative path begins in the home folder.
    profiles = [Profile(Path.home() / variable)] if variable and (Path.home() / variable).is_dir() else []
    profiles += [Profile(folder) for folder in _versions_in(profiles_root())]
    if sys.platform == "linux":
        profiles += [Profile(folder, is_flatpak=True) for folder in _versions_in(Path.home() / FLATPAK)]
    found: dict[Path, Profile] = {}
    for profile in profiles:
        found.setdefault(profile.folder.resolve(), profile)
    return list(found.values())


def profiles_root() -> Path:
    """The folder that holds GIMP's profiles, one for each version."""
    if sys.platform == "win32":
        return folder_of_variable("APPDATA", "AppData/Roaming") / "GIMP"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/GIMP"
    chosen = folder_of_variable("XDG_CONFIG_HOME", ".config")
    # GIMP asks GLib, which ignores a relative path.
    return (chosen if chosen.is_absolute() else Path.home() / ".config") / "GIMP"


def _versions_in(root: Path) -> list[Path]:
    folders = [each for each in root.glob("3.*") if VERSION.fullmatch(each.name) and each.is_dir()]
    return sorted(folders, key=lambda folder: int(folder.name.partition(".")[2]))


def _named(folder: Path) -> Profile:
    """The profile in the folder that `--gimp-dir` names."""
    if not folder.is_dir():
        raise InstallFailed(
            f"There is no folder {folder}.",
            "Start GIMP 3 once, which makes its profile, and give that:  Edit > Preferences > Folders > Plug-ins in "
            "GIMP shows it,\n  less the last part, plug-ins.",
        )
    inside = _versions_in(folder)
    if inside:
        what = f"{folder} is not a profile of GIMP but holds {', '.join(each.name for each in inside)}."
        raise InstallFailed(what, f'Give one of them:  --gimp-dir "{inside[-1]}"')
    if folder.name == "plug-ins":
        what = f"{folder} is the folder of plug-ins inside a profile."
        raise InstallFailed(what, f'Give the profile:  --gimp-dir "{folder.parent}"')
    is_profile = VERSION.fullmatch(folder.name) or any((folder / mark).exists() for mark in MARKS)
    if not is_profile and any(folder.iterdir()):
        raise InstallFailed(
            f"{folder} is not a profile of GIMP: it has none of {', '.join(MARKS[:3])}.",
            "Give the folder that holds GIMP 3's gimprc and plug-ins, or an empty one.",
        )
    return Profile(folder, is_flatpak=folder.is_relative_to(Path.home() / FLATPAK))
