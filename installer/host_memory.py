"""Remembers every ComfyUI and every profile of GIMP that Cutsmith was put into: `uninstall` takes it out again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from installer.folders import user_data
from installer.json_file import read_fields, write_fields


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


Kind = TypeVar("Kind", RememberedHost, RememberedProfile)


def memory_file() -> Path:
    """Where it is kept, in the user's data folder."""
    return user_data() / "hosts.json"


def remembered_hosts() -> list[RememberedHost]:
    """All ComfyUIs that are remembered; what cannot be understood is passed over."""
    return _understood("comfyui", RememberedHost)


def remembered_profiles() -> list[RememberedProfile]:
    """All profiles of GIMP that are remembered; what cannot be understood is passed over."""
    return _understood("gimp", RememberedProfile)


def remember(host: RememberedHost | RememberedProfile) -> None:
    """Remember a ComfyUI or a profile, in the place of what was known of the same folder."""
    if isinstance(host, RememberedHost):
        _write("comfyui", [*(each for each in remembered_hosts() if each.folder != host.folder), host])
    else:
        _write("gimp", [*(each for each in remembered_profiles() if each.folder != host.folder), host])


def forget(folders: Collection[str]) -> None:
    """Forget the ComfyUIs and the profiles in these folders; with the last of all the file goes."""
    for key, known in (("comfyui", remembered_hosts()), ("gimp", remembered_profiles())):
        if any(each.folder in folders for each in known):
            _write(key, [each for each in known if each.folder not in folders])


def _understood(key: str, kind: type[Kind]) -> list[Kind]:
    entries = (read_fields(memory_file()) or {}).get(key)
    found = []
    for fields in entries if isinstance(entries, list) else []:
        try:
            values: dict[str, Any] = {name: tuple(each) if name == "added" else each for name, each in fields.items()}
            entry = kind(**values)
        except (AttributeError, TypeError):
            continue
        if all(isinstance(word, str) for word in (*values.pop("added", ()), *values.values())):
            found.append(entry)
    return found


def _write(key: str, entries: Sequence[RememberedHost | RememberedProfile]) -> None:
    """Put `entries` into the file, beside what it has of other kinds; where nothing is left the file goes."""
    content: dict[str, Any] = (read_fields(memory_file()) or {}) | {key: [asdict(entry) for entry in entries]}
    content = {name: value for name, value in content.items() if value}
    if not content:
        memory_file().unlink(missing_ok=True)
        return
    memory_file().parent.mkdir(parents=True, exist_ok=True)
    write_fields(memory_file(), content)
