"""Cutsmith as an entry of ComfyUI's custom_nodes: a link to the clone, or a copy where links are refused."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from installer.failure import InstallFailed
from installer.folders import Clone

NAME = "cutsmith"
MARKER = ".cutsmith-copy.json"
PARTS = ("__init__.py", "comfyui_nodes", "workflows", "pyproject.toml", "LICENSE", "README.md")


class Placed(StrEnum):
    """How the pack is in custom_nodes: the user's own clone, our link, or our copy."""

    CLONE = "clone"
    LINK = "link"
    COPY = "copy"


@dataclass(frozen=True)
class Entry:
    """The pack's entry in custom_nodes; `is_new` if it was not there, or was another version, before."""

    path: Path
    placed: Placed
    is_new: bool = False


def check_place(custom_nodes: Path, clone: Clone) -> None:
    """Raise InstallFailed if something that is not ours stands where the pack goes, or a second clone would load."""
    for entry in sorted(custom_nodes.iterdir()):
        if entry.name == NAME or entry.name.endswith(".disabled") or _is_clone(entry, clone):
            continue
        if entry.is_dir() and _is_cutsmith(entry):
            raise InstallFailed(
                f"{entry} is Cutsmith already, another copy of it; ComfyUI would load both.",
                "Use that one's install.py, or move it away and run the same command again.",
            )
    place = custom_nodes / NAME
    if not (place.exists() or place.is_symlink()) or _is_clone(place, clone) or is_ours(place):
        return
    raise InstallFailed(
        f"{place} is there already, and this installer did not make it.",
        "If it is a clone of Cutsmith, use its own install.py; otherwise move it away and run the same command again.",
    )


def place_pack(custom_nodes: Path, clone: Clone) -> Entry:
    """Make custom_nodes hold the pack of `clone`; what is there already and right is left alone.

    Raises InstallFailed as `check_place` does.
    """
    check_place(custom_nodes, clone)
    place = custom_nodes / NAME
    entries = [entry for entry in sorted(custom_nodes.iterdir()) if _is_clone(entry, clone)]
    for entry in sorted(entries, key=Path.is_symlink):
        if entry != place and is_ours(place):
            remove_pack(place)  # of another clone, or it would be loaded twice
        return Entry(entry, Placed.LINK if entry.is_symlink() else Placed.CLONE)
    if place.is_symlink():
        place.unlink()
    elif place.is_dir() and _copied_from(place) == _fingerprint(clone):
        return Entry(place, Placed.COPY)
    if not place.exists():
        try:
            place.symlink_to(clone.root, target_is_directory=True)
        except OSError:
            # Windows lets only some users make links, and some file systems have none.
            pass
        else:
            return Entry(place, Placed.LINK, is_new=True)
    _copy(clone, place)
    return Entry(place, Placed.COPY, is_new=True)


def is_ours(place: Path) -> bool:
    """Whether `place` is a link to a clone of Cutsmith, one that may be gone, or a copy that this installer made."""
    if place.is_symlink():
        return not place.exists() or _is_cutsmith(place)
    return (place / MARKER).is_file()


def remove_pack(place: Path) -> None:
    """Remove the pack's entry: the link itself, or the copy with its marker. Anything else stays."""
    if not is_ours(place):
        return
    if place.is_symlink():
        place.unlink()
    else:
        shutil.rmtree(place)


def _is_clone(entry: Path, clone: Clone) -> bool:
    return entry.is_dir() and entry.resolve() == clone.root.resolve()


def _is_cutsmith(folder: Path) -> bool:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(project.get("project", {}).get("name") == "cutsmith")


def _copy(clone: Clone, place: Path) -> None:
    """Copy the pack's parts to `place`, whole or not at all."""
    # ComfyUI passes over what has this ending: one that starts meanwhile does not load half a pack.
    unfinished = place.with_name(f"{NAME}-unfinished.disabled")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    for name in PARTS:
        source = clone.root / name
        if source.is_dir():
            shutil.copytree(source, unfinished / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.is_file():
            shutil.copyfile(source, unfinished / name)
    marker = {"clone": str(clone.root), "fingerprint": _fingerprint(clone)}
    (unfinished / MARKER).write_text(json.dumps(marker, indent=1) + "\n", encoding="utf-8")
    if place.exists():
        shutil.rmtree(place)
    unfinished.rename(place)


def _copied_from(place: Path) -> str:
    """The fingerprint that our copy in `place` was made with; empty if it cannot be read."""
    try:
        return str(json.loads((place / MARKER).read_text(encoding="utf-8"))["fingerprint"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _fingerprint(clone: Clone) -> str:
    """What changes when the pack's parts, or the clone's place, change."""
    digest = hashlib.sha256(str(clone.root).encode())
    for name in PARTS:
        part = clone.root / name
        files = sorted(part.rglob("*")) if part.is_dir() else [part]
        for file in files:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(b"\0" + file.relative_to(clone.root).as_posix().encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()
