"""Where results go: checked before the work begins, written whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from cutsmith.cures import give, set_option
from cutsmith.errors import OutputExists, OutputRefused
from cutsmith.picture.formats import output_format
from cutsmith.picture.originals import Originals

Fill = Callable[[BinaryIO], object]
"""Writes the whole content of a file to an open stream."""

_REMEDIES = {
    errno.ENOSPC: "The disk is full. Free some space, or write elsewhere.",
    errno.EDQUOT: "Your quota is used up. Free some space, or write elsewhere.",
    errno.EROFS: "The disk is read-only. Write elsewhere.",
    errno.EACCES: "You may not write there. Choose another folder, or change its permissions.",
    errno.EPERM: "You may not write there. Choose another folder.",
    errno.ENAMETOOLONG: "Choose a shorter name.",
    errno.ENOTDIR: "A part of the path is a file, not a folder.",
}
_NO_ORIGINALS = Originals()
# Errors of os.link where links are not supported (FAT, some network disks, containers).
_NO_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EXDEV, errno.EMLINK})


def check_output(path: str | os.PathLike[str], *, overwrite: bool, originals: Originals = _NO_ORIGINALS) -> None:
    """Refuse an output that cannot be written as things stand, before any work is done.

    Raises:
        OutputFormatUnsupported: the suffix. OutputExists: the file exists and `overwrite` is False.
        OutputRefused: it would replace one of the `originals`, a folder has that name, or the nearest existing folder
            is not writable.
    """
    target = Path(path)
    output_format(target)
    originals.refuse(target)
    check_place(target, overwrite=overwrite)


def check_place(target: Path, *, overwrite: bool) -> None:
    """Refuse a file that cannot be written as things stand, whatever its format.

    Raises:
        OutputExists: the file exists and `overwrite` is False.
        OutputRefused: a folder has that name, or the nearest existing folder is not writable.
    """
    _check_target(target, overwrite)
    try:
        folder = _target_behind_links(target).parent
        while not folder.exists():
            folder = folder.parent
    except OSError as error:
        raise _refused(target, error) from error
    if not folder.is_dir():
        raise OutputRefused(f"{target} cannot be written: {folder} is a file, not a folder.", "Choose another name.")
    if not _is_special(target) and not os.access(folder, os.W_OK | os.X_OK):
        raise OutputRefused(
            f"{target} cannot be written: the folder {folder} may not be written to.", _REMEDIES[errno.EACCES]
        )


def write_bytes_atomically(
    data: bytes, path: str | os.PathLike[str], *, overwrite: bool, originals: Originals = _NO_ORIGINALS
) -> Path:
    """Write `data` to `path` as `write_atomically` does; -> the path."""
    return write_atomically(lambda stream: stream.write(data), path, overwrite=overwrite, originals=originals)


def write_atomically(
    fill: Fill, path: str | os.PathLike[str], *, overwrite: bool, originals: Originals = _NO_ORIGINALS
) -> Path:
    """Write `path` so that the file is whole or does not exist, even if the process is killed; -> the path.

    `fill` writes the content to the stream that it is given. It may be called a second time, for a new stream, where
    the first way to write does not work. What it raises is raised again, but an OSError is taken for one of the target.

    The bytes go into a nameless file in the same folder (a temporary one where the system has no such files), are
    flushed to the disk, and then get their name in one step. Without `overwrite` a file that appears meanwhile is left
    alone. Missing folders are made. The mode is the umask's, or that of the file that is overwritten. Devices and named
    pipes are written to directly; a symbolic link stays one. None of the `originals` is ever replaced, by whatever
    name: the file that the name leads to is looked at once more in the last step before it would be.

    Raises:
        OutputExists, OutputRefused: nothing is left behind.
    """
    named = Path(path)
    _check_target(named, overwrite)
    target = named
    try:
        if _is_special(named):
            _write_to_device(fill, named)
            return named
        target = _target_behind_links(named)
        originals.refuse(target, named)
        target.parent.mkdir(parents=True, exist_ok=True)
        _write_whole(fill, target, overwrite, lambda: originals.refuse(target, named))
    except FileExistsError as error:
        if target.parent.is_dir():
            raise _exists(named) from error
        raise _refused(named, error) from error
    except OSError as error:
        raise _refused(named, error) from error
    return named


def _write_to_device(fill: Fill, device: Path) -> None:
    # A file that has taken the device's place since is not emptied.
    descriptor = os.open(device, os.O_WRONLY | getattr(os, "O_BINARY", 0))
    with os.fdopen(descriptor, "wb") as stream:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(device))
        fill(stream)


def _write_whole(fill: Fill, target: Path, overwrite: bool, last_look: Callable[[], None]) -> None:
    mode = _mode_to_keep(target) if overwrite else None
    if not _write_unnamed(fill, target, mode, overwrite, last_look):
        temporary = _temporary_name(target.parent)
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, 0o666)  # less the umask
        try:
            with os.fdopen(descriptor, "wb") as stream:
                _write_to_disk(fill, stream, mode)
            _give_name(temporary, target, overwrite, last_look)
        except BaseException:  # Ctrl-C too must leave no half-written file; it is raised again
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
    _sync_folder(target.parent)


def _write_unnamed(fill: Fill, target: Path, mode: int | None, overwrite: bool, last_look: Callable[[], None]) -> bool:
    """Write through a file that has no name until it is whole (Linux's O_TMPFILE), so that even a killed process
    leaves nothing behind; False where the system or the disk has no such files."""
    if not hasattr(os, "O_TMPFILE") or not Path("/proc/self/fd").is_dir():
        return False
    try:
        descriptor = os.open(target.parent, os.O_TMPFILE | os.O_WRONLY, 0o666)
    except OSError:
        return False  # if anything else is wrong, the named way reports it
    with os.fdopen(descriptor, "wb") as stream:
        _write_to_disk(fill, stream, mode)
        named = _temporary_name(target.parent) if overwrite else target
        try:
            # open(2) names such a file this way. src_dir_fd is not used, but makes Python follow the link.
            os.link(f"/proc/self/fd/{descriptor}", named, src_dir_fd=descriptor, follow_symlinks=True)
        except FileExistsError:
            raise
        except OSError:
            return False
    if overwrite:
        try:
            _give_name(named, target, overwrite, last_look)
        except BaseException:  # the temporary name goes whatever happens; it is raised again
            with contextlib.suppress(OSError):
                named.unlink()
            raise
    return True


def _write_to_disk(fill: Fill, stream: BinaryIO, mode: int | None) -> None:
    fill(stream)
    stream.flush()
    if mode is not None and hasattr(os, "fchmod"):
        os.fchmod(stream.fileno(), mode)
    os.fsync(stream.fileno())


def _mode_to_keep(target: Path) -> int | None:
    try:
        return stat.S_IMODE(target.stat().st_mode)
    except OSError:
        return None  # there is no file, or links lead to each other


def _temporary_name(folder: Path) -> Path:
    # Short, whatever the target's name: that may be as long as the file system allows.
    return folder / f".cutsmith-{secrets.token_hex(6)}.tmp"


def _give_name(temporary: Path, target: Path, overwrite: bool, last_look: Callable[[], None]) -> None:
    """Move `temporary` to `target` in one step; FileExistsError where it exists and may not be overwritten.

    `last_look` raises where `target` has become what may never be replaced.
    """
    if overwrite:
        last_look()
        temporary.replace(target)
        return
    if os.name == "nt":
        temporary.rename(target)  # refuses an existing target there
        return
    try:
        os.link(temporary, target)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        if os.path.lexists(target):
            raise FileExistsError(errno.EEXIST, "exists", str(target)) from error
        last_look()
        temporary.replace(target)
        return
    temporary.unlink()


def _sync_folder(folder: Path) -> None:
    """Flush the new name itself to the disk, where folders can be synced; the file is whole either way."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _check_target(target: Path, overwrite: bool) -> None:
    if "\0" in str(target):
        raise OutputRefused(f"{str(target)!r} cannot be written: a name cannot contain NUL.", "Choose another name.")
    try:
        if target.is_dir():
            raise OutputRefused(
                f"{target} must be the name of a file, but is a folder.",
                give("output", str(target / "cut.png")),
                option="output",
                found=str(target),
                wanted="the name of a file",
            )
        taken = os.path.lexists(target) and not _is_special(target)
    except OSError as error:
        raise _refused(target, error) from error
    if taken and not overwrite:
        raise _exists(target)


def _is_special(path: Path) -> bool:
    """Whether `path` exists and is neither a file nor a folder, but a device or a pipe."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _target_behind_links(path: Path) -> Path:
    # Not Path.resolve(), which raises RuntimeError at links that lead to each other; those are replaced.
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def _exists(path: Path) -> OutputExists:
    return OutputExists(f"{path} is already there.", set_option("overwrite", True, text="To write over it"))


def _refused(path: Path, error: OSError) -> OutputRefused:
    reason = error.strerror or str(error)
    return OutputRefused(f"{path} cannot be written: {reason}.", _REMEDIES.get(error.errno or 0, "Write elsewhere."))
