import pytest

from cutsmith import __version__
from cutsmith.machine.folders import cache_folder, data_folder
from installer.failure import InstallFailed
from installer.folders import (
    Clone,
    default_cache,
    hosts_folder,
    require_space,
    this_clone,
    user_cache,
    user_data,
)


def test_the_users_folders_are_the_ones_that_the_product_uses(monkeypatch):
    assert user_cache() == cache_folder()
    assert user_data() == data_folder()
    monkeypatch.delenv("CUTSMITH_CACHE", raising=False)
    assert user_cache() == default_cache() == cache_folder()


@pytest.mark.parametrize("value", ["/elsewhere/é x", "~/x", " relative ", "", "  "])
def test_the_cache_follows_its_variable_as_the_product_does(monkeypatch, value):
    monkeypatch.setenv("CUTSMITH_CACHE", value)
    assert user_cache() == cache_folder()


@pytest.mark.parametrize("value", ["/elsewhere/é x", "", "  "])
def test_they_follow_the_freedesktop_variables_as_the_product_does(monkeypatch, value):
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("XDG_DATA_HOME", value)
    test_the_users_folders_are_the_ones_that_the_product_uses(monkeypatch)


def test_a_disk_without_room_is_found_before_anything_is_done(tmp_path):
    require_space(tmp_path / "not" / "there" / "yet", 1)
    with pytest.raises(InstallFailed, match=r"MB free; 999999999 MB are needed"):
        require_space(tmp_path / "not" / "there" / "yet", 999_999_999)


def test_hosts_are_in_the_cache_unless_a_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.setenv("CUTSMITH_HOSTS", " ")
    assert hosts_folder() == user_cache() / "hosts"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CUTSMITH_HOSTS", "my hosts é")
    assert hosts_folder() == tmp_path / "my hosts é"


def test_the_clones_version_is_the_products_and_the_workers_files_are_there():
    clone = this_clone()
    assert clone.version == __version__
    assert all(path.is_file() for path in clone.copied_files)
    assert clone.plug_in == clone.root / "gimp_plugin" / "cutsmith"


def test_a_clone_without_its_project_says_so(tmp_path):
    with pytest.raises(InstallFailed, match="the clone is not whole"):
        _ = Clone(tmp_path).version
