"""Remembers every ComfyUI that Cutsmith was set up in, so that `uninstall` can take it out again."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from installer.folders import user_data

FILE_NAME = "hosts.json"
KEY = "comfyui"


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


def memory_file() -> Path:
    """Where it is kept, in the user's data folder."""
    return user_data() / FILE_NAME


def remembered_hosts() -> list[RememberedHost]:
    """All that are remembered; what cannot be understood is passed over."""
    entries = _read()
    return [entry for entry in map(_entry, entries) if entry is not None]


def remember(host: RememberedHost) -> None:
    """Remember `host`, in the place of what was known of the same folder."""
    _write([*(each for each in remembered_hosts() if each.folder != host.folder), host])


def forget(folders: Sequence[str]) -> None:
    """Forget the hosts in these folders; with the last one the file goes."""
    hosts = remembered_hosts()
    left = [each for each in hosts if each.folder not in folders]
    if left:
        _write(left)
    elif hosts:
        memory_file().unlink()


def _read() -> list[Any]:
    try:
        entries = json.loads(memory_file().read_text(encoding="utf-8"))[KEY]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return entries if isinstance(entries, list) else []


def _entry(fields: Any) -> RememberedHost | None:
    try:
        host = RememberedHost(**{**fields, "added": tuple(fields["added"])})
    except (KeyError, TypeError):
        return None
    words = (host.folder, host.python, host.clone, host.pack, *host.added)
    return host if all(isinstance(each, str) for each in words) else None


def _write(hosts: Sequence[RememberedHost]) -> None:
    path = memory_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps({KEY: [asdict(host) for host in hosts]}, indent=1) + "\n", encoding="utf-8")
    unfinished.replace(path)
