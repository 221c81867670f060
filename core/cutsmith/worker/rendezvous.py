"""Where the worker and its clients meet: the user's own folder with the key and the socket.

This file uses only the standard library and imports nothing else from cutsmith: install.py copies it beside a host's
plug-in. The socket is a multiprocessing connection (a named pipe on Windows). We use only its `send_bytes` and
`recv_bytes`, because `send` and `recv` use pickle, and unpickling can run code.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import socket
import stat
import sys
import tempfile
from multiprocessing.connection import Client, Listener
from pathlib import Path
from typing import TYPE_CHECKING, Any

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

KEY_FILE, SOCKET_FILE = "worker.key", "worker.sock"

_APPLICATION = "cutsmith"
_KEY_BYTES = 32
# Size of one piece of the stream. recv_bytes allocates this much before the first byte arrives.
_PIECE = 1 << 20
# macOS allows 103 bytes, Linux 107.
_MAX_SOCKET_PATH = 100


class FolderUnsafe(Exception):
    """The folder for the socket and key belongs to another user, is open to others, or cannot be used."""


class FolderTaken(Exception):
    """Another worker has the folder."""


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


class Claim:
    """A worker's hold on `folder` until `release`: a new key, whose file it locks, and the socket.

    The operating system unlocks the file when the process ends in any way: the files of a killed worker are replaced.

    Raises:
        FolderUnsafe: see `prepare_folder`.
        FolderTaken: another worker has the folder.
        OSError: the files cannot be made.
    """

    def __init__(self, folder: Path) -> None:
        prepare_folder(folder)
        self._key_file, self._socket_file = folder / KEY_FILE, folder / SOCKET_FILE
        descriptor = _opened_and_locked(self._key_file)
        if descriptor is None:
            raise FolderTaken(f"a worker is already running in {folder}")
        self._descriptor = descriptor
        self.key = secrets.token_bytes(_KEY_BYTES)
        try:
            if sys.platform != "win32":
                os.fchmod(descriptor, 0o600)
                self._socket_file.unlink(missing_ok=True)
            os.ftruncate(descriptor, 0)
            os.write(descriptor, self.key.hex().encode())
            self._listener = Listener(address(folder), backlog=16)
            self._socket = None if sys.platform == "win32" else self._socket_file.stat()
        except OSError:
            self._unlock()
            raise

    def accept(self) -> ConnectionStream:
        """The next client's stream. Raises OSError."""
        return ConnectionStream(self._listener.accept())

    def is_whole(self) -> bool:
        """Whether clients find this worker: the files of key and socket are there, and they are those that it made."""
        return _is_file_at(os.fstat(self._descriptor), self._key_file) and self._has_socket()

    def release(self) -> bool:
        """Give the folder up, and remove the files in it that are ours; -> whether all were."""
        if self._descriptor < 0:
            return False
        was_whole = self.is_whole()
        if was_whole:
            self._listener.close()  # removes the socket's file
        elif self._socket is not None and self._has_socket():
            self._socket_file.unlink()
        self._unlock()
        return was_whole

    def _has_socket(self) -> bool:
        return self._socket is None or _is_file_at(self._socket, self._socket_file)

    def _unlock(self) -> None:
        """Remove the key's file, if it is ours, before another worker can have its lock."""
        found = os.fstat(self._descriptor)
        if sys.platform == "win32":
            os.close(self._descriptor)  # Windows cannot remove an open file
        with contextlib.suppress(OSError):
            if _is_file_at(found, self._key_file):
                self._key_file.unlink()
        if sys.platform != "win32":
            os.close(self._descriptor)
        self._descriptor = -1


def _opened_and_locked(path: Path) -> int | None:
    """The descriptor of the file, which is made if need be; None if another process has the lock."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not _lock(descriptor):
            os.close(descriptor)
            return None
        if _is_file_at(os.fstat(descriptor), path):
            return descriptor
        # The last owner removed the file after we opened it and before we locked it: that lock guards nothing.
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    try:
        if sys.platform == "win32":
            # Others cannot read a byte that is locked, and must read the key: the lock is on one far behind it.
            os.lseek(descriptor, 1 << 20, os.SEEK_SET)
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
            os.lseek(descriptor, 0, os.SEEK_SET)
        else:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def _is_file_at(file: os.stat_result, path: Path) -> bool:
    try:
        return os.path.samestat(file, path.lstat())
    except OSError:
        return False


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

    def abort(self) -> None:
        """End the connection, even under a thread that reads from it: for that thread, it ends here."""
        if sys.platform == "win32":
            self._connection.close()
            return
        # Closing a socket does not wake its reader, and our descriptor's number could be given to another file.
        with contextlib.suppress(OSError), socket.socket(fileno=os.dup(self._connection.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()
