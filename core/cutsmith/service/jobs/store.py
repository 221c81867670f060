"""The states of all jobs, in one file of SQLite that every process of the service uses."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from cutsmith.errors import CutsmithError
from cutsmith.service.failures import NoRoom

State = Literal["waiting", "running", "done", "failed", "cancelled"]

VERSION = 1
"""Of the tables. A file of a later version is left alone."""
_PATIENCE = 20.0
"""Seconds that a transaction waits for another process's."""

_TABLES = """
CREATE TABLE jobs (
    job TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'cancelled')),
    worked INTEGER NOT NULL DEFAULT 0,
    pictures INTEGER NOT NULL,
    done INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0,
    review INTEGER NOT NULL DEFAULT 0,
    failed INTEGER NOT NULL DEFAULT 0,
    created REAL NOT NULL,
    finished REAL,
    error TEXT,
    webhook TEXT NOT NULL DEFAULT '',
    event TEXT NOT NULL DEFAULT '',
    tries INTEGER NOT NULL DEFAULT 0,
    next_try REAL
);
CREATE INDEX jobs_by_state ON jobs (state, created);
CREATE INDEX jobs_by_webhook ON jobs (next_try) WHERE next_try IS NOT NULL;
"""
_COLUMNS = (
    "job, owner, state, worked, pictures, done, accepted, review, failed, "
    "created, finished, error, webhook, event, tries"
)


class StoreUnusable(CutsmithError):
    """The file of jobs is none, is damaged, or is that of a later version."""


@dataclass(frozen=True)
class Counts:
    """How far a job is.

    Attributes:
        done: pictures that have a result.
        accepted, review: how many of these Cutsmith trusts, and how many a person should look at.
        failed: pictures that have none.
    """

    done: int = 0
    accepted: int = 0
    review: int = 0
    failed: int = 0


@dataclass(frozen=True)
class JobRecord:
    """What is known of one job.

    Attributes:
        job: its identity.
        owner: the name of the key that it belongs to; "" where no key is needed.
        state: where it stands.
        worked: whether all of its pictures are done, so that the result alone is missing.
        pictures: how many there are.
        counts: how far it is.
        created, finished: seconds since 1970; `finished` is None until it has ended.
        error: why it failed as a whole, as JSON.
        webhook: the address to tell once it has ended; "" for none.
        event: names what is told, so that a receiver sees that it was told twice.
        tries: how often it was tried to be told.
    """

    job: str
    owner: str
    state: State
    worked: bool
    pictures: int
    counts: Counts = field(default_factory=Counts)
    created: float = 0.0
    finished: float | None = None
    error: Mapping[str, Any] | None = None
    webhook: str = ""
    event: str = ""
    tries: int = 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.state in ("done", "failed")


class JobStore:
    """The jobs of a service. Several threads may share one, and each process has its own on the same file.

    Every transaction is short: another process waits for it.

    Args:
        path: the file.
        is_shared: whether several machines use it, by a shared folder.
    """

    def __init__(self, path: Path, *, is_shared: bool = False) -> None:
        self.path = path
        # What is written ahead lies in memory that processes share, which machines do not.
        self._journal = "TRUNCATE" if is_shared else "WAL"
        self._lock = threading.Lock()
        self._opened: sqlite3.Connection | None = None

    def add(self, record: JobRecord, most_open: int) -> bool:
        """Keep a new job; -> false, and nothing is kept, where `most_open` jobs have not ended yet."""
        with self._transaction() as connection:
            row = connection.execute("SELECT count(*) FROM jobs WHERE state IN ('waiting', 'running')").fetchone()
            if row[0] >= most_open:
                return False
            connection.execute(
                "INSERT INTO jobs (job, owner, state, pictures, created, webhook, event) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (record.job, record.owner, record.state, record.pictures, record.created, record.webhook, record.event),
            )
            return True

    def open_count(self) -> int:
        """How many jobs have not ended yet."""
        return len(self._select("state IN ('waiting', 'running')"))

    def find(self, job: str) -> JobRecord | None:
        """The job `job`; None if there is none."""
        return next(iter(self._select("job = ?", job)), None)

    def of_owner(self, owner: str) -> list[JobRecord]:
        """The jobs of `owner`, the newest first; a thousand at most."""
        return self._select("owner = ? ORDER BY created DESC, job LIMIT 1000", owner)

    def to_do(self) -> list[JobRecord]:
        """The jobs that somebody has to work at, or clear away; the oldest first."""
        return self._select("state IN ('waiting', 'running', 'cancelled') ORDER BY created, job")

    def ended_before(self, finished: float) -> list[JobRecord]:
        """The jobs that ended before that time, in seconds since 1970."""
        return self._select("state IN ('done', 'failed') AND finished < ? ORDER BY finished", finished)

    def jobs(self) -> set[str]:
        """The identities of all jobs."""
        return {record.job for record in self._select("1")}

    def begin(self, job: str) -> JobRecord | None:
        """Note that the work on `job` begins, or goes on; -> the job, or None where it is no more to be done."""
        with self._transaction() as connection:
            connection.execute("UPDATE jobs SET state = 'running' WHERE job = ? AND state = 'waiting'", (job,))
        record = self.find(job)
        return record if record is not None and record.state == "running" else None

    def count(self, job: str, counts: Counts, *, worked: bool = False) -> None:
        """Note how far `job` is."""
        with self._transaction() as connection:
            connection.execute(
                "UPDATE jobs SET done = ?, accepted = ?, review = ?, failed = ?, worked = max(worked, ?) WHERE job = ?",
                (counts.done, counts.accepted, counts.review, counts.failed, int(worked), job),
            )

    def end(self, job: str, state: State, error: Mapping[str, Any] | None = None) -> bool:
        """Note that the running `job` has ended, and that its webhook is due; -> false where it was cancelled."""
        now = time.time()
        with self._transaction() as connection:
            changed = connection.execute(
                "UPDATE jobs SET state = ?, finished = ?, error = ?, "
                "next_try = CASE WHEN webhook = '' THEN NULL ELSE ? END WHERE job = ? AND state = 'running'",
                (state, now, None if error is None else json.dumps(error), now, job),
            )
            return changed.rowcount == 1

    def cancel(self, job: str) -> None:
        """Note that nobody wants `job`, or its result, any more."""
        with self._transaction() as connection:
            connection.execute("UPDATE jobs SET state = 'cancelled', next_try = NULL WHERE job = ?", (job,))

    def forget(self, job: str) -> None:
        """Forget `job`."""
        with self._transaction() as connection:
            connection.execute("DELETE FROM jobs WHERE job = ?", (job,))

    def take_webhook(self, lease: float) -> JobRecord | None:
        """A job whose webhook is due, which no other process takes for `lease` seconds; None where none is due."""
        now = time.time()
        with self._transaction() as connection:
            row = connection.execute(
                "SELECT job FROM jobs WHERE next_try <= ? ORDER BY next_try LIMIT 1", (now,)
            ).fetchone()
            if row is None:
                return None
            connection.execute("UPDATE jobs SET tries = tries + 1, next_try = ? WHERE job = ?", (now + lease, *row))
        return self.find(row[0])

    def webhook_again(self, job: str, next_try: float | None) -> None:
        """Note when the webhook of `job` is tried again, in seconds since 1970; None for never."""
        with self._transaction() as connection:
            connection.execute("UPDATE jobs SET next_try = ? WHERE job = ?", (next_try, job))

    def close(self) -> None:
        """Close the file; it is opened again where it is needed."""
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None

    def _select(self, where: str, *values: object) -> list[JobRecord]:
        with self._transaction(writes=False) as connection:
            rows = connection.execute(f"SELECT {_COLUMNS} FROM jobs WHERE {where}", values).fetchall()
        return list(map(_record, rows))

    @contextmanager
    def _transaction(self, *, writes: bool = True) -> Iterator[sqlite3.Connection]:
        """One transaction. One that writes takes its turn at once: it never fails since another was quicker.

        Raises:
            StoreUnusable: see there. NoRoom: the disk is full.
        """
        with self._lock:
            try:
                connection = self._connection()
                connection.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
                try:
                    yield connection
                except BaseException:  # whatever the caller raises, nothing of it is kept
                    if connection.in_transaction:  # some failures have ended it already
                        connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
            except sqlite3.DatabaseError as error:
                if "full" in str(error) or "readonly" in str(error):
                    raise NoRoom(f"The jobs cannot be kept: {error}.", "Ask the operator for more room.") from error
                raise StoreUnusable(
                    f"The file {self.path.name} cannot be used: {error}.", "The operator may move it away."
                ) from error

    def _connection(self) -> sqlite3.Connection:
        if self._opened is None:
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            except OSError as error:
                raise NoRoom(f"The jobs cannot be kept: {error.strerror}.", "Give another --folder.") from error
            opened = sqlite3.connect(self.path, timeout=_PATIENCE, isolation_level=None, check_same_thread=False)
            try:
                self._prepare(opened)
            except BaseException:  # handed on; only the file is closed
                opened.close()
                raise
            self._opened = opened
        return self._opened

    def _prepare(self, opened: sqlite3.Connection) -> None:
        _set_journal(opened, self._journal)
        # A job that was accepted outlives even the machine.
        opened.execute("PRAGMA synchronous = FULL")
        opened.execute("BEGIN IMMEDIATE")
        try:
            version = opened.execute("PRAGMA user_version").fetchone()[0]
            if version > VERSION:
                raise StoreUnusable(
                    f"The file {self.path.name} is that of a later version of Cutsmith.",
                    "The operator must update Cutsmith, or give another --folder.",
                )
            if version == 0:
                for statement in filter(str.strip, _TABLES.split(";")):
                    opened.execute(statement)
                opened.execute(f"PRAGMA user_version = {VERSION}")
        except BaseException:  # handed on; nothing is left half made
            opened.execute("ROLLBACK")
            raise
        opened.execute("COMMIT")


def _set_journal(opened: sqlite3.Connection, mode: str) -> None:
    """Set how transactions are kept. SQLite does not wait here itself while another process does the same."""
    until = time.monotonic() + _PATIENCE
    while True:
        try:
            opened.execute(f"PRAGMA journal_mode = {mode}")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _record(row: Sequence[Any]) -> JobRecord:
    job, owner, state, worked, pictures, done, accepted, review, failed, created, finished, error, *webhook = row
    return JobRecord(
        job, owner, state, bool(worked), pictures, Counts(done, accepted, review, failed), created, finished,
        None if error is None else json.loads(error), *webhook,
    )  # fmt: skip
