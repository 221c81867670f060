"""Tells the hosts that the operator allowed of jobs that have ended: at least once each, in a thread of its own.

What is due stands in the store, so that a restart forgets nothing. A process takes one for a while; where it is killed
meanwhile, another one, or the next, takes it again, under the same name of the event.
"""

from __future__ import annotations

import logging
import time
from datetime import UTC, datetime
from typing import Any

from cutsmith.service.jobs.lookout import Lookout
from cutsmith.service.jobs.store import JobRecord, JobStore
from cutsmith.service.settings import ServiceSettings

logger = logging.getLogger(__name__)

EVENT_HEADER = "X-Cutsmith-Event"
"""Names the event: what is told twice has the same."""
_LEASE = 60.0
"""Seconds for which a process has one; longer than an attempt takes."""
_SECONDS = 10.0
_BACKOFF = (5.0, 30.0, 120.0, 600.0, 3600.0, 4 * 3600.0)
"""Seconds between one attempt and the next."""
_LOOK = 2.0


class WebhookSender:
    """The thread.

    Args:
        store: where what is due stands.
        settings: with the hosts that are allowed.
        backoff: seconds between one attempt and the next; after the last one it is given up.
    """

    def __init__(self, store: JobStore, settings: ServiceSettings, backoff: tuple[float, ...] = _BACKOFF) -> None:
        self._store = store
        self._settings = settings
        self._backoff = backoff
        self._lookout = Lookout("cutsmith-webhooks", self._look, _LOOK)

    def start(self) -> None:
        """Begin."""
        self._lookout.start()

    def wake(self) -> None:
        """Look at once: something is due."""
        self._lookout.wake()

    def end(self) -> None:
        """Begin nothing more; an attempt under way is given up."""
        self._lookout.end()

    def join(self, seconds: float) -> None:
        """Wait until the thread has ended, for `seconds` at most."""
        self._lookout.join(seconds)

    def _look(self) -> bool:
        """Tell of the first job that is due; -> whether there was one."""
        record = self._store.take_webhook(_LEASE)
        if record is not None:
            self._tell(record)
        return record is not None

    def _tell(self, record: JobRecord) -> None:
        from cutsmith.service.fetching.webhook import post_json

        try:
            post_json(
                record.webhook,
                told_of(record),
                allowed_hosts=self._settings.allow_webhooks,
                headers={EVENT_HEADER: record.event},
                seconds=_SECONDS,
                cancelled=lambda: self._lookout.has_ended,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not be tried for ever
            self._note_failure(record, error)
        else:
            self._store.webhook_again(record.job, None)

    def _note_failure(self, record: JobRecord, error: Exception) -> None:
        if self._lookout.has_ended:
            self._store.webhook_again(record.job, time.time())  # the next process does it
            return
        is_last = record.tries > len(self._backoff)
        logger.warning("the webhook of job %s failed, attempt %d: %s", record.job, record.tries, error)
        self._store.webhook_again(record.job, None if is_last else time.time() + self._backoff[record.tries - 1])


def told_of(record: JobRecord) -> dict[str, Any]:
    """A job as clients and webhooks are told of it."""
    return {
        "job": record.job,
        "state": record.state,
        "pictures": record.pictures,
        "done": record.counts.done,
        "accepted": record.counts.accepted,
        "review": record.counts.review,
        "failed": record.counts.failed,
        "created": _time(record.created),
        "finished": None if record.finished is None else _time(record.finished),
        "error": record.error,
    }


def _time(seconds: float) -> str:
    """Seconds since 1970 as text: "2026-11-26T23:59:00Z"."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
