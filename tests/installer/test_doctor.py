import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from installer.doctor import examine
from installer.failure import InstallFailed
from installer.gimp import trial as gimp_trial
from installer.gimp.config import mending_command, wanted_config
from installer.gimp.plug_in import place_plug_in
from installer.host_memory import RememberedHost, RememberedProfile, remember
from tests.installer.stand_ins import (
    add_distribution,
    make_comfyui,
    make_gimp,
    make_plug_in_clone,
    make_profile,
    make_python,
    site_packages,
)

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins are scripts, the folders Linux's")


@pytest.fixture
def clone(tmp_path):
    return make_plug_in_clone(tmp_path / "clone é 1")


@pytest.fixture
def profile(own_folders, clone):
    """One that has the plug-in."""
    made = make_profile(own_folders / "config" / "GIMP")
    place_plug_in(made, clone, wanted_config(clone, Path(sys.executable), []))
    return made


@pytest.fixture(autouse=True)
def stand_ins(own_folders, tmp_path, monkeypatch):
    monkeypatch.setattr(gimp_trial, "try_worker", lambda folder, config: "Cutsmith cut")
    monkeypatch.setenv("PATH", f"{tmp_path / 'programs'}:/usr/bin:/bin")


def state_of(folder):
    return {path: (path.stat().st_mtime_ns, path.is_dir() or path.read_bytes()) for path in folder.rglob("*")}


def test_all_is_well_and_nothing_is_changed(clone, profile, own_folders, tmp_path, capsys):
    log = make_gimp(tmp_path / "programs")
    before = state_of(own_folders)
    assert examine(clone) == 0
    assert state_of(own_folders) == before
    assert capsys.readouterr().out.splitlines()[-1] == (
        f"GIMP 3.0 ({profile.folder}): ready: Filters > Cut Out… after a restart of GIMP (tried with GIMP 3.0.4)"
    )
    assert not log.read_text().splitlines()[-1].startswith(str(profile.folder))


def remove_main(profile):
    (profile.place / "cutsmith.py").unlink()


def forbid_running(profile):
    (profile.place / "cutsmith.py").chmod(0o644)


def spoil_config(profile):
    path = profile.place / "config.json"
    path.write_text(path.read_text().replace('"command": [', '"command": [3,'))


def lose_config(profile):
    (profile.place / "config.json").unlink()
    profile.place.rename(profile.folder / "kept")
    profile.place.symlink_to(profile.folder / "gone")


def take_away(profile):
    shutil.rmtree(profile.place)


@pytest.mark.parametrize(
    ("harm", "words"),
    [
        (remove_main, "it is older or other than this clone: cutsmith.py is missing."),
        (forbid_running, "may not be run: its x bit is not set"),
        (spoil_config, "something in it is no text"),
        (lose_config, "is something else, which install.py did not make"),
        (take_away, "it does not have the plug-in."),
    ],
)
def test_what_is_wrong_is_told_with_the_command_that_mends_it(clone, profile, capsys, harm, words):
    harm(profile)
    assert examine(clone) == 1
    said = capsys.readouterr().out
    assert f"GIMP 3.0 ({profile.folder}): NOT READY: " in said
    assert words in said
    if harm not in (forbid_running, lose_config):
        assert said.endswith(f"\n  {mending_command(clone, 'gimp')}\n")


def test_one_of_another_version_or_another_clone_is_told(clone, profile, tmp_path, capsys):
    config = wanted_config(clone, Path(sys.executable), ["--python", "x"])
    place_plug_in(profile, clone, replace(config, version="0.0.9"))
    assert examine(clone) == 1
    assert f"is set up for Cutsmith 0.0.9; this clone is 0.1.0.\n  {config.install}\n" in capsys.readouterr().out
    other = make_plug_in_clone(tmp_path / "other")
    (other.plug_in / "cutsmith.py").write_text("newer")
    assert examine(other) == 1
    said = capsys.readouterr().out
    assert f"cutsmith.py is another version's. (It is from {clone.root}.)\n  {mending_command(other, 'gimp')}" in said


def test_a_link_to_the_clones_plug_in_does_not_find_cutsmith(clone, profile, capsys):
    shutil.rmtree(profile.place)
    profile.place.symlink_to(clone.plug_in)
    assert examine(clone) == 1
    assert "has no config.json, so it does not find Cutsmith" in capsys.readouterr().out


def test_what_the_worker_and_gimp_say_counts(clone, profile, tmp_path, monkeypatch, capsys):
    make_gimp(tmp_path / "programs", procedures=())
    assert examine(clone) == 1
    assert "did not load the plug-in" in capsys.readouterr().out

    def fail(*_):
        raise InstallFailed("the worker hangs")

    monkeypatch.setattr(gimp_trial, "try_worker", fail)
    assert examine(clone) == 1
    assert "NOT READY: the worker hangs" in capsys.readouterr().out


def test_one_that_was_named_once_is_remembered_and_has_to_be_named_again(clone, tmp_path, capsys):
    named = make_profile(tmp_path, "my profile")
    remember(RememberedProfile(str(named.folder), str(clone.root)))
    remember(RememberedProfile(str(tmp_path / "gone"), str(clone.root)))
    assert examine(clone) == 1
    command = mending_command(clone, "gimp", "--gimp-dir", str(named.folder))
    assert (
        capsys.readouterr().out == f"GIMP 3 ({named.folder}): NOT READY: it does not have the plug-in.\n  {command}\n"
    )


def test_without_a_profile_it_says_so_and_only_the_one_that_is_named_counts(clone, tmp_path, profile, capsys):
    assert examine(clone, make_profile(tmp_path, "bare").folder) == 1
    assert str(profile.folder) not in capsys.readouterr().out
    assert examine(clone, profile.folder) == 0
    shutil.rmtree(profile.folder)
    assert examine(clone) == 1
    assert "no profile of a GIMP 3 was found" in capsys.readouterr().out


def test_a_comfyui_is_asked_too(clone, profile, tmp_path, capsys):
    folder = make_comfyui(tmp_path / "ComfyUI")
    pack = folder / "custom_nodes" / "ComfyUI-Cutsmith"
    host = RememberedHost(str(folder), str(folder / ".venv/bin/python"), "/gone", str(pack))
    remember(host)
    mend = mending_command(clone, "comfyui", str(folder))
    assert examine(clone) == 1
    assert f"ComfyUI ({folder}): NOT READY: {pack} is missing.\n  {mend}\n" in capsys.readouterr().out
    pack.symlink_to(clone.root)
    assert examine(clone) == 1
    assert f"{host.python} does not answer" in capsys.readouterr().out
    python = make_python(folder / ".venv")
    assert examine(clone) == 1
    assert f"{host.python} has no Cutsmith.\n  {mend}\n" in capsys.readouterr().out
    add_distribution(site_packages(python), "cutsmith", "0.1.0")
    assert examine(clone) == 0
    assert "its Python has Cutsmith 0.1.0" in capsys.readouterr().out
    shutil.rmtree(folder)
    assert examine(clone) == 0
    assert "it is gone" in capsys.readouterr().out
