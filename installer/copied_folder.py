"""Makes, compares and removes a folder of copies that ComfyUI or GIMP loads."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path


def files_in(folder: Path, pattern: str = "*") -> dict[str, Path]:
    """The files in `folder` by their relative paths, without compiled Python files."""
    return {
        path.relative_to(folder).as_posix(): path
        for path in sorted(folder.rglob(pattern))
        if path.is_file() and "__pycache__" not in path.parts
    }


def differences(wanted: Mapping[str, Path], found: Mapping[str, Path]) -> list[str]:
    """How the files `found` differ from those `wanted`, one line a file; empty if they are the same."""
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
    """Make `place` a folder with copies of `files`, and with `texts`; the file `program` becomes executable.

    The new folder is complete before it replaces an existing one, which stays if anything fails. `unfinished` and
    `replaced` are paths beside it that the host ignores.
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
            place.rename(replaced)  # a link is renamed itself, not its target
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
    """Whether anything is at `path`: a file, a folder, or a link, even a broken one."""
    return path.exists() or path.is_symlink()


def remove(path: Path) -> None:
    """Remove a file, a folder with its contents, or a link (not its target). A missing `path` is fine."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)
