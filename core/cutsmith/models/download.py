"""One file over HTTP: resumed where it stopped, tried again where that helps, never taken for whole when it is not."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from cutsmith.errors import DownloadFailed, WeightsDamaged
from cutsmith.models.integrity import read_record, write_record

if TYPE_CHECKING:
    import requests

logger = logging.getLogger(__name__)

Progress = Callable[[int, int | None], None]

ATTEMPTS = 4  # in a row without a single new byte
FIRST_PAUSE = 1.0  # seconds; doubles with each attempt
TIMEOUT = (15.0, 60.0)  # seconds to connect, and between two pieces of the body
PIECE = 1 << 16  # bytes: what at most is lost where a connection breaks
PROXY_VARIABLES = "HTTPS_PROXY, HTTP_PROXY, NO_PROXY"


class _StartAgain(Exception):
    """What the server sends does not continue what is there."""


def download(url: str, part: Path, *, size: int | None, command: str, progress: Progress | None = None) -> None:
    """Fetch `url` into `part`, continuing what an earlier call for the same URL left there.

    A record beside the file (`.json`) keeps the URL and the server's ETag or Last-Modified, so that a file that has
    changed on the server is fetched from its start. Proxies are those of the environment. `size` is the number of bytes
    wanted, None where it is not known; `command` is what the user calls again, or with `--from`, after a failure;
    `progress` is called with (bytes so far, bytes in all or None).

    Raises:
        DownloadFailed: no connection, a refusal, or too many interruptions; what came is kept for the next call.
        WeightsDamaged: the server offers a file of another size.
        OSError: the disk refuses.
    """
    import requests
    from urllib3.exceptions import HTTPError

    failures, most = 0, _bytes_in(part)
    with requests.Session() as session:
        while True:
            try:
                _transfer(session, url, part, size=size, progress=progress)
                return
            except _StartAgain as reason:
                logger.info("%s: starting again: %s", shown(url), reason)
                forget_part(part)
                failures += 1
                if failures >= ATTEMPTS:
                    raise _failed(url, part, size, reason, command) from reason
            except (requests.RequestException, HTTPError) as error:
                # New bytes are progress: only failures in a row count.
                failures = 1 if _bytes_in(part) > most else failures + 1
                most = max(most, _bytes_in(part))
                if failures >= ATTEMPTS or not _worth_another_try(error):
                    raise _failed(url, part, size, error, command) from error
                logger.info("%s: attempt %d failed: %s", shown(url), failures, _reason(error))
                time.sleep(FIRST_PAUSE * 2 ** (failures - 1))


def shown(url: str) -> str:
    """`url` without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def forget_part(part: Path) -> None:
    """Remove an unfinished download and its record."""
    part.unlink(missing_ok=True)
    part_record(part).unlink(missing_ok=True)


def part_record(part: Path) -> Path:
    """Where the record of an unfinished download lies."""
    return part.with_name(part.name + ".json")


def _transfer(session: requests.Session, url: str, part: Path, *, size: int | None, progress: Progress | None) -> None:
    """One request, and its body into `part`."""
    have, headers = _continuation(url, part)
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT) as response:
        if response.status_code == 416:
            raise _StartAgain("the server has no bytes after those that are here")
        response.raise_for_status()
        if response.status_code == 206:
            if not response.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
                raise _StartAgain("the server sent another range")
        else:
            have = 0
        total = _announced_total(response, have)
        if size is not None and total is not None and total != size:
            forget_part(part)
            raise WeightsDamaged(
                f"{shown(url)} has {total:,} bytes, wanted {size:,}.",
                "That is another file: a login page of the network, perhaps. Open the address in a browser.",
            )
        if have == 0:
            validators = {key: response.headers.get(key) for key in ("ETag", "Last-Modified")}
            write_record(part_record(part), {"url": shown(url), **validators})
        total = total if total is not None else size
        with part.open("ab" if have else "wb") as file:
            for piece in response.iter_content(PIECE):
                file.write(piece)
                have += len(piece)
                if progress is not None:
                    progress(have, total)
    if total is not None and have < total:
        raise _cut_off(have, total)
    if total is not None and have > total:
        raise _StartAgain(f"it sent {have:,} bytes instead of {total:,}")


def _continuation(url: str, part: Path) -> tuple[int, dict[str, str]]:
    """(bytes that are there and can be continued, the request's headers)."""
    headers = {"Accept-Encoding": "identity"}
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
    """A refusal (404, 403 ...) and a senseless URL stay; a fault of the server or of the line may pass."""
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


def _failed(url: str, part: Path, size: int | None, error: Exception, command: str) -> DownloadFailed:
    import requests

    have = _bytes_in(part)
    kept = f"{have:,} bytes{f' of {size:,}' if size else ''} are here: the same command goes on from there.\n  "
    refused = isinstance(error, requests.HTTPError | _StartAgain)
    advice = "" if refused else f"Behind a proxy, set {PROXY_VARIABLES}. "
    return DownloadFailed(
        f"{shown(url)} cannot be fetched: {_reason(error)}.",
        f"{kept if have else ''}{advice}Another source, or a file that was brought here: {command} --from FOLDER|URL",
    )


def _reason(error: Exception) -> str:
    """What went wrong, without the names of the libraries' objects."""
    import requests

    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"the server answers {error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.Timeout):
        return f"no answer within {TIMEOUT[1]:.0f} seconds"
    inner = getattr(error.args[0], "reason", None) if error.args else None
    return re.sub(r"^.*?(?:\)|>): ", "", str(inner or error)).rstrip(".")


def _bytes_in(part: Path) -> int:
    return part.stat().st_size if part.exists() else 0
