"""`install.py doctor`: how Cutsmith is in the hosts on this machine; changes nothing."""

from __future__ import annotations

from pathlib import Path

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
    """Print a verdict on each profile of GIMP (or the one `named`) and each ComfyUI; returns 0 where all are well."""
    profiles = profiles_to_examine(named)
    trials = Trials(find_programs(), changes_nothing=True)
    verdicts = [examine_profile(profile, clone, trials) for profile in profiles]
    for verdict in verdicts:
        print(verdict)
    if not profiles:
        print(f"GIMP: no profile of a GIMP 3 was found. To set it up:  {mending_command(clone, 'gimp')}")
    hosts = [] if named is not None else [_comfyui(host, clone) for host in remembered_hosts()]
    for words, _ in hosts:
        print(words)
    is_well = bool(profiles) and all(verdict.is_ready for verdict in verdicts) and all(well for _, well in hosts)
    return 0 if is_well else FAILED


def profiles_to_examine(named: Path | None = None) -> list[Profile]:
    """The one `named`, or all that are found and all that are remembered."""
    profiles = find_profiles(named)
    if named is None:
        known = {profile.folder.resolve() for profile in profiles}
        remembered = [Path(each.folder) for each in remembered_profiles()]
        profiles += [Profile(folder) for folder in remembered if folder.is_dir() and folder.resolve() not in known]
    return profiles


def examine_profile(profile: Profile, clone: Clone, trials: Trials) -> Verdict:
    """Whether the plug-in in `profile` is whole, this clone's, and works."""
    mend = mending_command(clone, "gimp", *_named(profile))
    try:
        if not (profile.place.exists() or profile.place.is_symlink()):
            raise InstallFailed("it does not have the plug-in.", mend)
        if not profile.place.is_dir() or not is_replaceable(profile.place, clone):
            raise InstallFailed(f"{profile.place} is something else, which install.py did not make.", "Move it away.")
        source = clone_of(profile.place)
        if source is None:
            raise InstallFailed(f"{profile.place} has no config.json, so it does not find Cutsmith.", mend)
        try:
            config = read_config(profile.place)
        except InstallFailed as failure:
            raise InstallFailed(failure.what, mend) from failure
        if source == clone.root:
            mend = config.install
        wrong = differences(profile.place, clone, None)
        if wrong:
            origin = "" if source == clone.root else f" (It is from {source}.)"
            raise InstallFailed(f"it is older or other than this clone: {'; '.join(wrong)}.{origin}", mend)
        require_run_bit(profile.place)
        if config.version != clone.version:
            raise InstallFailed(f"it is set up for Cutsmith {config.version}; this clone is {clone.version}.", mend)
        return trials.verdict(profile, config)
    except InstallFailed as failure:
        return not_ready(profile, failure)


def _named(profile: Profile) -> list[str]:
    """How the profile is named to `gimp` where that would not find it."""
    return [] if profile in find_profiles() else ["--gimp-dir", str(profile.folder)]


def _comfyui(host: RememberedHost, clone: Clone) -> tuple[str, bool]:
    """What there is to say of a ComfyUI that is remembered, and whether it is well."""
    name = f"ComfyUI ({host.folder})"
    if not Path(host.folder).is_dir():
        return f"{name}: it is gone, and will be forgotten by uninstall.", True
    source = Clone(Path(host.clone)) if (Path(host.clone) / "install.py").is_file() else clone
    mend = mending_command(source, "comfyui", host.folder)
    if host.pack and not Path(host.pack).exists():
        return f"{name}: NOT READY: {host.pack} is missing.\n  {mend}", False
    try:
        interpreter = ask(Path(host.python))
    except InstallFailed as failure:
        return f"{name}: NOT READY: {failure.what}\n  {mend} --python PATH", False
    if "cutsmith" not in interpreter.installed:
        return f"{name}: NOT READY: {host.python} has no Cutsmith.\n  {mend}", False
    return f"{name}: the node pack is there, and its Python has Cutsmith {interpreter.installed['cutsmith']}", True
