"""A folder of copies that ComfyUI or GIMP loads: put in its place whole or not at all, compared, and removed."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path


def files_in(folder: Path, pattern: str = "*") -> dict[str, Path]:
    """The files in `folder` by their paths in it, less what Python compiled."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob(pattern))
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(wanted: Mapping[str, Path], found: Mapping[str, Path]) -> list[str]:
    """In what the files `found` are not copies of those `wanted`; empty if in nothing."""
    both = [name for name in wanted if name in found]
    return [
        *(f"{name} is missing" for name in wanted if name not in found),
        *(f"{name} is another version's" for name in both if found[name].read_bytes() != wanted[name].read_bytes()),
        *(f"{name} is not part of it any more" for name in found if name not in wanted),
    ]


def copy_whole(
    files: Mapping[str, Path],
    texts: Mapping[str, str],
    place: Path,
    *,
    unfinished: Path,
    replaced: Path,
    program: str = "",
) -> None:
    """Make `place` a folder with copies of `files`, and with `texts`; the file `program` may be run.

    It is whole before it takes the place of the one that is there, which stays where anything fails. `unfinished` and
    `replaced` are places beside it over which the host passes.
    """
    remove(unfinished)
    try:
        for name, source in files.items():
            (unfinished / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, unfinished / name)
        for name, text in texts.items():
            (unfinished / name).write_text(text, encoding="utf-8")
        if program:
            (unfinished / program).chmod(0o755)
        remove(replaced)
        if is_there(place):
            place.rename(replaced)  # of a link, the link alone
        try:
            unfinished.rename(place)
        except OSError:
            if is_there(replaced):
                replaced.rename(place)
            raise
        remove(replaced)
    finally:
        remove(unfinished)


def is_there(path: Path) -> bool:
    """Whether anything is in this place: a file, a folder, or a link, even one to nothing."""
    return path.exists() or path.is_symlink()


def remove(path: Path) -> None:
    """Remove a file, a folder with all that is in it, or of a link the link alone; nothing where there is nothing."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
