from dataclasses import replace

import pytest

from installer.folders import user_data
from installer.host_memory import (
    RememberedHost,
    RememberedProfile,
    forget,
    memory_file,
    remember,
    remembered_hosts,
    remembered_profiles,
)

HOST = RememberedHost(
    "/é/ComfyUI", "/é/ComfyUI/.venv/bin/python", "/clone", "/é/ComfyUI/custom_nodes/ComfyUI-Cutsmith", ("loky",)
)
PROFILE = RememberedProfile("/é/GIMP/3.0", "/clone")
OTHER = replace(HOST, folder="/other", added=())

pytestmark = pytest.mark.usefixtures("own_folders")


def test_what_was_remembered_is_found_again():
    remember(HOST)
    remember(OTHER)
    assert remembered_hosts() == [HOST, OTHER]
    assert [path.name for path in user_data().iterdir()] == ["hosts.json"]


def test_the_same_folder_is_remembered_once_as_it_was_last():
    remember(HOST)
    remember(OTHER)
    remember(replace(HOST, clone="/new"))
    assert remembered_hosts() == [OTHER, replace(HOST, clone="/new")]


def test_with_the_last_one_the_file_goes():
    remember(HOST)
    remember(OTHER)
    forget([HOST.folder])
    assert remembered_hosts() == [OTHER]
    forget([OTHER.folder])
    assert not memory_file().exists()
    forget([OTHER.folder])


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"comfyui": 3}', '{"comfyui": null}', "\udcff"])
def test_a_file_of_something_else_is_no_memory_and_forgetting_leaves_it_alone(content):
    memory_file().parent.mkdir(parents=True)
    memory_file().write_bytes(content.encode(errors="surrogateescape"))
    assert remembered_hosts() == []
    forget([HOST.folder])
    assert memory_file().read_bytes() == content.encode(errors="surrogateescape")
    remember(HOST)
    assert remembered_hosts() == [HOST]


@pytest.mark.parametrize(
    "entry",
    [
        "3",
        "{}",
        '{"folder": "/a", "python": "/b", "clone": "/c", "pack": "", "added": 3}',
        '{"folder": "/a", "python": "/b", "clone": "/c", "pack": null, "added": []}',
        '{"folder": "/a", "python": "/b", "clone": "/c", "pack": "", "added": [], "of a later version": 1}',
    ],
)
def test_an_entry_that_is_not_understood_is_passed_over(entry):
    remember(HOST)
    text = memory_file().read_text()
    memory_file().write_text(text.replace('"comfyui": [', f'"comfyui": [{entry},'))
    assert remembered_hosts() == [HOST]


def test_profiles_of_gimp_are_remembered_beside_the_comfyuis():
    remember(HOST)
    remember(PROFILE)
    remember(replace(PROFILE, folder="/other"))
    remember(replace(PROFILE, clone="/new"))
    assert remembered_profiles() == [replace(PROFILE, folder="/other"), replace(PROFILE, clone="/new")]
    assert remembered_hosts() == [HOST]
    forget([HOST.folder])
    assert remembered_hosts() == []
    forget(["/other"])
    assert remembered_profiles() == [replace(PROFILE, clone="/new")]
    forget([PROFILE.folder])
    assert not memory_file().exists()


def test_a_file_of_an_earlier_version_and_what_a_later_one_adds_are_kept():
    memory_file().parent.mkdir(parents=True)
    memory_file().write_text('{"comfyui": [], "of a later version": {"a": 1}}')
    remember(PROFILE)
    assert remembered_profiles() == [PROFILE]
    forget([PROFILE.folder])
    assert "of a later version" in memory_file().read_text()


@pytest.mark.parametrize(
    "entry", ["3", "{}", '{"folder": 3, "clone": "/c"}', '{"folder": "/a", "clone": "/c", "x": 1}']
)
def test_a_profile_that_is_not_understood_is_passed_over(entry):
    remember(PROFILE)
    memory_file().write_text(memory_file().read_text().replace('"gimp": [', f'"gimp": [{entry},'))
    assert remembered_profiles() == [PROFILE]
