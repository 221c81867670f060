"""Tries whether a profile's plug-in works, as far as that is possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from installer.failure import InstallFailed
from installer.gimp.config import Config
from installer.gimp.procedures import rehearsal, require_procedures
from installer.gimp.profiles import Profile
from installer.gimp.programs import Program, console_for
from installer.trial.worker_trial import try_worker

CUT_OUT = "Filters > Cut Out\N{HORIZONTAL ELLIPSIS}"


@dataclass(frozen=True)
class Verdict:
    """Whether a profile is ready, and the reason."""

    profile: Profile
    is_ready: bool
    words: str

    def __str__(self) -> str:
        return f"{self.profile}: {self.words}"


@dataclass
class Trials:
    """Tries profiles: the worker once for each config, GIMP once for each profile.

    With `changes_nothing`, GIMP starts with a copy of the profile, since it writes into the one it starts with.
    """

    programs: Sequence[Program]
    changes_nothing: bool = False
    tried: dict[str, InstallFailed | None] = field(default_factory=dict)

    def verdict(self, profile: Profile, config: Config) -> Verdict:
        """Try the plug-in in `profile`, which is complete, with its `config`."""
        try:
            self._try_worker(profile, config)
            return Verdict(profile, True, _flatpaks(config) if profile.is_flatpak else self._try_gimp(profile))
        except InstallFailed as failure:
            return not_ready(profile, failure)

    def _try_worker(self, profile: Profile, config: Config) -> None:
        if config.text not in self.tried:
            self.tried[config.text] = None
            try:
                print(f"Tried: {try_worker(profile.place, config)}.")
            except InstallFailed as failure:
                self.tried[config.text] = failure
        failed = self.tried[config.text]
        if failed is not None:
            raise failed

    def _try_gimp(self, profile: Profile) -> str:
        console = console_for(profile, self.programs)
        ready = f"ready: {CUT_OUT} after a restart of GIMP"
        if console is None:
            return f"{ready} (not tried in GIMP: no gimp-console-{profile.version or '3'} on the search path)"
        if self.changes_nothing:
            with rehearsal(profile) as folder:
                require_procedures(console, profile, folder)
        else:
            require_procedures(console, profile)
        return f"{ready} (tried with GIMP {console.version})"


def not_ready(profile: Profile, failure: InstallFailed) -> Verdict:
    """The verdict on a profile with this failure."""
    return Verdict(profile, False, f"NOT READY: {failure}")


def _flatpaks(config: Config) -> str:
    """Raises InstallFailed if the sandbox, which has its own /usr, cannot start the interpreter."""
    python = Path(config.command[0])
    homes = (Path.home(), Path.home().resolve())
    # An environment's python is a link to the interpreter that made it; the sandbox must see both.
    for path in (python, python.resolve()):
        if not any(path.is_relative_to(home) for home in homes):
            raise InstallFailed(
                f"a Flatpak's GIMP starts only programs that lie in the home folder, and not {path}.",
                "Run install.py with a Python in the home folder, such as that of `uv python install 3.12`, in a clone "
                "that lies there too.",
            )
    return (
        "copied, and not tried: a Flatpak's GIMP cannot be asked from outside. Its sandbox has the home folder, where "
        f"{python} lies. Restart GIMP and look for {CUT_OUT}"
    )
