"""The zip of `install.py gimp --zip` in a fresh genuine GIMP: it sets itself up, by pip, and cuts out in the same GIMP.

What Cutsmith requires would take minutes to fetch. So pip finds no index but a folder with an empty wheel for each of
these packages, one of which makes the environment see the packages of the tests' own. Cutsmith itself, and the pip
that installs it, are those of the zip.
"""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from installer.folders import Clone
from tests.hosts.gimp_host import CUT_OUT, LAYER, ROOT
from tests.hosts.gimp_of_zip import GimpOfZip
from tests.hosts.gimp_window import GimpWindow
from tests.hosts.host_programs import gimp_run

pytestmark = [pytest.mark.slow, pytest.mark.weights]


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str]) -> None:
    """A wheel of a package that holds `files`."""
    stem = f"{re.sub('[-.]', '_', name)}-{version}"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    wheel = "Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    about = {f"{stem}.dist-info/METADATA": metadata, f"{stem}.dist-info/WHEEL": wheel}
    with zipfile.ZipFile(folder / f"{stem}-py3-none-any.whl", "w") as made:
        for path, content in {**files, **about}.items():
            made.writestr(path, content)
        made.writestr(f"{stem}.dist-info/RECORD", "".join(f"{each},,\n" for each in (*files, *about)))


@pytest.fixture(scope="module")
def base_python() -> Path:
    """The interpreter that the tests' environment was made with, where GIMP sees it."""
    found = Path(sys._base_executable).resolve()
    seen = [str(gimp_run()), str(found), "-c", "import ssl, venv"]
    if subprocess.run(seen, capture_output=True, check=False).returncode:
        pytest.skip(f"{found} does not run in the Debian that has GIMP")
    return found


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> Path:
    """The folder of empty wheels."""
    folder = tmp_path_factory.mktemp("wheels")
    packages = "\n".join(path for path in sys.path if path.endswith("site-packages"))
    for required in Clone(ROOT).project_table["dependencies"]:
        name = re.match(r"[\w-]+", required)[0]
        files = {"packages_of_the_tests.pth": packages} if name == "numpy" else {}
        write_wheel(folder, name, importlib.metadata.version(name), files)
    return folder


@pytest.fixture(scope="module")
def unpacked(base_python: Path, isnet_weights: Path) -> Iterator[GimpOfZip]:
    with tempfile.TemporaryDirectory(prefix="cg-", ignore_cleanup_errors=True) as folder:
        variables = {
            "CUTSMITH_BASE_PYTHON": str(base_python),
            "CUTSMITH_MODELS": str(isnet_weights.parent),
            # No index answers there.
            "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
            "PIP_RETRIES": "0",
            "PIP_FIND_LINKS": f"{folder}/wheels",
            "PIP_CONFIG_FILE": os.devnull,
        }
        host = GimpOfZip(gimp_run(), Path(folder), variables)
        yield host
        host.end_worker()


def test_it_sets_itself_up_and_cuts_out_without_a_restart(
    unpacked: GimpOfZip, wheels: Path, pictures: Path, command_line: Callable[..., np.ndarray]
) -> None:
    expected = command_line(pictures / "cat.png", "--mask-only")
    # The command line has compiled the network, which takes a worker most of its first run.
    shutil.copytree(Path(os.environ["CUTSMITH_CACHE"]) / "compiled", unpacked.worker_folder.with_name("compiled"))
    place = unpacked.profile.place
    missing, offline, done, alpha = unpacked.run(
        ("load", str(pictures / "cat.png")),
        ("call", CUT_OUT, {"edge": "off"}),
        # Nothing can be fetched. What is left half-made is no obstacle afterwards.
        ("set_up",),
        ("move_file", str(wheels), unpacked.variables["PIP_FIND_LINKS"]),
        ("set_up",),
        ("call_quietly", CUT_OUT, {"edge": "off"}),
        ("dump", f"mask:{LAYER}"),
    )
    assert "Cutsmith's engine is not installed for GIMP" in missing
    assert "Choose Help > Set Up or Repair Cutsmith…" in missing
    assert "The package index cannot be reached" in offline
    assert done == ""
    environment = unpacked.home / ".local/share/cutsmith/gimp-environment"
    (engine,) = environment.glob("lib/python3*/site-packages/cutsmith/__init__.py")
    assert f'"{environment}/bin/python"' in (place / "config.json").read_text(encoding="utf-8")
    assert engine.read_bytes() == (ROOT / "core/cutsmith/__init__.py").read_bytes()
    assert (alpha == expected).all()


def test_the_first_cut_out_asks_sets_up_and_goes_on_to_its_own_dialog(unpacked: GimpOfZip, pictures: Path) -> None:
    config = unpacked.profile.place / "config.json"
    # As before the first run, or after one that was broken off; the packages are there since the test above.
    config.unlink(missing_ok=True)
    window = GimpWindow(unpacked, pictures / "cat.png")
    try:
        window.menu("alt+r")
        time.sleep(0.5)
        window.keys("Up", "Return")
        window.focus(window.wait_for("^Set Up Cutsmith$"))
        assert not config.exists(), "nothing is done before the user says so"
        window.keys("alt+s")
        window.wait_for("^Cut Out$")
        assert window.find("^Set Up Cutsmith$") is None
        assert config.is_file()
    finally:
        window.close()
