"""What several of the installer's tests share."""

from __future__ import annotations

import pytest


@pytest.fixture
def own_folders(tmp_path, monkeypatch):
    """User's folders of their own, so that nothing of the user's is read or changed; returns the home folder."""
    home = tmp_path / "home"
    for variable in ("HOME", "USERPROFILE", "LOCALAPPDATA"):
        monkeypatch.setenv(variable, str(home))
    monkeypatch.setenv("XDG_CACHE_HOME", str(home / "cache"))
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("APPDATA", str(home / "config"))
    for variable in ("CUTSMITH_CACHE", "CUTSMITH_HOSTS", "CUTSMITH_CHROMIUM", "GIMP3_DIRECTORY"):
        monkeypatch.delenv(variable, raising=False)
    return home
