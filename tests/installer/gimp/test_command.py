"""The command as a whole; what it calls is stood in for: pip, the weights, the worker, and GIMP itself."""

import json
import sys
from pathlib import Path

import pytest

from installer.failure import InstallFailed
from installer.gimp import command as gimp
from installer.gimp import trial as gimp_trial
from installer.gimp.command import install_into_gimp
from installer.gimp.profiles import FLATPAK
from installer.host_memory import RememberedProfile, remembered_profiles
from tests.installer.stand_ins import make_gimp, make_plug_in_clone, make_profile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins are scripts, the folders Linux's")

READY = "ready: Filters > Cut Out… after a restart of GIMP"


@pytest.fixture
def clone(tmp_path):
    return make_plug_in_clone(tmp_path / "clone é 1")


@pytest.fixture
def root(own_folders):
    """The folder of GIMP's profiles."""
    return own_folders / "config" / "GIMP"


@pytest.fixture
def calls(monkeypatch, tmp_path, own_folders):
    """What was asked of the stand-ins, in order."""
    made = []

    def prepare(clone, installation):
        made.append(("prepare", installation.extras))
        return clone.environment / "bin/python"

    def try_worker(folder, config):
        made.append(("try", folder, config.command[0]))
        return "Cutsmith cut"

    monkeypatch.setattr(gimp, "prepare_environment", prepare)
    monkeypatch.setattr(gimp, "ensure_weights", lambda python: made.append(("weights", python)))
    monkeypatch.setattr(gimp_trial, "try_worker", try_worker)
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")
    return made


def test_every_profile_gets_it_and_both_ends_are_tried(clone, root, calls, tmp_path, capsys):
    old, new = make_profile(root, "3.0"), make_profile(root, "3.2")
    make_gimp(tmp_path / "programs", "3.2.6")
    assert install_into_gimp(clone, extras=["sam2"]) == 0
    python = clone.environment / "bin/python"
    assert calls == [("prepare", ("sam2",)), ("weights", python), ("try", old.place, str(python))]
    said = capsys.readouterr().out.splitlines()
    assert said[-2:] == [
        f"GIMP 3.0 ({old.folder}): {READY} (not tried in GIMP: no gimp-console-3.0 on the search path)",
        f"GIMP 3.2 ({new.folder}): {READY} (tried with GIMP 3.2.6)",
    ]
    assert "Tried: Cutsmith cut." in said
    assert remembered_profiles() == [RememberedProfile(str(each.folder), str(clone.root)) for each in (old, new)]


def test_a_second_run_copies_nothing(clone, root, calls, capsys):
    profile = make_profile(root)
    install_into_gimp(clone)
    before = (profile.place / "cutsmith.py").stat().st_ino
    assert install_into_gimp(clone) == 0
    assert (profile.place / "cutsmith.py").stat().st_ino == before
    assert "there already, and the same." in capsys.readouterr().out


def test_without_a_profile_gimp_is_started_once_and_the_plug_in_goes_into_the_profile_it_makes(
    clone, root, calls, tmp_path
):
    make_gimp(tmp_path / "programs")
    assert install_into_gimp(clone) == 0
    assert (root / "3.0/plug-ins/cutsmith/config.json").is_file()


def test_only_the_profile_that_is_named_and_it_is_named_again_in_the_mending_command(clone, root, calls, tmp_path):
    other, named = make_profile(root), make_profile(tmp_path, "my profile é")
    assert install_into_gimp(clone, named=named.folder) == 0
    assert not other.place.exists()
    install = json.loads((named.place / "config.json").read_text())["install"]
    assert install.endswith(f"gimp --gimp-dir '{named.folder}'")


def test_what_is_somebody_elses_stops_it_before_anything_is_fetched(clone, root, calls):
    profile = make_profile(root)
    profile.place.mkdir()
    with pytest.raises(InstallFailed, match="this installer did not make it"):
        install_into_gimp(clone)
    assert calls == []
    assert list(profile.place.iterdir()) == []


def test_where_one_profile_is_refused_the_others_are_done_and_the_code_says_so(clone, root, calls, capsys):
    taken, free = make_profile(root, "3.0"), make_profile(root, "3.2")
    taken.place.write_text("theirs")
    assert install_into_gimp(clone) == 1
    assert (free.place / "config.json").is_file()
    said = capsys.readouterr().out
    assert f"GIMP 3.0 ({taken.folder}): NOT READY: {taken.place} is there already" in said
    assert f"GIMP 3.2 ({free.folder}): {READY}" in said


def test_a_worker_that_does_not_work_is_tried_once_and_told_for_each(clone, root, calls, monkeypatch, capsys):
    make_profile(root, "3.0")
    make_profile(root, "3.2")
    tries = []

    def fail(*given):
        tries.append(given)
        raise InstallFailed("the worker hangs", "do this")

    monkeypatch.setattr(gimp_trial, "try_worker", fail)
    assert install_into_gimp(clone) == 1
    assert len(tries) == 1
    assert capsys.readouterr().out.count("NOT READY: the worker hangs\n  do this\n") == 2


def test_a_gimp_that_does_not_load_it_is_not_ready(clone, root, calls, tmp_path, capsys):
    make_profile(root)
    make_gimp(tmp_path / "programs", procedures=())
    assert install_into_gimp(clone) == 1
    assert "NOT READY: GIMP 3.0.4 started and did not load the plug-in" in capsys.readouterr().out


def test_a_flatpak_needs_a_python_that_lies_at_home(clone, own_folders, calls, monkeypatch, capsys):
    profile = make_profile(own_folders / FLATPAK)
    assert install_into_gimp(clone) == 1
    said = capsys.readouterr().out
    assert f"GIMP 3.0 of the Flatpak ({profile.folder}): NOT READY: a Flatpak's GIMP starts only programs" in said
    assert str(clone.environment / "bin/python") in said
    assert (profile.place / "config.json").is_file()

    at_home = own_folders / "clone/.venv/bin/python"
    at_home.parent.mkdir(parents=True)
    at_home.symlink_to(sys.executable)
    monkeypatch.setattr(gimp, "prepare_environment", lambda *_: at_home)
    assert install_into_gimp(clone) == 1
    assert f"and not {at_home.resolve()}." in capsys.readouterr().out

    at_home.unlink()
    at_home.touch()
    assert install_into_gimp(clone) == 0
    assert f"({profile.folder}): copied, and not tried" in capsys.readouterr().out


@pytest.fixture
def script(tmp_path):
    def make(line):
        path = tmp_path / "my python é"
        path.write_text(f"#!/bin/sh\n{line}\n")
        path.chmod(0o755)
        return path

    return make


def test_another_python_is_taken_as_it_is(clone, root, calls, script, monkeypatch):
    profile = make_profile(root)
    python = script("echo 0.1.0")
    monkeypatch.chdir(python.parent)
    assert install_into_gimp(clone, python=Path(python.name)) == 0
    assert [call[0] for call in calls] == ["weights", "try"]
    config = json.loads((profile.place / "config.json").read_text())
    assert config["command"] == [str(python), "-m", "cutsmith"]
    assert config["install"].endswith(f"gimp --python '{python}'")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("echo 0.0.9", r"has Cutsmith 0\.0\.9; this clone is 0\.1\.0"),
        ("echo ModuleNotFoundError >&2; exit 1", r"no Cutsmith that it can import:\n +ModuleNotFoundError"),
    ],
)
def test_another_python_without_this_cutsmith_is_refused(clone, root, calls, script, line, words):
    make_profile(root)
    with pytest.raises(InstallFailed, match=words):
        install_into_gimp(clone, python=script(line))
    assert calls == []


def test_a_python_that_is_not_there_or_cannot_be_run_is_refused(clone, root, calls, script, tmp_path):
    make_profile(root)
    with pytest.raises(InstallFailed, match="There is no Python"):
        install_into_gimp(clone, python=tmp_path / "none")
    python = script("")
    python.chmod(0o644)
    with pytest.raises(InstallFailed, match="cannot be run: Permission denied"):
        install_into_gimp(clone, python=python)


def test_extras_for_another_python_are_wrong_usage(clone, calls):
    with pytest.raises(InstallFailed) as failed:
        install_into_gimp(clone, python=Path(sys.executable), extras=["sam2"])
    assert failed.value.exit_code == 2
