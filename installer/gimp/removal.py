"""Takes the plug-in out of the profiles of GIMP that `install.py gimp` put it into."""

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
from installer.trial.worker_retirement import retire_worker


@dataclass(frozen=True)
class PlugIn:
    """A plug-in of Cutsmith's in a profile, and the clone that it came from."""

    profile: Profile
    clone: Path

    @property
    def words(self) -> str:
        """What will be removed."""
        place = self.profile.place
        return f"{place}  ({'the link only' if place.is_symlink() else 'the plug-in in GIMP'})"


def planned_plug_in_removals(clone: Clone, going: Sequence[Path]) -> list[PlugIn]:
    """The plug-ins of this clone, or of one that is gone; those in the folders `going` go with them."""
    return [each for each in _plug_ins(clone, going) if not _is_another_clones(each, clone)]


def plug_ins_of_others(clone: Clone, going: Sequence[Path]) -> list[PlugIn]:
    """The plug-ins of another clone, which is still there: its own uninstall takes them out."""
    return [each for each in _plug_ins(clone, going) if _is_another_clones(each, clone)]


def take_plug_ins_out(plug_ins: Sequence[PlugIn]) -> None:
    """Remove them. Raises InstallFailed at the end where one could not be removed; that one is not forgotten."""
    failures = []
    for each in plug_ins:
        if not each.profile.place.is_symlink():
            retire_worker(each.profile.place)
        try:
            remove_plug_in(each.profile.place)
        except OSError as problem:
            failures.append(f"{problem.filename or each.profile.place}: {problem.strerror or problem}")
            continue
        forget([str(each.profile.folder)])
    if failures:
        raise InstallFailed(
            "The plug-in is still in GIMP:\n" + "\n".join(failures), "Close GIMP, mend that and run uninstall again."
        )


def forget_profiles_without_plug_in() -> None:
    """Forget the profiles that are gone, or that have no plug-in of ours any more."""
    remembered = [Profile(Path(each.folder)) for each in remembered_profiles()]
    forget([str(each.folder) for each in remembered if clone_of(each.place) is None])


def _plug_ins(clone: Clone, going: Sequence[Path]) -> list[PlugIn]:
    profiles = [*find_profiles(), *(Profile(Path(each.folder)) for each in remembered_profiles())]
    found: dict[Path, PlugIn] = {}
    for profile in profiles:
        if any(profile.folder.is_relative_to(folder) for folder in going):
            continue
        place = profile.place
        if place.is_symlink() and place.resolve() == clone.plug_in.resolve():
            source: Path | None = clone.root
        else:
            source = clone_of(place)
        if source is not None:
            found.setdefault(profile.folder.resolve(), PlugIn(profile, source))
    return list(found.values())


def _is_another_clones(plug_in: PlugIn, clone: Clone) -> bool:
    return plug_in.clone != clone.root and (plug_in.clone / "install.py").is_file()
