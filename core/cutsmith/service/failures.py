"""What goes wrong in a service beside the engine's own errors, and the HTTP status of every error."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cutsmith.errors import (
    Cancelled,
    CutsmithError,
    DeviceOutOfMemory,
    NotInstalled,
    PictureError,
    PictureTooLarge,
    SubjectNotFound,
    UsageError,
)
from cutsmith.service.fetching.failures import FetchTooLarge
from cutsmith.serving.queue import QueueFull

RETRY_AFTER = 5
"""Seconds after which a client that was refused for lack of room should ask again."""


class BadForm(UsageError):
    """The body of a request is no form, or not the one that is wanted."""


class FieldMissing(BadForm):
    """A field that the request needs is not there."""


class WrongMediaType(UsageError):
    """The body is of a type that the service does not read."""


class BodyTooLarge(UsageError):
    """The body, or a file in it, has more bytes than the service takes."""


class BodyTooSlow(UsageError):
    """The body did not arrive within the time that it may take."""


class WrongHost(UsageError):
    """The request's Host header names no host that the service is known by."""


class ForeignOrigin(UsageError):
    """Another web site sent the request by way of somebody's browser."""


class KeyMissing(UsageError):
    """The service needs a key, and the request has none."""


class KeyUnknown(UsageError):
    """The request's key is none of the service's."""


class TooManyRequests(CutsmithError):
    """The key's, or the address's, allowance is used up; `retry_after` seconds later there is more.

    `headers` tell of the allowance, as they do in other answers.
    """

    def __init__(
        self, what: str, *cures: str, retry_after: int, headers: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        super().__init__(what, *cures)
        self.retry_after = retry_after
        self.headers = headers


class TooMuchAtOnce(CutsmithError):
    """The requests under way together hold as many bytes as they may. Ask again later."""


class NotFound(UsageError):
    """Nothing is at this address, or not any more."""


class JobNotDone(UsageError):
    """The result of a job was asked for, and there is none yet, or never will be."""


class NoRoom(CutsmithError):
    """The disk of the service is full, or does not take more."""


class MethodNotAllowed(UsageError):
    """The address exists, but not for this method; `allowed` names those that it has."""

    def __init__(self, what: str, *cures: str, allowed: str = "") -> None:
        super().__init__(what, *cures)
        self.allowed = allowed


class NotOffered(CutsmithError):
    """The operator of this service has not switched this on."""


class DeadlinePassed(CutsmithError):
    """The work took longer than a request may take."""


class ServiceEnding(CutsmithError):
    """The service is about to end, and takes no more work."""


class ClientGone(Exception):
    """The client hung up: nobody hears an answer."""


class Crashed(Exception):
    """The work failed in a way that nobody foresaw; the log has the traceback."""


# The first that fits counts, so the more special ones come first.
_STATUSES: tuple[tuple[type[Exception], int], ...] = (
    (WrongMediaType, 415),
    (BodyTooLarge, 413),
    (FetchTooLarge, 413),
    (PictureTooLarge, 413),
    (BodyTooSlow, 408),
    (WrongHost, 421),
    (ForeignOrigin, 403),
    (KeyMissing, 401),
    (KeyUnknown, 403),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (JobNotDone, 409),
    (TooManyRequests, 429),
    (QueueFull, 429),
    (TooMuchAtOnce, 429),
    (SubjectNotFound, 422),
    (NotOffered, 501),
    (NotInstalled, 501),
    (DeadlinePassed, 503),
    (ServiceEnding, 503),
    (NoRoom, 503),
    (DeviceOutOfMemory, 503),
    (Cancelled, 503),
    (PictureError, 400),
    (UsageError, 400),
)


def status_of(error: Exception) -> int:
    """The HTTP status that tells of `error`; 500 for what nobody foresaw."""
    return next((status for kind, status in _STATUSES if isinstance(error, kind)), 500)


def retry_after(error: Exception) -> int | None:
    """Seconds after which asking again may help; None where it does not."""
    if isinstance(error, TooManyRequests):
        return error.retry_after
    return RETRY_AFTER if status_of(error) in (429, 503) else None
