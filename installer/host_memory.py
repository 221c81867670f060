"""Remembers every ComfyUI and every profile of GIMP that Cutsmith was put into: `uninstall` takes it out again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from installer.folders import user_data

FILE_NAME = "hosts.json"
KEY = "comfyui"
PROFILES_KEY = "gimp"


@dataclass(frozen=True)
class RememberedHost:
    """One ComfyUI: its folder and Python, the clone that was set up, where its pack is, and what pip added.

    `pack` is empty where the clone itself lies in custom_nodes.
    """

    folder: str
    python: str
    clone: str
    pack: str
    added: tuple[str, ...] = ()


@dataclass(frozen=True)
class RememberedProfile:
    """One profile of GIMP: its folder, and the clone that its plug-in is a copy of."""

    folder: str
    clone: str


def memory_file() -> Path:
    """Where it is kept, in the user's data folder."""
    return user_data() / FILE_NAME


def remembered_hosts() -> list[RememberedHost]:
    """All ComfyUIs that are remembered; what cannot be understood is passed over."""
    return [entry for entry in map(_host, _entries(KEY)) if entry is not None]


def remembered_profiles() -> list[RememberedProfile]:
    """All profiles of GIMP that are remembered; what cannot be understood is passed over."""
    return [entry for entry in map(_profile, _entries(PROFILES_KEY)) if entry is not None]


def remember(host: RememberedHost) -> None:
    """Remember `host`, in the place of what was known of the same folder."""
    _write(KEY, [*(each for each in remembered_hosts() if each.folder != host.folder), host])


def remember_profile(profile: RememberedProfile) -> None:
    """Remember `profile`, in the place of what was known of the same folder."""
    _write(PROFILES_KEY, [*(each for each in remembered_profiles() if each.folder != profile.folder), profile])


def forget(folders: Sequence[str]) -> None:
    """Forget the ComfyUIs in these folders; with the last of all that is remembered the file goes."""
    hosts = remembered_hosts()
    left = [each for each in hosts if each.folder not in folders]
    if left != hosts:
        _write(KEY, left)


def forget_profiles(folders: Sequence[str]) -> None:
    """Forget the profiles in these folders; with the last of all that is remembered the file goes."""
    profiles = remembered_profiles()
    left = [each for each in profiles if each.folder not in folders]
    if left != profiles:
        _write(PROFILES_KEY, left)


def _content() -> dict[str, Any]:
    try:
        content = json.loads(memory_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _entries(key: str) -> list[Any]:
    entries = _content().get(key)
    return entries if isinstance(entries, list) else []


def _host(fields: Any) -> RememberedHost | None:
    try:
        host = RememberedHost(**{**fields, "added": tuple(fields["added"])})
    except (KeyError, TypeError):
        return None
    words = (host.folder, host.python, host.clone, host.pack, *host.added)
    return host if all(isinstance(each, str) for each in words) else None


def _profile(fields: Any) -> RememberedProfile | None:
    try:
        profile = RememberedProfile(**fields)
    except TypeError:
        return None
    return profile if isinstance(profile.folder, str) and isinstance(profile.clone, str) else None


def _write(key: str, entries: Sequence[RememberedHost] | Sequence[RememberedProfile]) -> None:
    """Put `entries` into the file, beside what it has of other kinds; where nothing is left the file goes."""
    path = memory_file()
    content = {**_content(), key: [asdict(entry) for entry in entries]}
    content = {name: value for name, value in content.items() if value}
    if not content:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
