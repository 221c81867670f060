import os
import shutil
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from installer.failure import InstallFailed
from installer.folders import COPIED_FILES
from installer.gimp.config import read_config, wanted_config
from installer.gimp.plug_in import (
    REPLACED,
    UNFINISHED,
    check_place,
    contents,
    differences,
    place_plug_in,
    remove_plug_in,
    require_run_bit,
)
from tests.installer.stand_ins import make_plug_in_clone, make_profile

pytestmark = pytest.mark.usefixtures("own_folders")


@pytest.fixture
def clone(tmp_path):
    return make_plug_in_clone(tmp_path / "clone é 1")


@pytest.fixture
def profile(tmp_path):
    return make_profile(tmp_path / "GIMP é 1")


@pytest.fixture
def config(clone):
    return wanted_config(clone, Path(sys.executable), [])


def files_under(folder):
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def test_the_plug_in_and_the_workers_client_are_copied_whole(clone, profile, config):
    assert place_plug_in(profile, clone, config)
    assert files_under(profile.plug_ins) == {
        f"cutsmith/{name}"
        for name in ("cutsmith.py", "dialogs/preview.py", "config.json", *(Path(name).name for name in COPIED_FILES))
    }
    assert os.access(profile.place / "cutsmith.py", os.X_OK)
    assert read_config(profile.place) == config
    assert differences(profile.place, clone, config) == []
    assert not place_plug_in(profile, clone, config), "nothing was left to do"


def test_a_profile_without_a_folder_for_plug_ins_gets_one(clone, profile, config):
    profile.plug_ins.rmdir()
    assert place_plug_in(profile, clone, config)
    assert (profile.place / "cutsmith.py").is_file()


def test_an_older_one_goes_with_all_that_it_had(clone, profile, config):
    place_plug_in(profile, clone, replace(config, version="0.0.9"))
    (profile.place / "old.py").touch()
    (profile.place / "session.py").write_text("older")
    (profile.place / "dialogs" / "preview.py").unlink()
    (profile.place / "cutsmith.py").chmod(0o644)
    assert differences(profile.place, clone, config) == [
        "dialogs/preview.py is missing",
        "session.py is another version's",
        "old.py is not part of it any more",
        "config.json says something else",
    ]
    with pytest.raises(InstallFailed, match=r"cutsmith\.py may not be run.*\n  chmod \+x '.*GIMP é 1"):
        require_run_bit(profile.place)
    assert place_plug_in(profile, clone, config)
    assert differences(profile.place, clone, config) == []
    assert [entry.name for entry in profile.plug_ins.iterdir()] == ["cutsmith"]
    require_run_bit(profile.place)


def test_what_gimps_python_leaves_there_is_no_difference(clone, profile, config):
    place_plug_in(profile, clone, config)
    (profile.place / "__pycache__").mkdir()
    (profile.place / "__pycache__" / "client.cpython-313.py").touch()
    assert differences(profile.place, clone, config) == []


@pytest.mark.skipif(sys.platform == "win32", reason="run bits")
def test_a_lost_run_bit_is_set_again(clone, profile, config):
    place_plug_in(profile, clone, config)
    (profile.place / "cutsmith.py").chmod(0o644)
    assert place_plug_in(profile, clone, config)
    require_run_bit(profile.place)


@pytest.mark.parametrize("theirs", ["folder", "file", "config", "link"])
def test_what_is_somebody_elses_is_refused_and_stays(clone, profile, config, tmp_path, theirs):
    place = profile.place
    if theirs == "file":
        place.write_text("theirs")
    else:
        folder = tmp_path / "elsewhere" if theirs == "link" else place
        folder.mkdir()
        (folder / ("config.json" if theirs == "config" else "cutsmith.py")).write_text('{"format": 1}')
        if theirs == "link":
            place.symlink_to(folder)
    before = files_under(profile.folder)
    for attempt in (lambda: check_place(profile, clone), lambda: place_plug_in(profile, clone, config)):
        with pytest.raises(InstallFailed, match=r"is there already, and this installer did not make it"):
            attempt()
    assert files_under(profile.folder) == before


@pytest.mark.parametrize("target", ["nothing", "the clone's", "a copy"])
def test_a_link_that_is_ours_gives_way_and_its_target_stays(clone, profile, config, tmp_path, target):
    other = make_profile(tmp_path / "other")
    place_plug_in(other, clone, config)
    profile.place.symlink_to(
        {"nothing": tmp_path / "gone", "the clone's": clone.plug_in, "a copy": other.place}[target]
    )
    assert place_plug_in(profile, clone, config)
    assert not profile.place.is_symlink()
    assert differences(profile.place, clone, config) == []
    assert (clone.plug_in / "cutsmith.py").is_file()
    assert not (clone.plug_in / "config.json").exists()
    assert (other.place / "config.json").is_file()


def test_a_folder_of_plug_ins_that_is_a_link_is_followed(clone, profile, config, tmp_path):
    profile.plug_ins.rmdir()
    (tmp_path / "my plug-ins").mkdir()
    profile.plug_ins.symlink_to(tmp_path / "my plug-ins")
    place_plug_in(profile, clone, config)
    assert (tmp_path / "my plug-ins" / "cutsmith" / "config.json").is_file()


def test_where_the_copy_fails_the_old_one_stays_as_it_was(clone, profile, config, monkeypatch):
    place_plug_in(profile, clone, config)
    before = {path: path.read_bytes() for path in profile.place.rglob("*.py")}
    (clone.plug_in / "cutsmith.py").write_text("newer")

    def full(source, target):
        if target.name == "rendezvous.py":
            raise OSError(28, "No space left on device", str(target))

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(InstallFailed, match=r"rendezvous\.py cannot be written: No space left on device"):
        place_plug_in(profile, clone, config)
    assert {path: path.read_bytes() for path in profile.place.rglob("*.py")} == before
    assert [entry.name for entry in profile.plug_ins.iterdir()] == ["cutsmith"]


def test_where_the_new_one_cannot_take_the_place_the_old_one_comes_back(clone, profile, config, monkeypatch):
    place_plug_in(profile, clone, config)
    (clone.plug_in / "cutsmith.py").write_text("newer")
    rename = Path.rename

    def refuse(path, target):
        if path.name == UNFINISHED:
            raise PermissionError(13, "Permission denied", str(target))
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(InstallFailed, match="Permission denied"):
        place_plug_in(profile, clone, config)
    assert "MENU" in (profile.place / "cutsmith.py").read_text()
    assert [entry.name for entry in profile.plug_ins.iterdir()] == ["cutsmith"]


def test_what_a_killed_run_left_is_no_obstacle(clone, profile, config):
    place_plug_in(profile, clone, config)
    profile.place.rename(profile.plug_ins / REPLACED)
    (profile.plug_ins / UNFINISHED).mkdir()
    (profile.plug_ins / UNFINISHED / "half.py").touch()
    place_plug_in(profile, clone, config)
    assert differences(profile.place, clone, config) == []
    assert not (profile.plug_ins / UNFINISHED).exists()
    remove_plug_in(profile.place)
    assert list(profile.plug_ins.iterdir()) == []


@pytest.mark.parametrize("lost", ["gimp_plugin/cutsmith/cutsmith.py", "core/cutsmith/worker/session.py"])
def test_a_clone_that_is_not_whole_is_said(clone, lost):
    (clone.root / lost).unlink()
    with pytest.raises(InstallFailed, match=f"The clone is not whole; it lacks\n +.*{lost}"):
        contents(clone)


@pytest.fixture
def another_user():
    """Whoever may not write where root may: the effective user of the process, if that is root, for a while."""
    if not hasattr(os, "geteuid"):
        pytest.skip("no users")
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    yield
    if was_root:
        os.seteuid(0)


@pytest.fixture
def open_folder():
    """A folder that others may read too, as pytest's own may not."""
    folder = Path(tempfile.mkdtemp(prefix="cutsmith-test-"))
    folder.chmod(0o755)
    yield folder
    for path in folder.rglob("*"):
        path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture
def read_only(open_folder):
    """A clone and two profiles, one with a plug-ins folder and one without, where nothing may be written."""
    clone = make_plug_in_clone(open_folder / "clone é")
    config = wanted_config(clone, Path(sys.executable), [])
    with_folder, without = make_profile(open_folder / "a"), make_profile(open_folder / "b")
    without.plug_ins.rmdir()
    for folder in (with_folder.plug_ins, with_folder.folder, without.folder):
        folder.chmod(0o555)
    return clone, config, with_folder, without


def test_a_folder_that_may_not_be_written_is_named(read_only, another_user):
    clone, config, with_folder, without = read_only
    for profile in (with_folder, without):
        with pytest.raises(InstallFailed, match=f"{profile.plug_ins}.* cannot be written: Permission denied") as failed:
            place_plug_in(profile, clone, config)
        assert f"Make {profile.plug_ins} writable" in failed.value.remedy
