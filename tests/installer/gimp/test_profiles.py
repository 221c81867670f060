import sys
from pathlib import Path

import pytest

from installer.failure import InstallFailed
from installer.gimp import profiles as gimp_profiles
from installer.gimp.profiles import FLATPAK, Profile, find_profiles, profiles_root
from tests.installer.stand_ins import make_profile

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="folders of Linux")


@pytest.fixture
def home(own_folders):
    return own_folders


def test_gimp_3_in_all_its_versions_and_no_other(home):
    for version in ("2.10", "2.99", "3.10", "3.2", "3.0", "3", "3.0-backup", "4.0"):
        make_profile(home / "config" / "GIMP", version)
    (home / "config" / "GIMP" / "3.4").touch()
    assert [profile.version for profile in find_profiles()] == ["3.0", "3.2", "3.10"]
    assert find_profiles()[0].place == home / "config/GIMP/3.0/plug-ins/cutsmith"


@pytest.mark.parametrize("chosen", ["", "  ", "not/absolute", None])
def test_without_a_folder_for_settings_it_is_the_homes(home, monkeypatch, chosen):
    monkeypatch.delenv("XDG_CONFIG_HOME")
    if chosen is not None:
        monkeypatch.setenv("XDG_CONFIG_HOME", chosen)
    profile = make_profile(home / ".config" / "GIMP")
    assert find_profiles() == [profile]


def test_the_flatpaks_are_told_apart(home):
    plain = make_profile(home / "config" / "GIMP", "3.2")
    boxed = make_profile(home / FLATPAK, "3.0")
    assert find_profiles() == [plain, Profile(boxed.folder, is_flatpak=True)]
    assert find_profiles(boxed.folder) == [Profile(boxed.folder, is_flatpak=True)]
    assert str(find_profiles()[1]) == f"GIMP 3.0 of the Flatpak ({boxed.folder})"


def test_gimps_own_variable_names_one_too_and_none_counts_twice(home, monkeypatch):
    plain = make_profile(home / "config" / "GIMP")
    (home / "mine é").mkdir()
    monkeypatch.setenv("GIMP3_DIRECTORY", "mine é")
    assert find_profiles() == [Profile(home / "mine é"), plain]
    monkeypatch.setenv("GIMP3_DIRECTORY", str(plain.folder))
    assert find_profiles() == [plain]
    monkeypatch.setenv("GIMP3_DIRECTORY", str(home / "not there"))
    assert find_profiles() == [plain]


def test_a_folder_that_is_named_is_the_only_one(home, monkeypatch):
    make_profile(home / "config" / "GIMP")
    named = make_profile(home, "my profile é")
    monkeypatch.chdir(home)
    assert find_profiles(Path("x/../my profile é")) == [named]
    assert named.version == ""
    (home / "empty").mkdir()
    assert find_profiles(home / "empty") == [Profile(home / "empty")]


def test_a_folder_that_is_none_is_refused_with_the_one_that_is_meant(home):
    profile = make_profile(home / "config" / "GIMP")
    for named, words in (
        (home / "no where", "There is no folder"),
        (profile.plug_ins, f'--gimp-dir "{profile.folder}"'),
        (profile.folder.parent, f'holds 3.0.\n  Give one of them:  --gimp-dir "{profile.folder}"'),
        (home, "is not a profile of GIMP: it has none of gimprc"),
    ):
        with pytest.raises(InstallFailed) as failed:
            find_profiles(named)
        assert words in str(failed.value)


def test_the_folders_of_other_systems(home, monkeypatch):
    monkeypatch.setattr(gimp_profiles.sys, "platform", "win32")
    assert profiles_root() == home / "config" / "GIMP"
    monkeypatch.delenv("APPDATA")
    assert profiles_root() == home / "AppData/Roaming/GIMP"
    monkeypatch.setattr(gimp_profiles.sys, "platform", "darwin")
    profile = make_profile(home / "Library/Application Support/GIMP")
    assert find_profiles() == [profile]
