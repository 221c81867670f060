"""Pictures behind addresses: object stores through fsspec (s3://, gs://, memory:// ...), and single files by http."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from pathlib import PurePosixPath
from typing import Any

from cutsmith.batch.inputs import PICTURE_SUFFIXES, natural_order
from cutsmith.batch.sources.failures import protocol_of, told_of, without_secrets
from cutsmith.batch.sources.globs import is_pattern, is_wanted, match_of, split_pattern, with_folders
from cutsmith.errors import BadOption, PictureIsFolder, PictureNotFound, PictureTooLarge, PictureUnreadable

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")  # two letters at least: C:// is a drive
_WEB = frozenset({"http", "https"})
_WITH_BUCKETS = frozenset({"s3", "s3a", "gs", "gcs"})
_MOST_BYTES = 1 << 30
_SECONDS_TO_WAIT = (15, 120)
_PIECE = 1 << 20


def is_address(source: str) -> bool:
    """Whether `source` is an address such as s3://bucket/a.jpg, rather than a path."""
    return _ADDRESS.match(source) is not None


def local_path(source: str) -> str:
    """The path that a file:// address stands for; any other source as it is."""
    if not source.lower().startswith("file://"):
        return source
    from urllib.parse import unquote
    from urllib.request import url2pathname

    rest = source[len("file://") :]
    rest = rest.removeprefix("localhost") if rest.startswith("localhost/") else rest
    # Names with % are written both ways; one that is there is meant.
    return rest if os.path.exists(rest) else url2pathname(rest) if os.name == "nt" else unquote(rest)  # noqa: PTH110


@dataclass(frozen=True, slots=True)
class Facts:
    """What a store says of an object: bytes, time of modification in nanoseconds, and its entity tag, if known."""

    bytes: int | None
    modified: int | None
    etag: str | None


def is_group(address: str) -> bool:
    """Whether `address` names several pictures, as a folder or a pattern; asks the store where its name does not say.

    Raises:
        BadOption: a web address ends in a slash; a user or a key stands in the address of a bucket.
        ExtraMissing, PictureUnreadable: see `told_of`.
    """
    protocol = protocol_of(address)
    if protocol in _WEB:
        if address.endswith("/"):
            raise BadOption(
                f"{without_secrets(address)} must be the address of a picture: servers do not list folders.",
                "Give the addresses of the pictures, in a list.",
            )
        return False
    bucket = address.partition("://")[2].partition("/")[0]
    if protocol in _WITH_BUCKETS and (not bucket or is_pattern(bucket)):
        raise BadOption(f"{address} names no bucket.", f"Give one: {protocol}://bucket/folder/")
    if protocol in _WITH_BUCKETS and "@" in bucket:
        raise BadOption(
            "The address of a bucket has no place for keys.",
            "Leave out what stands before the @, and set the keys in the environment.",
        )
    if address.endswith("/"):
        return True
    if not is_pattern(address) and PurePosixPath(address).suffix.lower() in PICTURE_SUFFIXES:
        return False
    with told_of(address):
        system = _file_system(protocol)
        try:
            return str(system.info(_plain(address)).get("type")) == "directory"
        except FileNotFoundError:
            return is_pattern(address)


def root_of(address: str) -> str:
    """The folder that the names of several roots are told apart by: that before the first wildcard."""
    return split_pattern(address)[0] if is_pattern(address) else address.rstrip("/")


def pictures_below(address: str, include: Sequence[Sequence[str]] = ()) -> Iterator[tuple[str, str, bool]]:
    """(address, folders below the root, whether only the suffix's case differs) of the pictures that `address` names.

    It is a folder or a pattern. The folders stand apart by forward slashes.

    Names decide what is a picture, because a look inside would cost a request each. Hidden names are left out. The
    store is asked folder by folder, and only the details of one folder are held at a time.

    Args:
        include: patterns, in parts, of which the path below a folder must match one; none for all.

    Raises:
        ExtraMissing, PictureNotFound, PictureUnreadable: see `told_of`.
    """
    scheme, protocol = address.partition("://")[0], protocol_of(address)
    address = _plain(address)
    with told_of(address):
        system = _file_system(protocol)
        is_one_folder = not is_pattern(address) or bool(system.isdir(address))
        base, pattern = (address, ["**", "*"]) if is_one_folder else split_pattern(address)
        pattern = with_folders(pattern)
        root = str(system._strip_protocol(base)).rstrip("/")
        depth = None if "**" in pattern else len(pattern)
        for folder, folders, files in system.walk(root, maxdepth=depth, on_error="raise"):
            below = [part for part in str(folder)[len(root) :].split("/") if part]
            folders[:] = sorted((each for each in folders if not each.startswith(".")), key=natural_order)
            for name in sorted((each for each in files if each and not each.startswith(".")), key=natural_order):
                parts = [*below, name]
                matches = {match_of(parts, each) for each in include or [pattern]}
                if not is_wanted(name, pattern[-1]) or matches == {""}:
                    continue
                found = "/".join([part for part in (root.lstrip("/"), *parts) if part])
                yield f"{scheme}://{found}", "/".join(below), "exact" not in matches


def _plain(address: str) -> str:
    """`address` with its protocol in small letters, as the file systems know it."""
    return f"{protocol_of(address)}://{address.partition('://')[2]}"


def _file_system(protocol: str) -> Any:
    """fsspec's file system for `protocol`. It keeps no list of what it has seen: a million objects take gigabytes."""
    import fsspec

    return fsspec.filesystem(protocol, use_listings_cache=False)


def read_address(address: str) -> bytes:
    """The bytes of the object or file behind `address`.

    Raises:
        PictureNotFound, PictureUnreadable, ExtraMissing: see `told_of`. PictureIsFolder: it is a folder.
        PictureTooLarge: it has more than 1 GiB.
    """
    protocol = protocol_of(address)
    if protocol in _WEB:
        return _read_web(address)
    with told_of(address):
        try:
            return bytes(_file_system(protocol).cat_file(_plain(address)))
        except IsADirectoryError:
            raise PictureIsFolder(
                f"{without_secrets(address)} must be a picture, but is a folder.",
                "Give one picture, or the folder with a slash at its end.",
            ) from None


def _read_web(address: str) -> bytes:
    import requests

    with told_of(address), requests.get(address, stream=True, timeout=_SECONDS_TO_WAIT) as answer:
        _require_success(address, answer.status_code, answer.reason)
        pieces: list[bytes] = []
        total = 0
        for piece in answer.iter_content(_PIECE):
            pieces.append(piece)
            total += len(piece)
            if total > _MOST_BYTES:
                raise PictureTooLarge(
                    f"{without_secrets(address)} has more than {_MOST_BYTES >> 30} GiB.", "Give a picture."
                )
        return b"".join(pieces)


def _require_success(address: str, status: int, reason: str) -> None:
    shown = without_secrets(address)
    if status in (404, 410):
        raise PictureNotFound(f"There is no {shown}: the server answers {status}.", "Check the address.")
    if status >= 400:
        cure = "Check who may read it." if status in (401, 403) else "Repeat it later."
        raise PictureUnreadable(
            f"{shown} cannot be read: the server answers {status} {reason}.".replace(" .", "."), cure
        )


def facts_of(address: str) -> Facts | None:
    """What the store says of the object behind `address`, by one request; None where it says nothing.

    Raises:
        ExtraMissing, BadOption: the protocol cannot be used at all.
    """
    try:
        with told_of(address):
            if protocol_of(address) in _WEB:
                return _web_facts(address)
            told = _file_system(protocol_of(address)).info(_plain(address))
    except (PictureNotFound, PictureUnreadable):
        return None
    if told.get("type") == "directory":
        return None
    size = told.get("size")
    etag = next((told[key] for key in ("ETag", "etag", "content_md5") if told.get(key)), None)
    when = next((told[key] for key in ("LastModified", "mtime", "updated", "created") if told.get(key)), None)
    return Facts(size, _nanoseconds(when), None if etag is None else str(etag).strip('"'))


def _web_facts(address: str) -> Facts | None:
    import requests

    answer = requests.head(address, allow_redirects=True, timeout=_SECONDS_TO_WAIT)
    if not answer.ok:
        return None
    size, etag, when = (answer.headers.get(name) for name in ("Content-Length", "ETag", "Last-Modified"))
    if etag is None and when is None:
        return None
    modified = None if when is None else _nanoseconds(parsedate_to_datetime(when))
    return Facts(int(size) if size and size.isdecimal() else None, modified, etag and etag.strip('"'))


def _nanoseconds(when: object) -> int | None:
    from datetime import datetime

    if isinstance(when, str):
        try:
            when = datetime.fromisoformat(when)
        except ValueError:
            return None
    if isinstance(when, datetime):
        return int(when.timestamp()) * 1_000_000_000 + when.microsecond * 1000
    return int(when * 1_000_000_000) if isinstance(when, int | float) else None
