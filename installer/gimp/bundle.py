"""What `install.py gimp --zip` puts beside the plug-in, for GIMP itself to install Cutsmith; it stands for a clone."""

from __future__ import annotations

import hashlib
from pathlib import Path

from installer.folders import Clone, user_data
from installer.json_file import read_fields

MANIFEST = "bundle.json"
"""Names the wheels. A newer zip that is unpacked over an older one replaces it, and may leave the older wheels."""


class Bundle(Clone):
    """The folder with a wheel of Cutsmith and one of pip, the installer, and the versions to take.

    Its environment lies in the user's data folder: GIMP looks through the whole folder of plug-ins at each start.
    """

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        told = read_fields(root / MANIFEST) or {}
        self.wheel = root / str(told.get("wheel", ""))
        self.pip = root / str(told.get("pip", ""))
        self.place = root.parent  # the plug-in's folder
        self.environment = bundle_environment()

    @property
    def identity(self) -> str:
        """The wheel's hash: pip does not replace a package by another of the same version."""
        return hashlib.sha256(self.wheel.read_bytes()).hexdigest()

    @property
    def product(self) -> list[str]:
        """The wheel."""
        return [f"./{self.wheel.name}"]

    @property
    def pip_variables(self) -> dict[str, str]:
        """The pip that came along: Debian's own Python has none, nor what would bring one into an environment."""
        return {"PYTHONPATH": str(self.pip), "PIP_PROGRESS_BAR": "raw"}


def bundle_environment() -> Path:
    """The environment that every bundle of this user shares."""
    return user_data() / "gimp-environment"


def is_bundle(root: Path) -> bool:
    """Whether `root` is such a folder."""
    return (root / MANIFEST).is_file()
