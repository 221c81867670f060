"""Plain `install.py`: installs into the environment whose Python runs it, and changes nothing that is there.

ComfyUI-Manager runs it this way, and so does `install.py comfyui` with ComfyUI's Python. Installed packages keep their
versions, and a package that meets a requirement under another name (onnxruntime-gpu, opencv-python) counts as meeting
it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from installer.environment.extras import EXTRA_SIZES, NOTHING, PRODUCT_ALONE, TORCH, Size
from installer.environment.interpreter import running_interpreter
from installer.environment.pip_command import run_pip
from installer.environment.python_facts import normalised
from installer.environment.requirements import constraints, name_of, outdated, rivals_of_installed, unmet
from installer.environment.separate_steps import SeparateStep, steps_for
from installer.failure import USAGE, InstallFailed
from installer.folders import Clone, require_space

OUTSIDE = """\
{python} is the system's Python, or one that other programs share: nothing is installed into it.
Take one of
  python3 install.py demo     a .venv beside install.py, and the sample photographs cut out
  python3 install.py test     a .venv beside install.py, and the tests
  python3 install.py comfyui FOLDER     into the ComfyUI in that folder
  ENVIRONMENT/bin/python install.py     into a virtual environment of your own (python3 -m venv ENVIRONMENT)"""


@dataclass(frozen=True)
class Shortfall:
    """What an environment lacks: `requirements` for one `pip install`, separate `steps`, and the size of both."""

    requirements: tuple[str, ...]
    steps: tuple[SeparateStep, ...]
    size: Size

    def __bool__(self) -> bool:
        return bool(self.requirements or self.steps)


def install_into_host(
    clone: Clone, extras: Sequence[str] = (), constraint_files: Sequence[Path] = (), *, quiet: bool = False
) -> None:
    """Install Cutsmith with `extras`, editable, into the environment of the running interpreter.

    `constraint_files` set the versions of what is added. With `quiet`, a run that has nothing to do prints nothing.
    Raises InstallFailed if this is not an environment (exit code 2), if an installed package is too old, or if pip
    fails.
    """
    running = running_interpreter()
    python, installed = running.python, running.installed
    if not running.is_environment:
        raise InstallFailed(OUTSIDE.format(python=python), exit_code=USAGE)
    project = clone.project_table
    too_old = outdated(wanted_requirements(project, extras), installed)
    if too_old:
        raise InstallFailed(
            f"{python} has packages that are too old for Cutsmith, and nothing that is there gets changed: "
            + "; ".join(f"{requirement} is needed, found {found}" for requirement, found in too_old),
            f"If nothing else minds:  {python} -m pip install "
            + " ".join(f'"{requirement}"' for requirement, _ in too_old),
        )
    lacking = shortfall(project, extras, installed)
    if not lacking and running.has_cutsmith_from(clone):
        if not quiet:
            print(f"Cutsmith is installed in {python}; nothing to do.")
        return
    _install(clone, python, lacking, installed, constraint_files)
    importlib.invalidate_caches()
    print(f"Installed. Weights are fetched on request:  {python} -m cutsmith models fetch isnet-general-use")


def is_importable(module: str) -> bool:
    """Whether the running interpreter can import this module; a folder without code does not count."""
    found = importlib.util.find_spec(module)
    return found is not None and found.origin is not None


def wanted_requirements(project: dict[str, Any], extras: Iterable[str]) -> list[str]:
    """All requirements of the package and `extras`: from pyproject.toml's [project] table and the separate steps."""
    of_extras = [each for extra in sorted(set(extras)) for each in project["optional-dependencies"][extra]]
    return list(
        dict.fromkeys([*project["dependencies"], *of_extras, *(step.requirement for step in steps_for(extras))])
    )


def shortfall(project: dict[str, Any], extras: Sequence[str], installed: dict[str, str]) -> Shortfall:
    """What the running interpreter, which has `installed`, lacks of the package and `extras`."""
    steps = [step for step in steps_for(extras) if unmet([step.requirement], installed, is_importable)]
    of_steps = {name_of(step.requirement) for step in steps}
    missing = unmet(wanted_requirements(project, extras), installed, is_importable)
    size = PRODUCT_ALONE if {*missing} & {*project["dependencies"]} else NOTHING
    if "torch" in map(name_of, missing):
        size += TORCH
    for extra in set(extras):
        if {*missing} & {*wanted_requirements({**project, "dependencies": []}, [extra])}:
            size += EXTRA_SIZES[extra]
    return Shortfall(tuple(each for each in missing if name_of(each) not in of_steps), tuple(steps), size)


def _install(
    clone: Clone, python: Path, lacking: Shortfall, installed: dict[str, str], constraint_files: Sequence[Path]
) -> None:
    added = [name_of(each) for each in (*lacking.requirements, *(step.requirement for step in lacking.steps))]
    cost = f" (at most {lacking.size.download_megabytes} MB to fetch, {lacking.size.disk_megabytes} MB of disk)"
    print(
        f"Installing Cutsmith into {python}: the product itself, and {', '.join(added) or 'nothing else'}"
        f"{cost if added else ''}. What is there stays as it is."
    )
    if importlib.util.find_spec("pip") is None:
        raise InstallFailed(f"{python} has no pip.", f"Give it one:  {python} -m ensurepip   or  uv pip install pip")
    require_space(Path(sys.prefix), lacking.size.at_once)
    pip = partial(run_pip, python, folder=clone.root)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        held = folder / "installed.txt"
        held.write_text("\n".join(constraints(installed)) + "\n", encoding="utf-8")
        chosen = [option for file in constraint_files for option in ("--constraint", str(file.absolute()))]
        pins = ["--prefer-binary", "--constraint", str(held), *chosen]
        if lacking.requirements:
            arguments = [*pins, *lacking.requirements]
            rivals = rivals_of_installed(installed, is_importable)
            if rivals:
                # A dependency may require one. So ask pip what it would install, and install that without them.
                plan = folder / "plan.json"
                trial = ["install", "--dry-run", "--report", str(plan), *arguments]
                pip(trial, doing="finding out what Cutsmith requires")
                listed = [each["metadata"] for each in json.loads(plan.read_text(encoding="utf-8"))["install"]]
                kept = [each for each in listed if normalised(each["name"]) not in rivals]
                arguments = ["--no-deps", *(f"{each['name']}=={each['version']}" for each in kept)]
            pip(["install", *arguments], doing="installing what Cutsmith requires")
        for step in lacking.steps:
            print(step.message)
            if step.build_tools:
                found = _built(step, pip, folder, chosen)
                pip(["install", *pins, *found, step.requirement], doing=f"installing {step.requirement}")
            else:
                arguments = ["install", *pins, *step.options, step.requirement]
                pip(arguments, doing=f"installing {step.requirement}", variables=step.variables)
        pip(["install", "--no-deps", "--editable", "."], doing="installing Cutsmith")


def _built(step: SeparateStep, pip: partial[None], folder: Path, chosen: list[str]) -> list[str]:
    """Build a step's wheel in `folder`; returns the options with which pip finds it.

    The build tools may be missing, or older and not to be changed, so the build gets its own.
    """
    tools, wheels = folder / "tools", folder / "wheels"
    arguments = ["install", "--target", str(tools), *chosen, *step.build_tools]
    pip(arguments, doing=f"fetching what builds {step.requirement}")
    path = os.pathsep.join(each for each in (str(tools), os.environ.get("PYTHONPATH")) if each)
    variables = {**step.variables, "PYTHONPATH": path}
    arguments = ["wheel", "--no-deps", "--wheel-dir", str(wheels), *chosen, *step.options, step.requirement]
    pip(arguments, doing=f"building {step.requirement}", variables=variables)
    # By name, not by file: pip would record the file's path, which is about to vanish.
    return ["--find-links", str(wheels), "--only-binary", name_of(step.requirement)]
