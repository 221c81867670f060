import subprocess
import sys
from pathlib import Path

import pytest

from installer.host_environment import (
    constraints,
    installed_versions,
    is_importable,
    is_own_environment,
    outdated,
    unmet,
)

REQUIREMENTS = [
    "numpy>=1.26",
    "onnxruntime>=1.19",
    "opencv-python-headless>=4.10",
    "openvino>=2025.0; platform_machine in 'x86_64 AMD64'",
    "pillow>=11.3",
]
ROOT = Path(__file__).resolve().parent.parent.parent


def nothing_importable(_):
    return False


def test_what_is_there_under_its_own_name_is_not_asked_for():
    assert unmet(REQUIREMENTS, {"numpy": "2.0", "pillow": "12.0"}, nothing_importable) == REQUIREMENTS[1:4]


@pytest.mark.parametrize(
    ("module", "spared"), [("cv2", "opencv-python-headless>=4.10"), ("onnxruntime", "onnxruntime>=1.19")]
)
def test_another_distribution_of_the_same_module_is_not_given_a_rival(module, spared):
    missing = unmet(REQUIREMENTS, {}, lambda name: name == module)
    assert set(REQUIREMENTS) - set(missing) == {spared}


def test_only_those_modules_count_by_being_importable():
    assert unmet(["pillow>=11.3"], {}, lambda _: True) == ["pillow>=11.3"]


def test_every_package_that_is_there_is_held_and_cutsmith_is_not():
    held = constraints({"torch": "2.14.1+cu128", "cutsmith": "0.1.0", "numpy": "2.4.6", "odd": "dev-unknown"})
    assert held == ["numpy==2.4.6", "torch==2.14.1+cu128"]


def test_what_runs_here_is_seen_under_normalised_names():
    installed = installed_versions()
    assert installed["opencv-python-headless"]
    assert all(name == name.lower() and "_" not in name for name in installed)
    assert f"pytest=={pytest.__version__}" in constraints(installed)


def test_pip_understands_the_constraints_of_this_very_environment(tmp_path):
    held = tmp_path / "installed.txt"
    held.write_text("\n".join(constraints(installed_versions())))
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "-c", held, "numpy>=1.26", "pillow"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Would install" not in run.stdout


@pytest.mark.parametrize(
    ("requirement", "found", "is_outdated"),
    [
        ("pillow>=11.3", "11.2.9", True),
        ("pillow>=11.3", "11.3.0", False),
        ("pillow>=11.3", "9.0", True),
        ("numpy>=1.26", "2.0.0+local", False),
        ("openvino>=2025.0; platform_machine in 'x86_64'", "2025.0.0", False),
        ("openvino>=2025.0; platform_machine in 'x86_64'", "2024.6.0", True),
        ("types-requests", "0.1", False),
    ],
)
def test_a_package_below_the_lower_bound_is_reported_with_both_versions(requirement, found, is_outdated):
    name = requirement.partition(">=")[0]
    wanted = [(requirement.partition(";")[0], found)] if is_outdated else []
    assert outdated([requirement], {name: found}) == wanted


def test_virtual_conda_and_embedded_pythons_are_environments_and_a_systems_is_not(tmp_path):
    python = tmp_path / "python.exe"
    assert is_own_environment("/venv", "/usr", python)
    assert not is_own_environment(str(tmp_path), str(tmp_path), python)
    (tmp_path / "python311._pth").touch()
    assert is_own_environment(str(tmp_path), str(tmp_path), python)
    conda = tmp_path / "conda"
    (conda / "conda-meta").mkdir(parents=True)
    assert is_own_environment(str(conda), str(conda), conda / "bin" / "python")


def test_an_empty_folder_that_an_uninstalled_package_left_is_not_importable(tmp_path, monkeypatch):
    (tmp_path / "leftover_folder").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not is_importable("leftover_folder")
    assert not is_importable("no_such_module_at_all")
    assert is_importable("json")


@pytest.mark.slow
def test_an_environment_with_a_gpu_onnxruntime_and_another_opencv_is_asked_for_neither(tmp_path):
    environment = tmp_path / "host é"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    where = "import sysconfig; print(sysconfig.get_path('purelib'))"
    packages = Path(subprocess.run([python, "-c", where], capture_output=True, text=True, check=True).stdout.strip())
    for distribution, version, module in (
        ("onnxruntime_gpu", "1.23.0", "onnxruntime"),
        ("opencv_contrib_python", "4.9.0.80", "cv2"),
        ("click", "8.3.0", "click"),
    ):
        (packages / module).mkdir()
        (packages / module / "__init__.py").touch()
        metadata = packages / f"{distribution}-{version}.dist-info" / "METADATA"
        metadata.parent.mkdir()
        metadata.write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n")
    before = sorted(packages.rglob("*.dist-info"))

    run = subprocess.run([python, ROOT / "install.py"], capture_output=True, encoding="utf-8", stdin=subprocess.DEVNULL)

    # There is no pip in it, so that this is as far as it gets: after it has said what it would install.
    assert run.returncode == 1
    assert "has no pip" in run.stderr
    announced = run.stdout.partition("the product itself, and ")[2].partition(" (at most")[0].split(", ")
    assert "pymatting" in announced
    assert not {"onnxruntime", "opencv-python-headless", "click"} & set(announced)
    assert sorted(packages.rglob("*.dist-info")) == before
