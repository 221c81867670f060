import shutil
import sys
from pathlib import Path

import pytest

from installer.failure import InstallFailed
from installer.gimp import removal as gimp_removal
from installer.gimp.config import wanted_config
from installer.gimp.plug_in import place_plug_in
from installer.gimp.removal import (
    PlugIn,
    find_plug_ins,
    forget_profiles_without_plug_in,
    take_plug_ins_out,
)
from installer.host_memory import RememberedProfile, remember, remembered_profiles
from tests.installer.stand_ins import make_plug_in_clone, make_profile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="folders of Linux")


@pytest.fixture
def clone(tmp_path):
    return make_plug_in_clone(tmp_path / "clone é 1")


@pytest.fixture
def set_up(own_folders):
    """Puts a clone's plug-in into a profile, and remembers it if it is to be remembered."""

    def put(clone, version="3.0", *, root=own_folders / "config" / "GIMP", remembered=True):
        profile = make_profile(root, version)
        place_plug_in(profile, clone, wanted_config(clone, Path(sys.executable), []))
        if remembered:
            remember(RememberedProfile(str(profile.folder), str(clone.root)))
        return profile

    return put


def take_everything_out(clone, going=()):
    planned = [each for each in find_plug_ins(clone, going) if not clone.is_left_to(each.clone)]
    words = [each.words for each in planned]
    take_plug_ins_out(planned)
    return words


def test_the_found_and_the_remembered_lose_it_and_keep_the_rest(clone, set_up, tmp_path):
    found = set_up(clone, remembered=False)
    named = set_up(clone, "my profile", root=tmp_path)
    (found.plug_ins / "another").mkdir()
    assert take_everything_out(clone) == [f"{each.place}  (the plug-in in GIMP)" for each in (found, named)]
    assert [entry.name for entry in found.plug_ins.iterdir()] == ["another"]
    assert list(named.plug_ins.iterdir()) == []
    assert (found.folder / "gimprc").is_file()
    assert remembered_profiles() == []
    assert take_everything_out(clone) == []


def test_what_is_not_ours_stays(clone, set_up):
    profile = set_up(clone)
    (profile.place / "config.json").write_text("{}")
    assert take_everything_out(clone) == []
    assert (profile.place / "cutsmith.py").is_file()
    forget_profiles_without_plug_in()
    assert remembered_profiles() == []


def test_another_clones_stays_and_is_told_until_that_clone_is_gone(clone, set_up, tmp_path):
    other = make_plug_in_clone(tmp_path / "other")
    profile = set_up(other)
    assert take_everything_out(clone) == []
    assert find_plug_ins(clone, []) == [PlugIn(profile, other.root)]
    assert clone.is_left_to(other.root)
    shutil.rmtree(other.root)
    assert not clone.is_left_to(other.root)
    assert len(take_everything_out(clone)) == 1
    assert list(profile.plug_ins.iterdir()) == []


def test_of_a_link_the_link_alone_goes(clone, set_up):
    profile = set_up(clone)
    shutil.rmtree(profile.place)
    profile.place.symlink_to(clone.plug_in)
    assert take_everything_out(clone) == [f"{profile.place}  (the link only)"]
    assert not profile.place.is_symlink()
    assert (clone.plug_in / "cutsmith.py").is_file()


def test_one_in_a_folder_that_goes_as_a_whole_is_not_touched_first(clone, set_up, tmp_path):
    set_up(clone, root=tmp_path / "cache")
    assert find_plug_ins(clone, [tmp_path / "cache"]) == []


def test_one_that_cannot_be_removed_is_not_forgotten_and_the_others_are_done(clone, set_up, monkeypatch):
    failing, done = set_up(clone, "3.0"), set_up(clone, "3.2")
    remove = gimp_removal.remove_plug_in

    def refuse(place):
        if place == failing.place:
            raise PermissionError(13, "Permission denied", str(place / "client.py"))
        remove(place)

    monkeypatch.setattr(gimp_removal, "remove_plug_in", refuse)
    with pytest.raises(InstallFailed, match=rf"still in GIMP:\n{failing.place}/client\.py: Permission denied"):
        take_everything_out(clone)
    assert list(done.plug_ins.iterdir()) == []
    assert [each.folder for each in remembered_profiles()] == [str(failing.folder)]
