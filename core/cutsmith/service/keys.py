"""The keys of a service: made, listed, revoked and checked. Their file holds hashes alone.

A key is 32 random bytes, so SHA-256 keeps it as safe as a slow hash of passwords would: nobody can try 2^256 keys,
however fast the hash is. A slow one would cost every request its time.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import logging
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cutsmith.cures import run
from cutsmith.errors import BadOption, OutputRefused, shown
from cutsmith.machine.folders import config_folder

logger = logging.getLogger(__name__)

PREFIX = "cs_"
"""What keys begin with, so that programs which look for leaked secrets know them."""
_KEY_BYTES = 32
_SHOWN_LETTERS = len(PREFIX) + 4
_LONGEST_NAME = 64
_LOCK_SECONDS = 30

_Stamp = tuple[int, int, int]


@dataclass(frozen=True)
class StoredKey:
    """What is kept of a key.

    Attributes:
        name: whom it was made for.
        start: its first letters, by which its owner knows it again.
        created: when, as ISO 8601 in UTC.
        sha256: its hash, as hex.
    """

    name: str
    start: str
    created: str
    sha256: str


def default_keys_file() -> Path:
    """Where this user's keys stand."""
    return config_folder() / "service-keys.json"


def add_key(name: str, path: Path | None = None) -> str:
    """Make a key for `name`, and store its hash; -> the key, which nobody can be shown again.

    Raises:
        BadOption: the name is empty, too long, has control characters or is taken, or the file holds no keys.
        OutputRefused: the file cannot be written.
    """
    if not (name.strip() == name and 1 <= len(name) <= _LONGEST_NAME and name.isprintable()):
        raise BadOption(
            option="name", found=shown(name), wanted=f"1 to {_LONGEST_NAME} letters without blanks around them"
        )
    key = PREFIX + secrets.token_urlsafe(_KEY_BYTES)
    created = datetime.now(UTC).isoformat(timespec="seconds")
    with _changing(path) as keys:
        if name in (each.name for each in keys):
            raise BadOption(
                f"There is a key called {name} already.",
                run("serve", "keys", "revoke", name, text="To replace it, revoke it first"),
                option="name",
            )
        keys.append(StoredKey(name, key[:_SHOWN_LETTERS], created, _hashed(key)))
    return key


def revoke_key(name: str, path: Path | None = None) -> None:
    """Forget the key of `name`. A service that runs refuses it from its next request on.

    Raises:
        BadOption: there is no such key, or the file holds no keys.
        OutputRefused: the file cannot be written.
    """
    with _changing(path) as keys:
        left = [each for each in keys if each.name != name]
        if len(left) == len(keys):
            raise BadOption(
                f"There is no key called {shown(name)}.",
                run("serve", "keys", "list", text="All are listed by"),
                option="name",
            )
        keys[:] = left


def stored_keys(path: Path | None = None) -> tuple[StoredKey, ...]:
    """All keys of the file, in the order in which they were made; none where there is no file.

    Raises:
        BadOption: the file cannot be read, or holds no keys.
    """
    path = path or default_keys_file()
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise BadOption(f"The keys in {path} cannot be read: {reason}.", option="keys") from error
    try:
        return tuple(_stored(each) for each in json.loads(text)["keys"])
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadOption(
            f"{path} must be a file of keys, but is none.",
            "Give another file, or move this one away and make new keys.",
            option="keys",
        ) from error


class KeyRing:
    """The keys of a file, as a service checks them. Whatever changes the file takes effect at the next check.

    Args:
        path: the file, which need not exist; None for this user's.

    Raises:
        BadOption: the file cannot be read, or holds no keys.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or default_keys_file()
        self._stamp = self._stamp_now()
        self._keys = stored_keys(self._path)

    def names(self) -> tuple[str, ...]:
        """Whom the keys were made for."""
        self._follow_file()
        return tuple(each.name for each in self._keys)

    def check(self, key: str) -> str | None:
        """The name of `key`; None where it is none of these. The time that it takes tells nothing about the keys."""
        self._follow_file()
        hashed = _hashed(key)
        found = None
        for each in self._keys:
            # Every one is compared, and each in constant time.
            if hmac.compare_digest(each.sha256, hashed):
                found = each.name
        return found

    def _follow_file(self) -> None:
        """Read the file again where it has changed. A file that cannot be read any more opens to nobody."""
        stamp = self._stamp_now()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._keys = stored_keys(self._path)
        except BadOption as error:
            logger.error("%s Until it is mended, every key is refused.", error.what)
            self._keys = ()

    def _stamp_now(self) -> _Stamp | None:
        """Differs for every version of the file, since each is a new file under the same name."""
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _stored(told: Any) -> StoredKey:
    key = StoredKey(told["name"], told["start"], told["created"], told["sha256"])
    if not all(isinstance(value, str) for value in asdict(key).values()) or not key.sha256.isascii():
        raise TypeError("a key has texts alone")
    return key


@contextlib.contextmanager
def _changing(path: Path | None) -> Iterator[list[StoredKey]]:
    """The keys of the file, to be changed while nobody else changes them; written where the body raises nothing."""
    from filelock import FileLock, Timeout

    # A link stays one: what it leads to is replaced.
    path = Path(os.path.realpath(path or default_keys_file()))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(f"{path}.lock", timeout=_LOCK_SECONDS):
            keys = list(stored_keys(path))
            yield keys
            _write(path, keys)
    except Timeout as error:
        raise OutputRefused(f"Another program has held the keys in {path} for {_LOCK_SECONDS} seconds.") from error
    except OSError as error:
        raise OutputRefused(f"The keys in {path} cannot be written: {error.strerror}.") from error


def _write(path: Path, keys: list[StoredKey]) -> None:
    """Replace the file in one step, so that nobody reads half of it and a crash leaves the old one."""
    text = json.dumps({"keys": [asdict(each) for each in keys]}, indent=2, ensure_ascii=False)
    # mkstemp lets this user alone read and write what it makes.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:  # handed on; only the half-written file goes
        Path(name).unlink(missing_ok=True)
        raise
