"""Where this user's things are kept, and how to say otherwise."""

from __future__ import annotations

from pathlib import Path

from cutsmith.machine.folders import cache_folder, compiled_folder


def test_the_cache_can_be_named(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("CUTSMITH_CACHE", str(tmp_path / "here"))
    assert cache_folder() == tmp_path / "here"
    assert compiled_folder().parent == tmp_path / "here"


def test_the_cache_is_the_users_otherwise(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("CUTSMITH_CACHE", " ")
    assert cache_folder().name == "cutsmith" or "cutsmith" in cache_folder().parts
    assert isinstance(cache_folder(), Path)
    assert cache_folder() != tmp_path
