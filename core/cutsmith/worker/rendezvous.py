"""Where the worker and its clients meet: the user's own folder with the key, the locks and the socket.

This file uses only the standard library and imports nothing else from cutsmith: install.py copies it beside a host's
plug-in. The socket is a multiprocessing connection (a named pipe on Windows). We use only its `send_bytes` and
`recv_bytes`, because `send` and `recv` use pickle, and unpickling can run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import select
import stat
import sys
import tempfile
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from io import RawIOBase
    from multiprocessing.connection import Connection

KEY_FILE, SOCKET_FILE, WORKER_LOCK, START_LOCK = "worker.key", "worker.sock", "worker.lock", "start.lock"

_APPLICATION = "cutsmith"
_KEY_BYTES = 32
# Size of one piece of the stream. recv_bytes allocates this much before the first byte arrives.
_PIECE = 1 << 20
# macOS allows 103 bytes, Linux 107.
_MAX_SOCKET_PATH = 100


class FolderUnsafe(Exception):
    """The folder for the socket and key belongs to another user, is open to others, or cannot be used."""


def worker_folder() -> Path:
    """The folder where clients meet this user's worker; it need not exist yet.

    It is the first of these that works: a folder in the session's runtime folder (XDG_RUNTIME_DIR or /run/user/UID), if
    that exists and is private to this user; one in the cache folder (the same as
    `cutsmith.machine.folders.cache_folder`), if its path is short enough for a socket; one in the folder for temporary
    files.
    """
    if sys.platform == "win32":
        return _cache_folder() / "worker"
    for runtime in (os.environ.get("XDG_RUNTIME_DIR", "").strip(), f"/run/user/{os.getuid()}"):
        if runtime and Path(runtime).is_absolute() and _is_private(Path(runtime)):
            return Path(runtime) / _APPLICATION
    cached = _cache_folder() / "worker"
    if len(os.fsencode(cached / SOCKET_FILE)) <= _MAX_SOCKET_PATH:
        return cached
    return Path(tempfile.gettempdir()) / f"{_APPLICATION}-{os.getuid()}"


def _cache_folder() -> Path:
    named = os.environ.get("CUTSMITH_CACHE", "").strip()
    if named:
        return Path(named).expanduser().absolute()
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA", "").strip()
        return (Path(local) if local else Path.home() / "AppData/Local") / _APPLICATION / _APPLICATION / "Cache"
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches" / _APPLICATION
    chosen = os.environ.get("XDG_CACHE_HOME", "").strip()
    return (Path(chosen) if chosen else Path.home() / ".cache") / _APPLICATION


def prepare_folder(folder: Path) -> None:
    """Create `folder` with access for this user only (0700), or check that it already has that.

    Raises:
        FolderUnsafe: the folder is a link, belongs to another user, is open to others or cannot be created, or its path
            is too long for a socket.
    """
    if sys.platform != "win32" and len(os.fsencode(folder / SOCKET_FILE)) > _MAX_SOCKET_PATH:
        raise FolderUnsafe(
            f"the path {folder} is too long: with a socket's name it must be {_MAX_SOCKET_PATH} bytes or less"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    except OSError as error:
        raise FolderUnsafe(f"{folder} cannot be used: {error.strerror or error}") from error
    if not _is_private(folder):
        raise FolderUnsafe(f"{folder} must belong to this user and have permissions 0700")


def _is_private(folder: Path) -> bool:
    """Whether `folder` is a real folder (not a link), belongs to this user and is closed to everybody else."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    # On Windows the permissions of the user's profile apply to everything in it.
    return sys.platform == "win32" or (found.st_uid == os.getuid() and not found.st_mode & 0o077)


def write_new_key(folder: Path) -> bytes:
    """Make a new key and write it to `folder`, for this user only (0600). It replaces an old key."""
    key = secrets.token_bytes(_KEY_BYTES)
    path, new = folder / KEY_FILE, folder / f"{KEY_FILE}.new"
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as stream:  # noqa: PTH123
        stream.write(key.hex())
    new.replace(path)
    return key


def read_key(folder: Path) -> bytes | None:
    """The key of the worker in `folder`; None if there is no valid key.

    Raises:
        FolderUnsafe: other users can access the folder or the key.
    """
    path = folder / KEY_FILE
    try:
        found = path.lstat()
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    if not _is_private(folder):
        raise FolderUnsafe(f"{folder} must belong to this user and have permissions 0700")
    if sys.platform != "win32" and (found.st_uid != os.getuid() or found.st_mode & 0o077):
        raise FolderUnsafe(f"{path} must belong to this user and have permissions 0600")
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        return None
    return key if len(key) == _KEY_BYTES else None


def address(folder: Path) -> str:
    """The address of the worker of `folder`: the socket's path, or a pipe name derived from the folder's path."""
    if sys.platform == "win32":
        return rf"\\.\pipe\cutsmith-{hashlib.sha256(str(folder).lower().encode()).hexdigest()[:32]}"
    return str(folder / SOCKET_FILE)


def listen(folder: Path) -> Listener:
    """Listen in `folder`. The caller must hold `WORKER_LOCK`: the socket of a killed worker is replaced."""
    if sys.platform != "win32":
        (folder / SOCKET_FILE).unlink(missing_ok=True)
    return Listener(address(folder), backlog=16)


def dial(folder: Path) -> Connection[Any, Any]:
    """Connect to the worker of `folder`. Raises OSError if no worker is listening."""
    return Client(address(folder))


class ConnectionStream:
    """A byte stream over a multiprocessing connection, which itself sends whole pieces."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._left = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill part of `buffer`; -> the number of bytes, 0 at the end."""
        while not self._left.nbytes:
            try:
                self._left = memoryview(self._connection.recv_bytes(_PIECE))
            except (EOFError, OSError):
                # The connection ended or was reset, or a piece has an impossible length: nothing more can be read.
                return 0
        count = min(self._left.nbytes, buffer.nbytes)
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def write(self, data: memoryview, /) -> int:
        """Send part of `data`; -> the number of bytes. Raises OSError if the other side is gone."""
        count = min(data.nbytes, _PIECE)
        self._connection.send_bytes(data[:count])
        return count

    def wait(self, timeout: float) -> bool:
        """Wait for something to read, at most `timeout` seconds; -> whether there is. The end counts too."""
        try:
            return bool(self._left.nbytes) or self._connection.poll(timeout)
        except OSError:
            return True

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


class FilePairStream:
    """A byte stream over two raw files, one to read and one to write, such as a child's output and input."""

    def __init__(self, reader: RawIOBase | IO[bytes], writer: RawIOBase | IO[bytes]) -> None:
        self._reader: Any = reader
        self._writer: Any = writer

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill part of `buffer`; -> the number of bytes, 0 at the end."""
        return int(self._reader.readinto(buffer) or 0)

    def write(self, data: memoryview, /) -> int:
        """Send part of `data`; -> the number of bytes. Raises OSError if the other side is gone."""
        return int(self._writer.write(data))

    def wait(self, timeout: float) -> bool:
        """Wait for something to read, at most `timeout` seconds; -> whether there is. Always true on Windows."""
        return sys.platform == "win32" or bool(select.select([self._reader], [], [], timeout)[0])

    def close(self) -> None:
        """Close both files."""
        self._writer.close()
        self._reader.close()


class FileLock:
    """A lock that the operating system releases when its process ends in any way. `release` removes its file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock if it is free; -> whether it is ours now."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            if not _lock(descriptor):
                os.close(descriptor)
                return False
            if _is_file_at(descriptor, self._path):
                self._descriptor = descriptor
                return True
            # The last owner removed the file after we opened it and before we locked it: that lock guards nothing.
            os.close(descriptor)

    def release(self) -> None:
        """Release the lock and remove its file."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        if sys.platform == "win32":
            os.close(descriptor)  # Windows cannot remove an open file
        with contextlib.suppress(OSError):
            self._path.unlink()
        if sys.platform != "win32":
            os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_file_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
