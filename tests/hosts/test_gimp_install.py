"""`install.py gimp` and `doctor` with the genuine GIMP on the search path: profile, worker and procedures are tried."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.gimp_host import ROOT
from tests.hosts.host_programs import gimp_run

pytestmark = [pytest.mark.slow, pytest.mark.weights]


@pytest.fixture
def install(isnet_weights: Path, tmp_path: Path):
    """Runs install.py for a user of its own, who has GIMP's console on the search path."""
    programs, home = tmp_path / "programs", tmp_path / "home é 1"
    programs.mkdir()
    home.mkdir()
    console = programs / "gimp-console-3.0"
    console.write_text(f'#!/bin/sh\nexec "{gimp_run()}" gimp-console "$@"\n')
    console.chmod(0o755)
    own = {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "CUTSMITH_MODELS": str(isnet_weights.parent)}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "CUTSMITH_", "GIMP3"))}

    def run(*arguments: str) -> tuple[int, str]:
        command = [sys.executable, str(ROOT / "install.py"), *arguments]
        done = subprocess.run(command, env={**kept, **own}, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout + done.stderr

    return run


def test_it_is_installed_tried_and_examined(install, tmp_path: Path) -> None:
    profile = tmp_path / "profile é" / "3.0"
    profile.mkdir(parents=True)
    (profile / "gimprc").touch()
    code, said = install("doctor", "--gimp-dir", str(profile))
    assert code == 1
    code, said = install("gimp", "--gimp-dir", str(profile), "--python", sys.executable)
    assert code == 0, said
    assert "cut a small picture out with isnet-general-use" in said
    assert "ready: Filters > Cut Out… after a restart of GIMP (tried with GIMP 3." in said.splitlines()[-1]
    place = profile / "plug-ins" / "cutsmith"
    assert os.access(place / "cutsmith.py", os.X_OK)
    code, said = install("doctor", "--gimp-dir", str(profile))
    assert code == 0, said
    (place / "plug_in" / "procedures.py").write_text("this is no Python\n")
    code, said = install("doctor", "--gimp-dir", str(profile))
    assert code == 1
    assert "install.py" in said
