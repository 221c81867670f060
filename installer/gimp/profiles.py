"""GIMP 3's profile folders on this machine: each version has its own, with the user's plug-ins in it."""

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
    """One profile: the `folder` that holds gimprc and plug-ins, and whether GIMP runs from a Flatpak with it."""

    folder: Path
    is_flatpak: bool = False

    @property
    def version(self) -> str:
        """The version of the GIMP that it belongs to, such as "3.0"; empty where its folder is called otherwise."""
        return self.folder.name if VERSION.fullmatch(self.folder.name) else ""

    @property
    def plug_ins(self) -> Path:
        """The folder of its plug-ins; it may not be there yet."""
        return self.folder / "plug-ins"

    @property
    def place(self) -> Path:
        """Where the plug-in goes. GIMP loads a file only from a folder of its own name."""
        return self.plug_ins / "cutsmith"

    def __str__(self) -> str:
        return f"GIMP {self.version or '3'}{' of the Flatpak' if self.is_flatpak else ''} ({self.folder})"


def find_profiles(named: Path | None = None) -> list[Profile]:
    """The profile `named`, or all of GIMP 3's that are found, the oldest first.

    Raises InstallFailed: there is no folder of the name, or it holds other things than a profile does.
    """
    if named is not None:
        return [_named(whole_path(named))]
    variable = os.environ.get(VARIABLE, "").strip()
    # As GIMP does: one that is not absolute begins at the home folder.
    profiles = [Profile(Path.home() / variable)] if variable and (Path.home() / variable).is_dir() else []
    profiles += [Profile(folder) for folder in _versions_in(profiles_root())]
    if sys.platform == "linux":
        profiles += [Profile(folder, is_flatpak=True) for folder in _versions_in(Path.home() / FLATPAK)]
    found: dict[Path, Profile] = {}
    for profile in profiles:
        found.setdefault(profile.folder.resolve(), profile)
    return list(found.values())


def profiles_root() -> Path:
    """The folder that holds GIMP's profiles, one a version."""
    if sys.platform == "win32":
        return folder_of_variable("APPDATA", "AppData/Roaming") / "GIMP"
    if sys.platform == "darwin":
        return Path.home() / "Library/Application Support/GIMP"
    chosen = folder_of_variable("XDG_CONFIG_HOME", ".config")
    # As GLib does, which GIMP asks: one that is not absolute is passed over.
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
