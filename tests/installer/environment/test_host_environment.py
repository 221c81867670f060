import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path
from types import SimpleNamespace

import pytest

from installer.environment import host_environment
from installer.environment.extras import EXTRA_SIZES, PRODUCT_ALONE, TORCH
from installer.environment.host_environment import (
    install_into_host,
    is_importable,
    shortfall,
)
from installer.environment.interpreter import Interpreter, running_interpreter
from installer.environment.requirements import constraints
from installer.failure import InstallFailed
from installer.folders import Clone

ROOT = Path(__file__).resolve().parents[3]


def test_what_runs_here_is_seen_under_normalised_names():
    installed = running_interpreter().installed
    assert installed["opencv-python-headless"]
    assert all(name == name.lower() and "_" not in name for name in installed)
    assert f"pytest=={pytest.__version__}" in constraints(installed)


def test_pip_understands_the_constraints_of_this_very_environment(tmp_path):
    held = tmp_path / "installed.txt"
    held.write_text("\n".join(constraints(running_interpreter().installed)))
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--no-index", "-c", held, "numpy>=1.26", "pillow"]
    run = subprocess.run(command, capture_output=True, encoding="utf-8")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Would install" not in run.stdout


def test_an_empty_folder_that_an_uninstalled_package_left_is_not_importable(tmp_path, monkeypatch):
    (tmp_path / "leftover_folder").mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    assert not is_importable("leftover_folder")
    assert not is_importable("no_such_module_at_all")
    assert is_importable("json")


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BASE = {requirement.partition(">=")[0]: "9999.0" for requirement in PROJECT["dependencies"]}
TORCH_HERE = {
    "torch": "2.9.0+cu128",
    "torchvision": "0.24.0",
    "safetensors": "0.6.2",
    "tomli-w": "1.2.0",
    "pycocotools": "2.0.10",
}


@pytest.fixture
def nothing_importable(monkeypatch):
    monkeypatch.setattr(host_environment, "is_importable", lambda module: False)


def test_nothing_is_lacking_where_the_product_and_the_extras_are(nothing_importable):
    assert not shortfall(PROJECT, [], BASE)
    everything = {**BASE, **TORCH_HERE, "sam2": "1.1.0", "transformers": "5.0"}
    assert not shortfall(PROJECT, ["sam2", "text"], everything)
    assert shortfall(PROJECT, ["sam2", "text", "heic"], everything).requirements == ("pi-heif>=0.20",)


def test_an_extra_costs_torch_only_where_there_is_none(nothing_importable):
    lacking = shortfall(PROJECT, ["sam2"], {**BASE, **TORCH_HERE})
    assert lacking.requirements == ()
    assert [step.requirement for step in lacking.steps] == ["sam2>=1.1"]
    assert lacking.size == EXTRA_SIZES["sam2"]
    without = shortfall(PROJECT, ["sam2"], BASE)
    small = ("pycocotools>=2.0.7", "safetensors>=0.4.3", "tomli-w>=1.0")
    assert without.requirements == (*small, "torch>=2.5.1", "torchvision>=0.20.1")
    assert without.size == TORCH + EXTRA_SIZES["sam2"]
    assert shortfall(PROJECT, ["heic"], {}).size == PRODUCT_ALONE + EXTRA_SIZES["heic"]


def test_sam_2_from_its_authors_repository_is_enough(monkeypatch):
    monkeypatch.setattr(host_environment, "is_importable", lambda module: module == "sam2")
    assert not shortfall(PROJECT, ["sam2"], {**BASE, **TORCH_HERE, "sam-2": "1.0"})


@pytest.fixture
def host(monkeypatch):
    """A host with the given distributions, and a stand-in for pip that records what it is asked for."""

    made = SimpleNamespace(calls=[], importable=(), installed={}, source=None)
    made.running = lambda: Interpreter(
        Path(sys.executable), (3, 11, 7), True, True, cutsmith_source=made.source, installed=made.installed
    )

    def run_pip(python, arguments, *, variables=None, **_):
        made.calls.append(arguments)
        if "--report" in arguments:
            plan = [{"metadata": {"name": name, "version": "1.0"}} for name in ("rembg", "OpenCV_Python.headless")]
            Path(arguments[arguments.index("--report") + 1]).write_text(json.dumps({"install": plan}))
        if arguments[0] == "wheel":
            folder = Path(arguments[arguments.index("--wheel-dir") + 1])
            folder.mkdir()
            (folder / "sam2-1.1.0-py3-none-any.whl").touch()
            made.build = variables
        if "--constraint" in arguments:
            made.held = Path(arguments[arguments.index("--constraint") + 1]).read_text()

    monkeypatch.setattr(host_environment, "run_pip", run_pip)
    monkeypatch.setattr(host_environment, "running_interpreter", made.running)
    monkeypatch.setattr(host_environment, "is_importable", lambda module: module in made.importable)
    return made


def test_an_extra_goes_in_under_what_is_there_and_what_was_asked_for(host, tmp_path):
    host.installed = {**BASE, **TORCH_HERE}
    pins = tmp_path / "my pins.txt"
    install_into_host(Clone(ROOT), ["text"], [pins])
    extra, product = host.calls
    assert extra[:2] == ["install", "--prefer-binary"]
    assert extra[4:] == ["--constraint", str(pins), "transformers>=4.57"]
    assert "torch==2.9.0+cu128" in host.held
    assert product == ["install", "--no-deps", "--editable", "."]


def test_what_builds_sam_2_is_not_installed_into_the_host(host, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/theirs")
    host.installed = {**BASE, **TORCH_HERE, "setuptools": "65.5.0"}
    install_into_host(Clone(ROOT), ["sam2"])
    tools, build, wheel, _ = host.calls
    folder = tools[tools.index("--target") + 1]
    assert any(each.startswith("setuptools") for each in tools)
    assert host.build == {"SAM2_BUILD_CUDA": "0", "PYTHONPATH": os.pathsep.join([folder, "/theirs"])}
    assert {"--no-deps", "--no-build-isolation", "sam2>=1.1"} <= set(build)
    assert "setuptools==65.5.0" in host.held
    assert wheel[-5:] == ["--find-links", wheel[-4], "--only-binary", "sam2", "sam2>=1.1"]


def test_a_rival_of_what_is_there_does_not_come_in_behind_an_extra(host):
    host.installed = {**BASE, "opencv-python": "4.12.0"}
    del host.installed["opencv-python-headless"]
    host.importable = ("cv2",)
    install_into_host(Clone(ROOT), ["rembg"])
    trial, extra, _ = host.calls
    assert trial[:2] == ["install", "--dry-run"]
    assert extra == ["install", "--no-deps", "rembg==1.0"]


def test_an_extras_package_that_is_too_old_stops_it_before_anything_is_done(host):
    host.installed = {**BASE, "torch": "2.4.1", "transformers": "5.0"}
    with pytest.raises(InstallFailed, match=r"torch>=2\.5\.1 is needed, found 2\.4\.1"):
        install_into_host(Clone(ROOT), ["text"])
    assert host.calls == []


@pytest.mark.parametrize("quiet", [True, False])
def test_a_second_run_does_nothing_and_says_so_unless_it_is_to_be_quiet(host, capsys, quiet):
    host.installed = {**BASE, "cutsmith": PROJECT["version"]}
    host.source = ROOT
    install_into_host(Clone(ROOT), quiet=quiet)
    assert host.calls == []
    assert ("nothing to do" in capsys.readouterr().out) != quiet


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
    assert "tifffile" in announced
    assert not {"pymatting", "numba"} & set(announced)
    assert not {"onnxruntime", "opencv-python-headless", "click"} & set(announced)
    assert sorted(packages.rglob("*.dist-info")) == before
