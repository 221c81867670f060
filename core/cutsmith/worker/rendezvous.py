"""Where the worker and its clients meet: a folder of this user's, with the key, the locks and the socket.

Of the standard library alone, and nothing of cutsmith: install.py copies this file beside a host's
plug-in. The socket is multiprocessing's (a named pipe on Windows), of which only `send_bytes` and `recv_bytes` are
used: `send` and `recv` pickle, and a pickle is code.
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
# One piece of the stream on the socket. recv_bytes sets so much aside before a byte has come.
_PIECE = 1 << 20
# macOS takes 103 bytes, Linux 107.
_MAX_SOCKET_PATH = 100


class FolderUnsafe(Exception):
    """The folder for socket and key is somebody else's, open to others, or of no use."""


def worker_folder() -> Path:
    """The folder where this user's worker is met; it need not exist yet.

    That of the session (XDG_RUNTIME_DIR, /run/user/UID) where it exists and is this user's alone; else in the cache
    folder, as `cutsmith.machine.folders.cache_folder` has it; else, where that path is too long for a socket, a folder
    in the one for temporary files.
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
    """Make `folder`, for this user alone (0700), or make sure that it is that.

    Raises:
        FolderUnsafe: it is a link, somebody else's, cannot be made, or its path is too long for a socket.
    """
    if sys.platform != "win32" and len(os.fsencode(folder / SOCKET_FILE)) > _MAX_SOCKET_PATH:
        raise FolderUnsafe(
            f"{folder} is too long: with the socket's name it must have at most {_MAX_SOCKET_PATH} bytes"
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
    except OSError as error:
        raise FolderUnsafe(f"{folder} cannot be used: {error.strerror or error}") from error
    if not _is_private(folder):
        raise FolderUnsafe(f"{folder} must be a folder of this user's with the permissions 0700, but is not")


def _is_private(folder: Path) -> bool:
    """Whether `folder` is a folder (not a link) of this user, and closed to all others."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    if not stat.S_ISDIR(found.st_mode):
        return False
    # On Windows the permissions of the user's profile apply to everything in it.
    return sys.platform == "win32" or (found.st_uid == os.getuid() and not found.st_mode & 0o077)


def write_new_key(folder: Path) -> bytes:
    """Make a key and write it to `folder`, for this user alone (0600), in place of an old one."""
    key = secrets.token_bytes(_KEY_BYTES)
    path, new = folder / KEY_FILE, folder / f"{KEY_FILE}.new"
    new.unlink(missing_ok=True)
    with open(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as stream:  # noqa: PTH123
        stream.write(key.hex())
    new.replace(path)
    return key


def read_key(folder: Path) -> bytes | None:
    """The key of the worker that is met in `folder`; None where there is none.

    Raises:
        FolderUnsafe: folder or key may have been written by others.
    """
    path = folder / KEY_FILE
    try:
        found = path.lstat()
        text = path.read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    if not _is_private(folder):
        raise FolderUnsafe(f"{folder} must be a folder of this user's with the permissions 0700, but is not")
    if sys.platform != "win32" and (found.st_uid != os.getuid() or found.st_mode & 0o077):
        raise FolderUnsafe(f"{path} must be a file of this user's with the permissions 0600, but is not")
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        return None
    return key if len(key) == _KEY_BYTES else None


def address(folder: Path) -> str:
    """Where the worker of `folder` listens: its socket's path, or a pipe's name that is made of the folder's."""
    if sys.platform == "win32":
        return rf"\\.\pipe\cutsmith-{hashlib.sha256(str(folder).lower().encode()).hexdigest()[:32]}"
    return str(folder / SOCKET_FILE)


def listen(folder: Path) -> Listener:
    """Listen in `folder`, which only who holds its `WORKER_LOCK` may: a killed worker's socket is replaced."""
    if sys.platform != "win32":
        (folder / SOCKET_FILE).unlink(missing_ok=True)
    return Listener(address(folder), backlog=16)


def dial(folder: Path) -> Connection[Any, Any]:
    """A connection to the worker of `folder`. Raises OSError where none listens."""
    return Client(address(folder))


class ConnectionStream:
    """The stream of bytes over a connection of multiprocessing's, which sends pieces."""

    def __init__(self, connection: Connection[Any, Any]) -> None:
        self._connection = connection
        self._left = memoryview(b"")

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill a part of `buffer`; -> how many bytes, 0 at the end."""
        while not self._left.nbytes:
            try:
                self._left = memoryview(self._connection.recv_bytes(_PIECE))
            except (EOFError, OSError):
                # Ended, reset, or a piece of an impossible length, after which nothing can be understood.
                return 0
        count = min(self._left.nbytes, buffer.nbytes)
        buffer[:count] = self._left[:count]
        self._left = self._left[count:]
        return count

    def write(self, data: memoryview, /) -> int:
        """Send a part of `data`; -> how many bytes. Raises OSError where the other side is gone."""
        count = min(data.nbytes, _PIECE)
        self._connection.send_bytes(data[:count])
        return count

    def wait(self, timeout: float) -> bool:
        """Whether there is something to read (the end counts), within `timeout` seconds."""
        try:
            return bool(self._left.nbytes) or self._connection.poll(timeout)
        except OSError:
            return True

    def close(self) -> None:
        """Hang up."""
        self._connection.close()


class FilePairStream:
    """The stream of bytes over two raw files, one to read and one to write, such as a child's output and input."""

    def __init__(self, reader: RawIOBase | IO[bytes], writer: RawIOBase | IO[bytes]) -> None:
        self._reader: Any = reader
        self._writer: Any = writer

    def readinto(self, buffer: memoryview, /) -> int:
        """Fill a part of `buffer`; -> how many bytes, 0 at the end."""
        return int(self._reader.readinto(buffer) or 0)

    def write(self, data: memoryview, /) -> int:
        """Send a part of `data`; -> how many bytes. Raises OSError where the other side is gone."""
        return int(self._writer.write(data))

    def wait(self, timeout: float) -> bool:
        """Whether there is something to read within `timeout` seconds; on Windows, which cannot tell, always."""
        return sys.platform == "win32" or bool(select.select([self._reader], [], [], timeout)[0])

    def close(self) -> None:
        """Close both."""
        self._writer.close()
        self._reader.close()


class FileLock:
    """A lock that the operating system lets go of when its process ends, however that ends; its file goes with it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the lock if nobody has it; -> whether it is ours now."""
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            if not _lock(descriptor):
                os.close(descriptor)
                return False
            if _is_file_at(descriptor, self._path):
                self._descriptor = descriptor
                return True
            # Its last owner removed the file between our opening and our locking it: that lock guards nothing.
            os.close(descriptor)

    def release(self) -> None:
        """Let go of the lock and remove its file."""
        if self._descriptor is None:
            return
        descriptor, self._descriptor = self._descriptor, None
        if sys.platform == "win32":
            os.close(descriptor)  # Windows removes no open file
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
