"""`install.py gimp --zip`: writes the plug-in as a zip for people without a shell; it installs Cutsmith from GIMP."""

from __future__ import annotations

import importlib.util
import json
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import NamedTuple

from installer.copied_folder import files_in
from installer.environment.pip_command import run_pip
from installer.failure import InstallFailed
from installer.folders import Clone
from installer.gimp.bundle import MANIFEST
from installer.gimp.plug_in import BUNDLE, MAIN, contents

PIP = "pip==26.0.1"
"""Older ones do not tell how far a download has come."""
EPOCH = "1577836800"
"""The time of the wheel's files, in seconds; the same in each zip of the same clone."""
TIME = (2020, 1, 1, 0, 0, 0)
TOP = "cutsmith"
OF_THE_CLONE = ("install.py", "pyproject.toml", "constraints-test.txt", "LICENSE")


class Wheels(NamedTuple):
    """The wheels that go into the zip."""

    cutsmith: Path
    pip: Path


def write_zip(clone: Clone, path: Path) -> None:
    """Write the zip `path`: the plug-in, the installer, a wheel of Cutsmith out of `clone`, and pip's.

    Raises InstallFailed if the clone is not whole, or if pip fails.
    """
    if importlib.util.find_spec("pip") is None:
        what = f"{sys.executable} has no pip, which builds Cutsmith's wheel."
        raise InstallFailed(what, "Run this with the Python of an environment, such as .venv's.")
    contents(clone)  # find out that the clone is not whole before anything is fetched
    with tempfile.TemporaryDirectory(prefix="cutsmith-") as folder:
        pack(clone, _wheels(clone, Path(folder)), path)
    print(f"{path}: {path.stat().st_size / 1e6:.1f} MB. Unpack it into GIMP's folder plug-ins and start GIMP.")


def pack(clone: Clone, wheels: Wheels, path: Path) -> None:
    """Write the zip `path`; the same files make the same bytes."""
    manifest = {"version": clone.version, "wheel": wheels.cutsmith.name, "pip": wheels.pip.name}
    files = {f"{TOP}/{name}": source.read_bytes() for name, source in contents(clone).items()}
    beside: dict[str, Path] = {each: clone.root / each for each in OF_THE_CLONE}
    beside |= {f"installer/{name}": source for name, source in files_in(clone.root / "installer", "*.py").items()}
    beside |= {each.name: each for each in wheels}
    files |= {f"{TOP}/{BUNDLE}/{name}": source.read_bytes() for name, source in beside.items()}
    files[f"{TOP}/{BUNDLE}/{MANIFEST}"] = (json.dumps(manifest, indent=1) + "\n").encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.part")
    with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for name, content in sorted(files.items()):
            entry = zipfile.ZipInfo(name, TIME)
            entry.create_system = 3  # Unix, whatever it is made on: else the mode is not taken
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = (0o100755 if name == f"{TOP}/{MAIN}" else 0o100644) << 16
            made.writestr(entry, content)
    unfinished.replace(path)


def _wheels(clone: Clone, folder: Path) -> Wheels:
    """Build the one and fetch the other, into `folder`."""
    python, epoch = Path(sys.executable), {"SOURCE_DATE_EPOCH": EPOCH}
    build = ["wheel", "--no-deps", "--wheel-dir", folder.as_posix(), "."]
    run_pip(python, build, folder=clone.root, doing="building Cutsmith's wheel", variables=epoch)
    fetch = ["download", "--no-deps", "--only-binary", ":all:", "--dest", folder.as_posix(), PIP]
    run_pip(python, fetch, folder=clone.root, doing="fetching pip")
    (wheel,), (pip,) = folder.glob("cutsmith-*.whl"), folder.glob("pip-*.whl")
    return Wheels(wheel, pip)
