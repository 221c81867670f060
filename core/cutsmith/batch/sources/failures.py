"""What a failure of an object store or a server means, told without secrets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from cutsmith.cures import Cure, advise, install_extra, install_packages
from cutsmith.errors import BadOption, CutsmithError, ExtraMissing, PictureNotFound, PictureUnreadable

_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs"}
_PACKAGES = {"abfs": "adlfs", "abfss": "adlfs", "az": "adlfs", "sftp": "paramiko", "ssh": "paramiko"}
_CREDENTIALS = {
    "s3": "Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. For a public bucket set "
    "FSSPEC_S3_ANON=true.",
    "gcs": "Log in (gcloud auth application-default login), or set GOOGLE_APPLICATION_CREDENTIALS. For a public bucket "
    "set FSSPEC_GS_TOKEN=anon.",
}
_USER = re.compile(r"(?<=://)[^/@\s]+@")
_QUERY = re.compile(r"\?[^\s\"'<>]+")
_NAMED_SECRET = re.compile(
    r"(?i)\b([\w-]*(?:secret|token|signature|password|credential|access[-_]?key)[\w-]*)(\s*[=:]\s*)\S+"
)
_LONGEST_REASON = 200


def without_secrets(text: str) -> str:
    """`text` without the users, passwords and queries of addresses, and without values that are called secret."""
    return _NAMED_SECRET.sub(r"\1\2...", _QUERY.sub("?...", _USER.sub("", text)))


def protocol_of(address: str) -> str:
    """The protocol of `address`, in small letters: "s3"."""
    return address.partition("://")[0].lower()


@contextmanager
def told_of(address: str) -> Iterator[None]:
    """Turn whatever a file system raises about `address` into one of Cutsmith's errors.

    Raises:
        ExtraMissing: the package for its protocol is not installed. BadOption: nobody knows the protocol.
        PictureNotFound: there is no such object, or no such bucket. PictureUnreadable: anything else.
    """
    try:
        yield
    except (CutsmithError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001 - each store's package raises its own
        # Without the cause: its text and its frames may hold keys.
        raise _error(address, error) from None


def _error(address: str, error: Exception) -> CutsmithError:
    protocol, shown = protocol_of(address), without_secrets(address)
    reason = _reason(error)
    if isinstance(error, ImportError):
        return ExtraMissing(
            f"{shown} lies in a store ({protocol}://) whose package is not installed.", _installs(protocol, error)
        )
    if isinstance(error, ValueError) and "rotocol not known" in str(error):
        return BadOption(
            f"Nothing reads addresses that begin with {protocol}://.",
            "Known are s3://, gs://, file://, https:// and what fsspec knows.",
            found=protocol,
        )
    credentials = _CREDENTIALS.get(_EXTRAS.get(protocol, ""), "Check the user, the key, and what they may read.")
    if "Credential" in type(error).__name__ or "RefreshError" in type(error).__name__:
        return PictureUnreadable(f"{shown} cannot be read: there are no credentials that the store takes.", credentials)
    if isinstance(error, FileNotFoundError):
        if "bucket" in reason:
            return PictureNotFound(f"There is no {shown}: {reason}.", "Check the name of the bucket, and the region.")
        return PictureNotFound(f"There is no {shown}.", "Check the name; capitals count.")
    if isinstance(error, PermissionError):
        return PictureUnreadable(f"{shown} may not be read: {reason}.", credentials)
    return PictureUnreadable(f"{shown} cannot be read: {reason}.", "Check the address and the network, and repeat it.")


def _installs(protocol: str, error: ImportError) -> Cure:
    if protocol in _EXTRAS:
        return install_extra(_EXTRAS[protocol])
    package = _PACKAGES.get(protocol) or error.name
    return install_packages(package) if package else advise(f"{without_secrets(str(error))}.")


def _reason(error: Exception) -> str:
    kind = type(error).__name__
    if "Timeout" in kind:
        return "the server does not answer in time"
    if "Connect" in kind:
        return "there is no connection to the server"
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    first = without_secrets(text.strip().split("\n")[0]).rstrip(".")
    return first if len(first) <= _LONGEST_REASON else f"{first[:_LONGEST_REASON]}..."
