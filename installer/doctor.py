"""`install.py doctor`: checks the plug-in and the node packs on this machine; changes nothing."""

from __future__ import annotations

from pathlib import Path

from installer.copied_folder import is_there
from installer.environment.interpreter import ask
from installer.failure import FAILED, InstallFailed
from installer.folders import Clone
from installer.gimp.config import clone_of, mending_command, read_config
from installer.gimp.plug_in import differences, is_replaceable, require_run_bit
from installer.gimp.profiles import Profile, find_profiles
from installer.gimp.programs import find_programs
from installer.gimp.trial import Trials, Verdict, not_ready
from installer.host_memory import RememberedHost, remembered_hosts, remembered_profiles


def examine(clone: Clone, named: Path | None = None) -> int:
    """Print a verdict on each GIMP profile (or the one `named`) and each ComfyUI; returns 0 if all are well."""
    profiles = find_profiles(named)
    hosts = []
    if named is None:
        hosts = remembered_hosts()
        known = {profile.folder.resolve() for profile in profiles}
        remembered = [Path(each.folder) for each in remembered_profiles()]
        profiles += [Profile(folder) for folder in remembered if folder.is_dir() and folder.resolve() not in known]
    trials = Trials(find_programs(), changes_nothing=True)
    verdicts = [examine_profile(profile, clone, trials) for profile in profiles]
    for verdict in verdicts:
        print(verdict)
    if not profiles:
        print(f"GIMP: no profile of a GIMP 3 was found. To set it up:  {mending_command(clone, 'gimp')}")
    wrong = [_examine_comfyui(host, clone) for host in hosts]
    is_well = profiles and all(verdict.is_ready for verdict in verdicts) and not any(wrong)
    return 0 if is_well else FAILED


def examine_profile(profile: Profile, clone: Clone, trials: Trials) -> Verdict:
    """Whether the plug-in in `profile` is complete, is this clone's, and works."""
    place = profile.place
    # A profile that `gimp` would not find must be named.
    options = [] if profile in find_profiles() else ["--gimp-dir", str(profile.folder)]
    mend = mending_command(clone, "gimp", *options)
    try:
        if not is_there(place):
            raise InstallFailed("it does not have the plug-in.", mend)
        if not place.is_dir() or not is_replaceable(place, clone):
            raise InstallFailed(f"{place} is something else, which install.py did not make.", "Move it away.")
        source = clone_of(place)
        if source is None:
            raise InstallFailed(f"{place} has no config.json, so it does not find Cutsmith.", mend)
        try:
            config = read_config(place)
        except InstallFailed as failure:
            raise InstallFailed(failure.what, mend) from failure
        if source == clone.root:
            mend = config.install
        wrong = differences(place, clone, None)
        if wrong:
            origin = "" if source == clone.root else f" (It is from {source}.)"
            raise InstallFailed(f"it is older or other than this clone: {'; '.join(wrong)}.{origin}", mend)
        require_run_bit(place)
        if config.version != clone.version:
            raise InstallFailed(f"it is set up for Cutsmith {config.version}; this clone is {clone.version}.", mend)
        return trials.verdict(profile, config)
    except InstallFailed as failure:
        return not_ready(profile, failure)


def _examine_comfyui(host: RememberedHost, clone: Clone) -> bool:
    """Print a verdict on a remembered ComfyUI; returns whether something is wrong."""
    name = f"ComfyUI ({host.folder})"
    if not Path(host.folder).is_dir():
        print(f"{name}: it is gone, and will be forgotten by uninstall.")
        return False
    source = Clone(Path(host.clone)) if clone.is_left_to(Path(host.clone)) else clone
    mend = mending_command(source, "comfyui", host.folder)
    wrong, option, version = "", "", ""
    if host.pack and not Path(host.pack).exists():
        wrong = f"{host.pack} is missing."
    else:
        try:
            version = ask(Path(host.python)).installed.get("cutsmith", "")
            wrong = "" if version else f"{host.python} has no Cutsmith."
        except InstallFailed as failure:
            wrong, option = failure.what, " --python PATH"
    if wrong:
        print(f"{name}: NOT READY: {wrong}\n  {mend}{option}")
    else:
        print(f"{name}: the node pack is there, and its Python has Cutsmith {version}")
    return bool(wrong)
