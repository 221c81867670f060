"""Removes the plug-in from the profiles of GIMP that `install.py gimp` put it into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from installer.failure import InstallFailed
from installer.folders import Clone
from installer.gimp.config import clone_of
from installer.gimp.plug_in import remove_plug_in
from installer.gimp.profiles import Profile, find_profiles
from installer.host_memory import forget, remembered_profiles
from installer.trial.worker_trial import retire_worker


@dataclass(frozen=True)
class PlugIn:
    """Cutsmith's plug-in in a profile, and the clone that it came from."""

    profile: Profile
    clone: Path

    @property
    def words(self) -> str:
        """A line on what will be removed."""
        place = self.profile.place
        return f"{place}  ({'the link only' if place.is_symlink() else 'the plug-in in GIMP'})"


def find_plug_ins(clone: Clone, going: Sequence[Path]) -> list[PlugIn]:
    """Cutsmith's plug-ins, those of other clones too, except in the folders `going`, which are removed whole."""
    found: dict[Path, PlugIn] = {}
    for profile in [*find_profiles(), *(Profile(Path(each.folder)) for each in remembered_profiles())]:
        place = profile.place
        is_link = place.is_symlink() and place.resolve() == clone.plug_in.resolve()
        source = clone.root if is_link else clone_of(place)
        if source is not None and not any(profile.folder.is_relative_to(folder) for folder in going):
            found.setdefault(profile.folder.resolve(), PlugIn(profile, source))
    return list(found.values())


def take_plug_ins_out(plug_ins: Sequence[PlugIn]) -> None:
    """Remove them. Raises InstallFailed at the end if any could not be removed; those stay remembered."""
    failures = []
    for each in plug_ins:
        place = each.profile.place
        if not place.is_symlink():
            retire_worker(place)
        try:
            remove_plug_in(place)
            forget([str(each.profile.folder)])
        except OSError as problem:
            failures.append(f"{problem.filename or place}: {problem.strerror or problem}")
    if failures:
        raise InstallFailed(
            "The plug-in is still in GIMP:\n" + "\n".join(failures), "Close GIMP, mend that and run uninstall again."
        )


def forget_profiles_without_plug_in() -> None:
    """Forget the profiles that no longer exist or no longer have our plug-in."""
    folders = [each.folder for each in remembered_profiles()]
    forget([folder for folder in folders if clone_of(Profile(Path(folder)).place) is None])
