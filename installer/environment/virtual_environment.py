"""Makes the `.venv` beside install.py, repairs it after an interruption, and leaves it alone if nothing changed."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from installer.environment.extras import CHOOSABLE, NOTHING, TEST, UNTESTED, Size, size_of
from installer.environment.pip_command import run_pip, show_progress
from installer.environment.separate_steps import main_targets, steps_for
from installer.environment.stamp import Stamp, read_stamp, wanted_stamp, write_stamp
from installer.failure import InstallFailed, not_ours
from installer.folders import Clone, require_space
from installer.limited_run import run_limited


@dataclass(frozen=True)
class Installation:
    """What to install: the package with `extras`, at the tests' exact versions if `pinned`."""

    extras: tuple[str, ...] = ()
    pinned: bool = False

    @property
    def size(self) -> Size:
        """Its size."""
        return size_of(self.extras)


PRODUCT = Installation()
PRODUCT_AND_TESTS = Installation(extras=(*(extra for extra in CHOOSABLE if extra not in UNTESTED), TEST), pinned=True)
QUICK_TESTS = Installation(extras=("heic", "jxl", "pymatting", TEST), pinned=True)


def environment_python(environment: Path) -> Path:
    """The interpreter of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def environment_command(environment: Path, name: str) -> Path:
    """The path of a command in a virtual environment, such as `cutsmith`."""
    return environment_python(environment).with_name(f"{name}.exe" if os.name == "nt" else name)


def prepare_environment(
    clone: Clone, installation: Installation, *, follow: Callable[[str], None] = show_progress
) -> Path:
    """Set up the clone's environment with `installation`; returns its interpreter. `follow` gets what pip says.

    Raises InstallFailed if the disk is too full, if Python has no venv or pip, if pip fails, or if there is a `.venv`
    that this installer did not make.
    """
    environment = clone.environment
    constraints = clone.constraints if installation.pinned else None
    wanted = wanted_stamp(clone, installation.extras, constraints)
    python = environment_python(environment)
    found = _own_stamp(environment)
    if found is not None and found.provides(wanted) and python.exists():
        return python

    kept = found if found is not None and found.complete and found.same_place(wanted) and python.exists() else None
    if kept is not None:
        wanted = replace(wanted, extras=tuple(sorted({*wanted.extras, *kept.extras})))
    size = size_of(wanted.extras)
    extras = f" with {', '.join(wanted.extras)}" if wanted.extras else ""
    print(
        f"Setting up {environment}{extras}: fetches at most {size.download_megabytes} MB of packages "
        f"(less what is there already), takes {size.disk_megabytes} MB of disk."
    )
    require_space(environment, (size - (size_of(kept.extras) if kept is not None else NOTHING)).at_once)
    if kept is not None:
        write_stamp(environment, replace(kept, complete=False))
    else:
        require_venv(with_pip=not clone.pip_variables)
        if found is not None:
            reason = "an earlier run did not finish" if not found.complete else "the clone or its Python has changed"
            print(f"Making {environment} anew: {reason}.")
            shutil.rmtree(environment)
        environment.mkdir(parents=True, exist_ok=True)
        write_stamp(environment, wanted)
        make_environment(environment, with_pip=not clone.pip_variables)

    pins = ["--constraint", constraints.name] if constraints else []
    pip = partial(run_pip, python, folder=clone.root, follow=follow)
    arguments = ["install", "--prefer-binary", *main_targets(wanted.extras, clone.product), *pins]
    pip(arguments, doing="installing Cutsmith", variables=clone.pip_variables)
    for step in steps_for(wanted.extras):
        print(step.message)
        arguments = ["install", "--prefer-binary", *step.options, step.requirement, *pins]
        pip(arguments, doing=f"installing {step.requirement}", variables={**clone.pip_variables, **step.variables})
    write_stamp(environment, replace(wanted, complete=True))
    return python


def _own_stamp(environment: Path) -> Stamp | None:
    """The stamp of the environment; None if there is nothing, or an empty folder. Raises InstallFailed if not ours."""
    stamp = read_stamp(environment)
    is_link_or_file = environment.is_symlink() or environment.is_file()
    if stamp is None and (is_link_or_file or (environment.is_dir() and any(environment.iterdir()))):
        command = f"{environment_python(environment)} install.py"
        raise not_ours(environment, f"Install into it with  {command}  or move it away.")
    return stamp


def require_venv(*, with_pip: bool = True) -> None:
    """Raise InstallFailed unless the running Python can make virtual environments, with or without pip in them."""
    needed = ("venv", "ensurepip") if with_pip else ("venv",)
    if any(importlib.util.find_spec(module) is None for module in needed):
        what = "This Python cannot make virtual environments: its venv or ensurepip is missing."
        raise InstallFailed(what, venv_remedy())


def make_environment(environment: Path, *, with_pip: bool = True) -> None:
    """Make a virtual environment, with pip or without. Raises InstallFailed with the last words of `venv`."""
    # Inside an environment, take the interpreter that it was made with.
    base = getattr(sys, "_base_executable", None) or sys.executable
    made = run_limited([base, "-m", "venv", *([] if with_pip else ["--without-pip"]), str(environment)])
    if made.code:
        raise InstallFailed(f"The virtual environment could not be made:\n{made.last_words()}", venv_remedy())


def venv_remedy() -> str:
    """How to enable virtual environments in this Python."""
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if Path("/etc/debian_version").exists():
        return f"sudo apt install python3-venv python{version}-venv   and try again."
    return "Install Python with its venv and ensurepip modules (python.org's has them) and try again."
