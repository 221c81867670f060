"""Plain `install.py`: into the environment whose Python runs it, without changing anything that is there.

ComfyUI-Manager calls it so. Packages that are there are held at their versions, and one that does the work of a
requirement under another name (onnxruntime-gpu, opencv-python) counts as that requirement.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from installer.failure import USAGE, InstallFailed
from installer.folders import Clone, require_space
from installer.numba_warming import warm_numba
from installer.pip_command import run_pip
from installer.virtual_environment import PRODUCT

# Requirements that several distributions provide, all under one module: whichever is there must not get a rival, since
# two of them share a folder and the second breaks the first.
MODULE_OF = {"opencv-python-headless": "cv2", "onnxruntime": "onnxruntime"}

# PEP 440, loosely: newer pips refuse a whole constraints file for one version that is none.
VERSION = re.compile(r"\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-z0-9]+([._-][a-z0-9]+)*)?", re.IGNORECASE)


def install_into_host(clone: Clone) -> None:
    """Install the product, editable, into the environment of the running interpreter.

    Raises InstallFailed: this is no environment of its own (exit code 2), a package that is there is too old, or pip
    failed.
    """
    python = Path(sys.executable)
    if not is_own_environment(sys.prefix, sys.base_prefix, python):
        raise InstallFailed(_outside(python), exit_code=USAGE)
    installed = installed_versions()
    requirements = tomllib.loads(clone.project.read_text(encoding="utf-8"))["project"]["dependencies"]
    too_old = outdated(requirements, installed)
    if too_old:
        raise InstallFailed(
            f"{python} has packages that are too old for Cutsmith, and nothing that is there gets changed: "
            + "; ".join(f"{requirement} is needed, found {found}" for requirement, found in too_old),
            f"If nothing else minds:  {python} -m pip install "
            + " ".join(f'"{requirement}"' for requirement, _ in too_old),
        )
    missing = unmet(requirements, installed, is_importable)
    if not missing and is_installed_from(clone):
        print(f"Cutsmith is installed in {python}; nothing to do.")
        return
    _install(clone, python, missing, installed)
    if is_importable("pymatting"):
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


def normalised(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def constraints(installed: dict[str, str]) -> list[str]:
    """One line of a constraints file for each package that is there, Cutsmith itself left out."""
    return [
        f"{name}=={version}"
        for name, version in sorted(installed.items())
        if name != "cutsmith" and VERSION.fullmatch(version)
    ]


def is_importable(module: str) -> bool:
    """Whether the running interpreter has a module of this name; a folder without code in it does not count."""
    found = importlib.util.find_spec(module)
    return found is not None and found.origin is not None


def unmet(requirements: Iterable[str], installed: dict[str, str], importable: Callable[[str], bool]) -> list[str]:
    """The requirements that neither a package of that name nor one that provides the same module meets."""
    return [
        requirement
        for requirement in requirements
        if _name(requirement) not in installed
        and not (_name(requirement) in MODULE_OF and importable(MODULE_OF[_name(requirement)]))
    ]


def outdated(requirements: Iterable[str], installed: dict[str, str]) -> list[tuple[str, str]]:
    """(requirement, version found) for each package that is there and older than the requirement's lower bound."""
    return [
        (requirement.partition(";")[0].strip(), installed[name])
        for requirement, name in ((r, _name(r)) for r in requirements)
        if name in installed and _release(installed[name]) < _lower_bound(requirement)
    ]


def is_installed_from(clone: Clone) -> bool:
    """Whether the running interpreter has this version of Cutsmith, editable, from this very clone."""
    try:
        found = distribution("cutsmith")
    except PackageNotFoundError:
        return False
    source = json.loads(found.read_text("direct_url.json") or "{}").get("url", "")
    wanted = tomllib.loads(clone.project.read_text(encoding="utf-8"))["project"]["version"]
    return found.version == wanted and Path(url2pathname(urlsplit(source).path)) == clone.root


def _install(clone: Clone, python: Path, missing: list[str], installed: dict[str, str]) -> None:
    names = ", ".join(_name(requirement) for requirement in missing) or "nothing else"
    print(
        f"Installing Cutsmith into {python}: the product itself, and {names} "
        f"(at most {PRODUCT.size.download_megabytes} MB). What is there stays as it is."
    )
    if importlib.util.find_spec("pip") is None:
        raise InstallFailed(f"{python} has no pip.", f"Give it one:  {python} -m ensurepip   or  uv pip install pip")
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "installed.txt"
        held.write_text("\n".join(constraints(installed)) + "\n", encoding="utf-8")
        if missing:
            require_space(Path(sys.prefix), PRODUCT.size.disk_megabytes)
            arguments = ["install", "--prefer-binary", "--constraint", str(held), *missing]
            run_pip(python, arguments, folder=clone.root, doing="installing what Cutsmith requires")
        arguments = ["install", "--no-deps", "--editable", "."]
        run_pip(python, arguments, folder=clone.root, doing="installing Cutsmith")


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", requirement)
    return normalised(match[0]) if match else ""


def _lower_bound(requirement: str) -> tuple[int, ...]:
    match = re.search(r">=\s*([\d.]+)", requirement.partition(";")[0])
    return _release(match[1]) if match else ()


def _release(version: str) -> tuple[int, ...]:
    """The numbers of a version, without trailing zeros: "2.0" and "2.0.0+cu121" are both (2,)."""
    match = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else []
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
