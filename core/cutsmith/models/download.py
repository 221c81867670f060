"""One file over HTTP: resumed where it stopped, tried again where that helps, never taken for whole too early."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from cutsmith.cures import Cure
from cutsmith.errors import DownloadFailed, WeightsDamaged
from cutsmith.models.integrity import read_record, write_record

if TYPE_CHECKING:
    import requests

logger = logging.getLogger(__name__)

Progress = Callable[[int, int | None], None]

ATTEMPTS = 4  # in a row without a single new byte
FIRST_PAUSE = 1.0  # seconds; doubles with each attempt
TIMEOUT = (15.0, 60.0)  # seconds to connect, and between two pieces of the body
PIECE = 1 << 16  # bytes: the most that a broken connection loses
_UNCODED = {"Accept-Encoding": "identity"}  # the file's own bytes: only they can be counted and continued
PROXY_VARIABLES = "HTTPS_PROXY, HTTP_PROXY and NO_PROXY"


class _StartAgain(Exception):
    """The server's answer does not continue the part that is here."""


def download(url: str, part: Path, *, size: int | None, elsewhere: Cure, progress: Progress | None = None) -> None:
    """Fetch `url` into `part`, continuing what an earlier call for the same URL left there.

    A record beside the file (`.json`) keeps the URL and the server's ETag or Last-Modified, so that a file that has
    changed on the server is fetched from its start. The earlier part is given up only for an answer of the right size,
    or for one that has brought as much. Proxies are those of the environment. `size` is the file's number of bytes, or
    None where it is not known; `elsewhere` is the cure that names another source after a failure; `progress` is called
    with (bytes so far, bytes in all or None).

    Raises:
        DownloadFailed: no connection, a refusal, or too many interruptions; what came is kept for the next call.
        WeightsDamaged: the server offers a web page, or a file of another size; what came earlier is kept.
        OSError: the disk refuses.
    """
    import requests
    from urllib3.exceptions import HTTPError

    failures, most, resume = 0, _bytes_in(part), True
    with requests.Session() as session:
        while True:
            try:
                _transfer(session, url, part, size=size, resume=resume, progress=progress)
                return
            except _StartAgain as reason:
                logger.info("%s: starting again: %s", shown(url), reason)
                resume = False
                failures += 1
                if failures >= ATTEMPTS:
                    raise _failed(url, part, size, reason, elsewhere) from reason
            except (requests.RequestException, HTTPError) as error:
                resume = True
                # New bytes are progress: only failures in a row count.
                failures = 1 if _bytes_in(part) > most else failures + 1
                most = max(most, _bytes_in(part))
                if failures >= ATTEMPTS or not _worth_another_try(error):
                    raise _failed(url, part, size, error, elsewhere) from error
                logger.info("%s: attempt %d failed: %s", shown(url), failures, _reason(error))
                time.sleep(FIRST_PAUSE * 2 ** (failures - 1))


def shown(url: str) -> str:
    """`url` without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def forget_part(part: Path) -> None:
    """Remove an unfinished download and what belongs to it."""
    for path in (part, part_record(part), _beside(part)):
        path.unlink(missing_ok=True)


def part_record(part: Path) -> Path:
    """Where the record of an unfinished download lies."""
    return part.with_name(part.name + ".json")


def _beside(part: Path) -> Path:
    """Where an answer grows that may turn out not to be the file."""
    return part.with_name(part.name + ".new")


def _transfer(
    session: requests.Session, url: str, part: Path, *, size: int | None, resume: bool, progress: Progress | None
) -> None:
    """One request, and its body into `part`; without `resume` from the first byte."""
    have, headers = _continuation(url, part) if resume else (0, dict(_UNCODED))
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:
            raise _StartAgain("the server has no bytes after those that are here")
        response.raise_for_status()
        if response.status_code != 206:
            have = 0
        elif not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise _StartAgain("the server sent another range")
        announced = _announced_total(response, have)
        _refuse_another_file(url, response, announced, size)
        total = announced if announced is not None else size
        pieces = response.iter_content(PIECE)
        if have == 0:
            have = _begin(pieces, part, proven=announced is not None and announced == size, total=total)
            validators = {key: response.headers.get(key) for key in ("ETag", "Last-Modified")}
            write_record(part_record(part), {"url": shown(url), **validators})
        have = _write(pieces, part, have, total, progress)
    if total is not None and have < total:
        raise _cut_off(have, total)
    if total is not None and have > total:
        forget_part(part)
        raise _StartAgain(f"it sent {have:,} bytes instead of {total:,}")


def _refuse_another_file(url: str, response: requests.Response, announced: int | None, size: int | None) -> None:
    """Raise WeightsDamaged for an answer that cannot be the file, before it costs what came earlier."""
    if announced is not None and size is not None and announced != size:
        fault = f"must have {size:,} bytes, but has {announced:,}"
    elif response.headers.get("Content-Type", "").startswith("text/html"):
        fault = "must be a file, but is a web page"
    else:
        return
    raise WeightsDamaged(
        f"{shown(url)} {fault}.",
        "This is another file, perhaps a login page of the network. Open the address in a browser.",
    )


def _begin(pieces: Iterator[bytes], part: Path, *, proven: bool, total: int | None) -> int:
    """Put the first bytes of an answer in the place of what `part` holds; returns how many they are.

    An answer of the wanted size (`proven`) replaces it at once; any other may be a login page.
    """
    there = _bytes_in(part)
    if there and not proven:
        return _outgrow(pieces, part, there, total)
    part_record(part).unlink(missing_ok=True)
    part.write_bytes(b"")
    return 0


def _outgrow(pieces: Iterator[bytes], part: Path, there: int, total: int | None) -> int:
    """Let an answer grow beside `part` until it has brought as many bytes, or is at its announced end; returns them."""
    import requests

    beside = _beside(part)
    try:
        beside.write_bytes(b"")
        have = _write(pieces, beside, 0, total, None, enough=there)
        if have < there and have != total:
            raise requests.ConnectionError(
                f"the answer ended after {have:,} bytes, fewer than the {there:,} that are here"
            )
        # The record first: with one of another answer, foreign bytes would be put behind these.
        part_record(part).unlink(missing_ok=True)
        beside.replace(part)
    finally:
        beside.unlink(missing_ok=True)
    return have


def _write(
    pieces: Iterator[bytes],
    path: Path,
    have: int,
    total: int | None,
    progress: Progress | None,
    *,
    enough: int | None = None,
) -> int:
    """Append `pieces` to the file `path`, which has `have` bytes, to their end or to `enough`; returns its bytes."""
    with path.open("ab") as file:
        while (enough is None or have < enough) and (piece := next(pieces, b"")):
            file.write(piece)
            have += len(piece)
            if progress is not None:
                progress(have, total)
    return have


def _continuation(url: str, part: Path) -> tuple[int, dict[str, str]]:
    """(bytes that are there and can be continued, the request's headers)."""
    headers = dict(_UNCODED)
    record = read_record(part_record(part))
    have = _bytes_in(part)
    if not have or record.get("url") != shown(url):
        return 0, headers
    headers["Range"] = f"bytes={have}-"
    etag = record.get("ETag")
    # A weak ETag does not vouch for bytes (RFC 9110, 13.1.5).
    validator = etag if etag and not str(etag).startswith("W/") else record.get("Last-Modified")
    if validator:
        headers["If-Range"] = str(validator)
    return have, headers


def _announced_total(response: requests.Response, have: int) -> int | None:
    """The whole file's bytes as the server states them; None where it does not."""
    if response.status_code == 206:
        total = response.headers.get("Content-Range", "").rpartition("/")[2]
        return int(total) if total.isdigit() else None
    length = response.headers.get("Content-Length", "")
    plain = response.headers.get("Content-Encoding", "identity") == "identity"
    return have + int(length) if length.isdigit() and plain else None


def _cut_off(have: int, total: int) -> Exception:
    import requests

    return requests.ConnectionError(f"the connection ended after {have:,} of {total:,} bytes")


def _worth_another_try(error: Exception) -> bool:
    """Whether the fault may pass: one of the server or the line may, a refusal (404, 403 ...) or a bad URL does not."""
    import requests

    if isinstance(error, requests.HTTPError):
        status = error.response.status_code if error.response is not None else 0
        return status >= 500 or status in (408, 425, 429)
    lasting = (
        requests.exceptions.InvalidURL,
        requests.exceptions.MissingSchema,
        requests.exceptions.InvalidSchema,
        requests.exceptions.InvalidProxyURL,
        requests.exceptions.SSLError,
        requests.exceptions.TooManyRedirects,
    )
    return not isinstance(error, lasting)


def _failed(url: str, part: Path, size: int | None, error: Exception, elsewhere: Cure) -> DownloadFailed:
    import requests

    have = _bytes_in(part)
    kept = f"{have:,} bytes{f' of {size:,}' if size else ''} are here: the next attempt goes on from there."
    refused = isinstance(error, requests.HTTPError | _StartAgain)
    proxy = "" if refused else f"Behind a proxy, set {PROXY_VARIABLES}."
    return DownloadFailed(f"{shown(url)} cannot be fetched: {_reason(error)}.", kept if have else "", proxy, elsewhere)


def _reason(error: Exception) -> str:
    """What went wrong, without the names of library objects."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT[1]:.0f} seconds"
    inner = getattr(error.args[0], "reason", None) if error.args else None
    return re.sub(r"^.*?(?:\)|>): ", "", str(inner or error)).rstrip(".")


def _bytes_in(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
