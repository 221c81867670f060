"""`install.py gimp`: puts the plug-in into every profile of GIMP 3, Cutsmith into `.venv`, and tries both."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from installer.demo.weights import ensure_weights
from installer.environment.virtual_environment import Installation, prepare_environment
from installer.failure import FAILED, USAGE, InstallFailed
from installer.folders import Clone, whole_path
from installer.gimp.bundle import Bundle
from installer.gimp.config import Config, wanted_config
from installer.gimp.first_run import set_up
from installer.gimp.plug_in import check_place, contents, differences, place_plug_in, require_run_bit
from installer.gimp.profiles import Profile, find_profiles
from installer.gimp.programs import find_programs, make_profile
from installer.gimp.trial import Trials, Verdict, not_ready
from installer.gimp.zip_file import write_zip
from installer.host_memory import RememberedProfile, remember
from installer.limited_run import run_limited
from installer.trial.worker_trial import retire_worker

ANSWER_SECONDS = 60


def install_into_gimp(
    clone: Clone,
    *,
    named: Path | None = None,
    extras: Sequence[str] = (),
    python: Path | None = None,
    zip_file: Path | None = None,
) -> int:
    """Put the plug-in into the profile `named`, or into all that are found; returns the exit code.

    With `zip_file` it writes that and does nothing else; a bundle sets up the plug-in that it came with.
    The plug-in runs Cutsmith from the clone's `.venv`, which is set up with `extras`, or with the interpreter `python`,
    into which nothing is installed. Raises InstallFailed if nothing could be done in any profile.
    """
    if isinstance(clone, Bundle):
        if (named, python, zip_file) != (None, None, None):
            what = f"This install.py came with the plug-in in {clone.place} and sets up that one."
            raise InstallFailed(what, "Leave everything but --with out.", USAGE)
        print(f"Tried: {set_up(clone, extras=extras)}.")
        return 0
    if zip_file is not None:
        if named is not None or python is not None or extras:
            raise InstallFailed("--zip installs nothing.", "Leave the other options out.", USAGE)
        write_zip(clone, whole_path(zip_file))
        return 0
    if python is not None and extras:
        what = "--with installs into .venv, and --python takes another Python as it is."
        raise InstallFailed(what, "Give one of the two.", USAGE)
    contents(clone)  # find out that the clone is not whole before anything is fetched
    profiles = find_profiles(named) or make_profile()
    print("Cutsmith's plug-in goes into " + "".join(f"\n  {profile.place}" for profile in profiles))
    refused = {}
    for profile in profiles:
        try:
            check_place(profile, clone)
        except InstallFailed as failure:
            refused[profile] = not_ready(profile, failure)
    if len(refused) == len(profiles):
        raise InstallFailed("\n".join(str(verdict) for verdict in refused.values()))

    # The options that repeat this installation.
    options = [] if named is None else ["--gimp-dir", str(whole_path(named))]
    if python is None:
        interpreter = prepare_environment(clone, Installation(extras=tuple(extras)))
    else:
        interpreter = whole_path(python)
        _require_cutsmith(interpreter, clone)
        options += ["--python", str(interpreter)]
    ensure_weights(interpreter)
    config = wanted_config(clone, interpreter, options)
    verdicts = [*refused.values(), *(_place(each, clone, config) for each in profiles if each not in refused)]
    trials = Trials(find_programs() if any(verdict.is_ready for verdict in verdicts) else ())
    verdicts = [trials.verdict(each.profile, config) if each.is_ready else each for each in verdicts]
    print()
    for verdict in verdicts:
        print(verdict)
    return 0 if all(verdict.is_ready for verdict in verdicts) else FAILED


def _place(profile: Profile, clone: Clone, config: Config) -> Verdict:
    """Put the plug-in into `profile` and end a worker that runs older code; ready if the plug-in is complete."""
    try:
        is_new = place_plug_in(profile, clone, config)
        remember(RememberedProfile(str(profile.folder), str(clone.root)))
        wrong = differences(profile.place, clone, config)
        if wrong:
            raise InstallFailed(f"{profile.place} is not as it was written: {'; '.join(wrong)}.")
        require_run_bit(profile.place)
    except InstallFailed as failure:
        return not_ready(profile, failure)
    print(f"{profile.place}: {'copied' if is_new else 'there already, and the same'}.")
    retire_worker(profile.place)
    return Verdict(profile, True, "")


def _require_cutsmith(python: Path, clone: Clone) -> None:
    """Raise InstallFailed unless `python` has this clone's version of Cutsmith."""
    if not python.is_file():
        raise InstallFailed(f"There is no Python {python}.", "Give the path of one that Cutsmith is installed in.")
    # Folders in PYTHONPATH do not count: the plug-in does not pass that on.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    remedy = f'Install it there:  "{python}" "{clone.root / "install.py"}"   or leave --python out.'
    try:
        question = "import cutsmith; print(cutsmith.__version__)"
        answer = run_limited([str(python), "-c", question], ANSWER_SECONDS, environment)
    except OSError as problem:
        raise InstallFailed(f"{python} cannot be run: {problem.strerror or problem}.", remedy) from problem
    if answer.code != 0:
        raise InstallFailed(f"{python} has no Cutsmith that it can import:\n{answer.last_words(1)}", remedy)
    found = answer.output.strip()
    if found != clone.version:
        raise InstallFailed(f"{python} has Cutsmith {found}; this clone is {clone.version}.", remedy)
