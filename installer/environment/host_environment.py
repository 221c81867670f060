"""Plain `install.py`: into the environment whose Python runs it, without changing anything that is there.

ComfyUI-Manager calls it so, and `install.py comfyui` with ComfyUI's Python. Packages that are there are held at their
versions, and one that does the work of a requirement under another name (onnxruntime-gpu, opencv-python) counts as that
requirement.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from installer.environment.extras import EXTRA_SIZES, NOTHING, PRODUCT_ALONE, TORCH, Size
from installer.environment.numba_warming import warm_numba
from installer.environment.pip_command import run_pip
from installer.environment.requirements import constraints, name_of, normalised, outdated, rivals_of_installed, unmet
from installer.environment.separate_steps import SeparateStep, steps_for
from installer.failure import USAGE, InstallFailed
from installer.folders import Clone, require_space


@dataclass(frozen=True)
class Shortfall:
    """What an environment lacks: `requirements` for one `pip install`, `steps` of their own, and what both cost."""

    requirements: tuple[str, ...]
    steps: tuple[SeparateStep, ...]
    size: Size

    def __bool__(self) -> bool:
        return bool(self.requirements or self.steps)


def install_into_host(
    clone: Clone, extras: Sequence[str] = (), constraint_files: Sequence[Path] = (), *, quiet: bool = False
) -> None:
    """Install the product with `extras`, editable, into the environment of the running interpreter.

    What is added has the versions that `constraint_files` name. With `quiet` nothing is said where nothing is to do.
    Raises InstallFailed: this is no environment of its own (exit code 2), a package that is there is too old, or pip
    failed.
    """
    python = Path(sys.executable)
    if not is_own_environment(sys.prefix, sys.base_prefix, python):
        raise InstallFailed(_outside(python), exit_code=USAGE)
    installed = installed_versions()
    project = tomllib.loads(clone.project.read_text(encoding="utf-8"))["project"]
    too_old = outdated(wanted_requirements(project, extras), installed)
    if too_old:
        raise InstallFailed(
            f"{python} has packages that are too old for Cutsmith, and nothing that is there gets changed: "
            + "; ".join(f"{requirement} is needed, found {found}" for requirement, found in too_old),
            f"If nothing else minds:  {python} -m pip install "
            + " ".join(f'"{requirement}"' for requirement, _ in too_old),
        )
    lacking = shortfall(project, extras, installed)
    if not lacking and is_installed_from(clone):
        if not quiet:
            print(f"Cutsmith is installed in {python}; nothing to do.")
        return
    _install(clone, python, lacking, installed, constraint_files)
    importlib.invalidate_caches()
    if is_importable("pymatting") and (lacking or "cutsmith" not in installed):
        warm_numba(python)
    print(f"Installed. Weights are fetched on request:  {python} -m cutsmith models fetch isnet-general-use")


def is_own_environment(prefix: str, base_prefix: str, python: Path) -> bool:
    """Whether a Python is a virtual environment, a conda environment, or an embedded one (as ComfyUI portable has)."""
    return prefix != base_prefix or (Path(prefix) / "conda-meta").is_dir() or any(python.parent.glob("python3*._pth"))


def _outside(python: Path) -> str:
    return (
        f"{python} is the system's Python, or one that other programs share: nothing is installed into it.\n"
        "Take one of\n"
        "  python3 install.py demo     a .venv beside install.py, and the sample photographs cut out\n"
        "  python3 install.py test     a .venv beside install.py, and the tests\n"
        "  python3 install.py comfyui FOLDER     into the ComfyUI in that folder\n"
        "  ENVIRONMENT/bin/python install.py     into a virtual environment of your own (python3 -m venv ENVIRONMENT)"
    )


def installed_versions() -> dict[str, str]:
    """What the running interpreter has, by normalised name; the first on the path is the one that is imported."""
    found: dict[str, str] = {}
    for each in distributions():
        # Remains of a broken installation have metadata without these.
        fields = each.metadata
        name, version = fields["Name"], fields["Version"]
        if name and version:
            found.setdefault(normalised(name), version)
    return found


def is_importable(module: str) -> bool:
    """Whether the running interpreter has a module of this name; a folder without code in it does not count."""
    found = importlib.util.find_spec(module)
    return found is not None and found.origin is not None


def is_installed_from(clone: Clone) -> bool:
    """Whether the running interpreter has this version of Cutsmith, editable, from this very clone."""
    try:
        found = distribution("cutsmith")
    except PackageNotFoundError:
        return False
    source = json.loads(found.read_text("direct_url.json") or "{}").get("url", "")
    wanted = tomllib.loads(clone.project.read_text(encoding="utf-8"))["project"]["version"]
    return found.version == wanted and Path(url2pathname(urlsplit(source).path)) == clone.root


def wanted_requirements(project: dict[str, Any], extras: Iterable[str]) -> list[str]:
    """All that the product and `extras` require, by pyproject.toml's [project] table and the separate steps."""
    of_extras = [each for extra in sorted(set(extras)) for each in project["optional-dependencies"][extra]]
    return list(
        dict.fromkeys([*project["dependencies"], *of_extras, *(step.requirement for step in steps_for(extras))])
    )


def shortfall(project: dict[str, Any], extras: Sequence[str], installed: dict[str, str]) -> Shortfall:
    """What of the product and `extras` the running interpreter, which has `installed`, lacks."""
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
    # pip keeps the files that it fetched until all of them are unpacked.
    require_space(Path(sys.prefix), lacking.size.download_megabytes + lacking.size.disk_megabytes)
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "installed.txt"
        held.write_text("\n".join(constraints(installed)) + "\n", encoding="utf-8")
        chosen = [option for file in constraint_files for option in ("--constraint", str(file.absolute()))]
        pins = ["--prefer-binary", "--constraint", str(held), *chosen]
        if lacking.requirements:
            arguments = [*pins, *lacking.requirements]
            spared = rivals_of_installed(installed, is_importable)
            if spared:
                arguments = _without(spared, python, arguments, clone, Path(folder) / "plan.json")
            run_pip(python, ["install", *arguments], folder=clone.root, doing="installing what Cutsmith requires")
        for step in lacking.steps:
            print(step.message)
            _take(step, python, pins, chosen, clone)
        arguments = ["install", "--no-deps", "--editable", "."]
        run_pip(python, arguments, folder=clone.root, doing="installing Cutsmith")


def _without(spared: set[str], python: Path, arguments: list[str], clone: Clone, plan: Path) -> list[str]:
    """The same installation less the distributions `spared`, which a requirement's own requirements may name."""
    trial = ["install", "--dry-run", "--report", str(plan), *arguments]
    run_pip(python, trial, folder=clone.root, doing="finding out what Cutsmith requires")
    fields = [each["metadata"] for each in json.loads(plan.read_text(encoding="utf-8"))["install"]]
    return ["--no-deps", *(f"{it['name']}=={it['version']}" for it in fields if normalised(it["name"]) not in spared)]


def _take(step: SeparateStep, python: Path, pins: list[str], chosen: list[str], clone: Clone) -> None:
    doing = f"installing {step.requirement}"
    if not step.build_tools:
        arguments = ["install", *pins, *step.options, step.requirement]
        run_pip(python, arguments, folder=clone.root, doing=doing, variables=step.variables)
        return
    # What builds it may be missing here, or there in an older version that stays: it gets the tools for this once.
    with tempfile.TemporaryDirectory() as folder:
        tools, wheels = Path(folder) / "tools", Path(folder) / "wheels"
        arguments = ["install", "--target", str(tools), *chosen, *step.build_tools]
        run_pip(python, arguments, folder=clone.root, doing=f"fetching what builds {step.requirement}")
        path = os.pathsep.join(each for each in (str(tools), os.environ.get("PYTHONPATH")) if each)
        variables = {**step.variables, "PYTHONPATH": path}
        arguments = ["wheel", "--no-deps", "--wheel-dir", str(wheels), *chosen, *step.options, step.requirement]
        run_pip(python, arguments, folder=clone.root, doing=f"building {step.requirement}", variables=variables)
        # By its name and not by its file: pip would note the file's place, which is gone in a moment.
        built = ["--find-links", str(wheels), "--only-binary", name_of(step.requirement)]
        run_pip(python, ["install", *pins, *built, step.requirement], folder=clone.root, doing=doing)
