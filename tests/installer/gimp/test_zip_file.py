"""The zip for people without a shell. Files that are no wheels stand in: tests/hosts/test_gimp_zip.py has real ones."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from installer.environment.only_one import lock_of
from installer.environment.stamp import Stamp, read_stamp, write_stamp
from installer.failure import InstallFailed
from installer.folders import Clone
from installer.gimp import first_run
from installer.gimp.bundle import Bundle, bundle_environment, is_bundle
from installer.gimp.command import install_into_gimp
from installer.gimp.config import read_config
from installer.gimp.first_run import PipProgress, set_up
from installer.gimp.plug_in import contents, differences
from installer.gimp.zip_file import Wheels, pack
from installer.uninstall import planned_removal

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def wheels(tmp_path):
    made = Wheels(tmp_path / "cutsmith-0.1.0-py3-none-any.whl", tmp_path / "pip-26-py3-none-any.whl")
    for each in made:
        each.write_text(each.name)
    return made


@pytest.fixture
def packed(wheels, tmp_path):
    path = tmp_path / "cutsmith-gimp.zip"
    pack(Clone(ROOT), wheels, path)
    return path


@pytest.fixture
def bundle(packed, tmp_path, own_folders):
    """The zip, unpacked."""
    with zipfile.ZipFile(packed) as made:
        made.extractall(tmp_path / "plug-ins")
    return Bundle(tmp_path / "plug-ins" / "cutsmith" / "set_up")


def test_it_holds_the_plug_in_and_what_sets_it_up_and_only_the_plug_in_may_be_run(packed):
    with zipfile.ZipFile(packed) as made:
        modes = {entry.filename: entry.external_attr >> 16 & 0o777 for entry in made.infolist()}
    assert {name.partition("/")[0] for name in modes} == {"cutsmith"}
    assert {name for name, mode in modes.items() if mode & 0o111} == {"cutsmith/cutsmith.py"}
    assert {f"cutsmith/{name}" for name in contents(Clone(ROOT))} <= modes.keys()
    # Where files need no bit to be run, GIMP would take another file of its folder's name for a plug-in.
    paths = [Path(name) for name in modes]
    assert [path for path in paths if path.stem == path.parent.name] == [Path("cutsmith/cutsmith.py")]


def test_the_same_files_make_the_same_bytes(packed, wheels, tmp_path):
    for each in wheels:
        os.utime(each, (1, 1))
    again = tmp_path / "again.zip"
    pack(Clone(ROOT), wheels, again)
    assert again.read_bytes() == packed.read_bytes()


def test_its_installer_runs_by_itself_and_knows_what_it_is(bundle, own_folders):
    assert is_bundle(bundle.root)
    command = [sys.executable, "-I", "-B", str(bundle.root / "install.py"), "demo"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2
    assert "it knows gimp and uninstall" in refused.stderr


def test_the_plan_names_the_folder_and_the_sizes(bundle, capsys, monkeypatch):
    monkeypatch.setattr(first_run, "Bundle", lambda root: bundle)
    assert first_run.main(["plan"]) == 0
    told = json.loads(capsys.readouterr().out)
    environment = str(bundle_environment())
    assert told == {"download": 214, "disk": 728, "weights": 179, "environment": environment, "is_there": False}


@pytest.fixture
def calls(bundle, monkeypatch):
    """What was asked of the stand-ins for pip, the weights and the worker."""
    made = []

    def prepare(clone, installation, **_):
        made.append((installation.extras, installation.pinned))
        return clone.environment / "bin" / "python"

    monkeypatch.setattr(first_run, "prepare_environment", prepare)
    monkeypatch.setattr(first_run, "ensure_weights", lambda python: made.append("weights"))
    monkeypatch.setattr(first_run, "try_worker", lambda place, config: f"it works in {place.name}")
    return made


def test_setting_up_writes_the_config_that_the_plug_in_reads(bundle, calls):
    told = []
    assert set_up(bundle, report=lambda text, share: told.append(share)) == "it works in cutsmith"
    config = read_config(bundle.place)
    assert config.command[0] == str(bundle_environment() / "bin" / "python")
    assert config.version == Clone(ROOT).version
    assert config.install.endswith("set_up/install.py gimp")
    assert calls == [((), True), "weights"]
    assert told == sorted(told)
    assert differences(bundle.place, Clone(ROOT), None) == []


def test_a_repair_makes_what_is_complete_anew_and_keeps_its_extras(bundle, calls, monkeypatch):
    set_up(bundle)
    bundle.environment.mkdir(parents=True)
    write_stamp(bundle.environment, Stamp("root", "python", "project", ("text",), complete=True))
    calls.clear()

    def broken_off(*_, **__):
        assert not read_stamp(bundle.environment).complete
        raise KeyboardInterrupt

    set_up(bundle, extras=["heic"])
    assert calls[0] == (("heic", "text"), True)
    assert read_stamp(bundle.environment).complete, "only a repair makes it anew"
    monkeypatch.setattr(first_run, "prepare_environment", broken_off)
    with pytest.raises(KeyboardInterrupt):
        set_up(bundle, anew=True)
    assert not (bundle.place / "config.json").exists(), "the plug-in takes nothing half-made for an engine"


def test_two_do_not_set_up_at_once(bundle, calls):
    with first_run.only_one(bundle.environment), pytest.raises(InstallFailed, match="Another program is setting up"):
        set_up(bundle)
    assert calls == []
    set_up(bundle)


def test_the_environment_is_removed_with_the_rest(bundle, own_folders):
    bundle_environment().mkdir(parents=True)
    assert bundle_environment() not in planned_removal(Clone(ROOT), weights=False), "it is not known to be ours"
    (bundle_environment() / "cutsmith-install.json").write_text("{}")
    with first_run.only_one(bundle_environment()):
        pass
    assert {bundle_environment(), lock_of(bundle_environment())} <= set(planned_removal(Clone(ROOT), weights=False))


def test_pips_lines_become_a_share_of_what_is_fetched():
    told = []
    progress = PipProgress(100, lambda text, share: told.append((text, share)))
    for line in (
        "Collecting numpy>=1.26",
        "  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_27_x86_64.whl (20.0 MB)".strip(),
        "Progress 20000000 of 20000000",
        "Using cached onnxruntime-1.24.1-cp311-cp311-manylinux.whl (30.0 MB)",
        "Installing collected packages: numpy, onnxruntime",
    ):
        progress.line(line)
    assert [text.partition("…")[0] for text, _ in told] == [
        "Fetching numpy (0 of at most 100 MB)",
        "Fetching onnxruntime (50 of at most 100 MB)",
        "Unpacking what was fetched, which takes a minute",
    ]
    assert [share for _, share in told] == pytest.approx([0.0, 0.35, 0.7])


def test_a_zip_is_all_that_it_makes(tmp_path):
    with pytest.raises(InstallFailed, match="--zip installs nothing"):
        install_into_gimp(Clone(ROOT), extras=["text"], zip_file=tmp_path / "a.zip")
