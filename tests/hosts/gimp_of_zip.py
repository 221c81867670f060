"""A genuine GIMP into whose plug-ins the zip of `install.py gimp --zip` was unpacked."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

from tests.hosts.gimp_host import ROOT, GimpHost


class GimpOfZip(GimpHost):
    """A GIMP into whose plug-ins the zip was unpacked; `variables` are in its environment."""

    def __init__(self, run: Path, home: Path, variables: dict[str, str]) -> None:
        self.variables = variables
        super().__init__(run, home, {})

    @property
    def environment(self) -> dict[str, str]:
        """As of any GIMP, and the variables."""
        return {**super().environment, **self.variables}

    def install(self, config=None) -> Path:
        """Write the zip, and unpack it as a file manager does: with the modes that it holds."""
        path = self.home / "cutsmith-gimp.zip"
        command = [sys.executable, "-B", str(ROOT / "install.py"), "gimp", "--zip", str(path)]
        subprocess.run(command, check=True)
        self.profile.plug_ins.mkdir(parents=True)
        with zipfile.ZipFile(path) as made:
            for entry in made.infolist():
                unpacked = Path(made.extract(entry, self.profile.plug_ins))
                unpacked.chmod(entry.external_attr >> 16 & 0o777)
        return self.profile.place
