"""Where this user's things are kept, and how to say otherwise."""

from __future__ import annotations

import sys

import pytest

from cutsmith.machine.folders import cache_folder, compiled_folder, config_folder


def test_the_cache_can_be_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("CUTSMITH_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"
    assert compiled_folder().parent == tmp_path / "here"


@pytest.mark.skipif(sys.platform != "linux", reason="folders of Linux")
def test_a_blank_name_counts_as_none_and_the_cache_is_the_users_own(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("CUTSMITH_CACHE", " ")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert cache_folder() == tmp_path / "home" / ".cache" / "cutsmith"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "elsewhere"))
    assert cache_folder() == tmp_path / "elsewhere" / "cutsmith"


@pytest.mark.skipif(sys.platform != "linux", reason="folders of Linux")
def test_what_the_user_writes_has_the_systems_folder_for_settings(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert config_folder() == tmp_path / "cutsmith"
