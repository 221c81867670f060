"""Cutsmith as an entry of ComfyUI's custom_nodes: a link to the clone, or a copy where links are refused."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from installer.copied_folder import copy_whole, differences, files_in, is_there, remove
from installer.failure import InstallFailed, not_ours
from installer.folders import Clone
from installer.json_file import read_fields

# Not the engine's name: with custom_nodes on Python's path, a folder of that name would hide the engine.
NAME = "ComfyUI-Cutsmith"
OLD_NAME = "cutsmith"  # of the entries that version 0.1 made
MARKER = ".cutsmith-copy.json"
PARTS = ("__init__.py", "comfyui_nodes", "workflows", "pyproject.toml", "LICENSE", "README.md")


class Placed(StrEnum):
    """How the pack got into custom_nodes."""

    CLONE = "the clone itself"
    LINK = "a link to this clone"
    COPY = "a copy, since links are refused here; run this command again after an update"


@dataclass(frozen=True)
class Entry:
    """The pack's entry in custom_nodes; `is_new` if this run made it or brought it up to date."""

    path: Path
    placed: Placed
    is_new: bool = False


def check_place(custom_nodes: Path, clone: Clone) -> None:
    """Raise InstallFailed if something else is in the pack's place, or if ComfyUI would load a second Cutsmith."""
    for entry in sorted(custom_nodes.iterdir()):
        is_passed_over = entry.name == NAME or entry.name.endswith(".disabled") or _is_old(entry)
        if is_passed_over or _is_clone(entry, clone):
            continue
        if entry.is_dir() and _is_cutsmith(entry):
            raise InstallFailed(
                f"{entry} is Cutsmith already, another copy of it; ComfyUI would load both.",
                "Use that one's install.py, or move it away and run the same command again.",
            )
    place = custom_nodes / NAME
    if is_there(place) and not _is_clone(place, clone) and not is_ours(place):
        remedy = "If it is a clone of Cutsmith, use its own install.py; otherwise move it away"
        raise not_ours(place, f"{remedy} and run the same command again.")


def place_pack(custom_nodes: Path, clone: Clone) -> Entry:
    """Put the pack of `clone` into custom_nodes unless it is already there. Raises InstallFailed like `check_place`.

    An entry that version 0.1 made under the engine's name goes, or is renamed.
    """
    check_place(custom_nodes, clone)
    place, old = custom_nodes / NAME, custom_nodes / OLD_NAME
    is_renamed = _is_old(old) and not is_there(place)
    if is_renamed:
        old.rename(place)  # a link is renamed itself, not its target
    elif _is_old(old):
        remove(old)
    entries = [entry for entry in sorted(custom_nodes.iterdir()) if _is_clone(entry, clone)]
    for entry in sorted(entries, key=Path.is_symlink):
        if entry != place and is_ours(place):
            remove(place)  # it comes from another clone; ComfyUI would load both
        return Entry(entry, Placed.LINK if entry.is_symlink() else Placed.CLONE, is_new=is_renamed)
    files, marker = _parts(clone.root), {"clone": str(clone.root)}
    if place.is_symlink():
        place.unlink()
    elif place.is_dir() and read_fields(place / MARKER) == marker and not differences(files, _parts(place)):
        return Entry(place, Placed.COPY, is_new=is_renamed)
    if not place.exists():
        try:
            place.symlink_to(clone.root, target_is_directory=True)
        except OSError:
            # Only some Windows users may make links, and some file systems have none.
            pass
        else:
            return Entry(place, Placed.LINK, is_new=True)
    # ComfyUI skips names with this ending, so one that starts meanwhile does not load half a pack.
    beside = [place.with_name(f"{NAME}-{state}.disabled") for state in ("unfinished", "replaced")]
    copy_whole(files, {MARKER: json.dumps(marker) + "\n"}, place, unfinished=beside[0], replaced=beside[1])
    return Entry(place, Placed.COPY, is_new=True)


def is_ours(place: Path) -> bool:
    """Whether `place` is a link to a clone of Cutsmith (which may be gone), or a copy that this installer made."""
    if place.is_symlink():
        return not place.exists() or _is_cutsmith(place)
    return (place / MARKER).is_file()


def remove_pack(place: Path) -> None:
    """Remove the pack's entry if it is our link or our copy. Anything else stays."""
    if is_ours(place):
        remove(place)


def entries_in(custom_nodes: Path) -> list[Path]:
    """Our links and copies in custom_nodes, under the name of today and under that of version 0.1."""
    return [place for place in (custom_nodes / NAME, custom_nodes / OLD_NAME) if is_ours(place)]


def _is_old(entry: Path) -> bool:
    """Whether version 0.1 made this entry; a clone that somebody put there under that name is not one."""
    return entry.name == OLD_NAME and is_ours(entry)


def _is_clone(entry: Path, clone: Clone) -> bool:
    return entry.is_dir() and entry.resolve() == clone.root.resolve()


def _is_cutsmith(folder: Path) -> bool:
    try:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(project.get("project", {}).get("name") == "cutsmith")


def _parts(folder: Path) -> dict[str, Path]:
    """The pack's files in a clone or in a copy."""
    return {name: path for name, path in files_in(folder).items() if name.partition("/")[0] in PARTS}
