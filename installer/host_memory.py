"""Remembers every ComfyUI and GIMP profile that Cutsmith was put into, so that `uninstall` can remove it."""

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

    `pack` is empty if the clone itself is in custom_nodes.
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
    """The file, in the user's data folder."""
    return user_data() / "hosts.json"


def remembered_hosts() -> list[RememberedHost]:
    """All remembered ComfyUIs; entries that cannot be understood are skipped."""
    return _understood("comfyui", RememberedHost)


def remembered_profiles() -> list[RememberedProfile]:
    """All remembered profiles of GIMP; entries that cannot be understood are skipped."""
    return _understood("gimp", RememberedProfile)


def remember(host: RememberedHost | RememberedProfile) -> None:
    """Remember a ComfyUI or a profile; replaces the entry of the same folder."""
    if isinstance(host, RememberedHost):
        _write("comfyui", [*(each for each in remembered_hosts() if each.folder != host.folder), host])
    else:
        _write("gimp", [*(each for each in remembered_profiles() if each.folder != host.folder), host])


def forget(folders: Collection[str]) -> None:
    """Forget the ComfyUIs and profiles in these folders; deletes the file with the last entry."""
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
    """Write `entries` into the file and keep its other kinds; an empty file is deleted."""
    content: dict[str, Any] = (read_fields(memory_file()) or {}) | {key: [asdict(entry) for entry in entries]}
    content = {name: value for name, value in content.items() if value}
    if not content:
        memory_file().unlink(missing_ok=True)
        return
    memory_file().parent.mkdir(parents=True, exist_ok=True)
    write_fields(memory_file(), content)
