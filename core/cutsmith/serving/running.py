"""Runs one job of the queue, whatever it is, and tells its client how it ended."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

from cutsmith.errors import Cancelled, CutsmithError
from cutsmith.serving.queue import Job, JobQueue

logger = logging.getLogger(__name__)

Report = Callable[[str, float], None]
"""Called when a stage begins, with its name and the share of the work that is done, in [0, 1]."""

Work = Callable[[Any, Report, Callable[[], bool]], Any]
"""What a job's content, a report and the question whether it was dropped become: the job's answer."""

Stages = Callable[[Any], Mapping[str, float] | None]
"""The seconds of each stage of an answer, for the log."""


class JobDropped(Exception):
    """The job's client no longer needs the answer."""


def run(job: Job, queue: JobQueue, work: Work, stages: Stages = lambda _: None) -> None:
    """Do `job`, which `queue` handed out, by `work`, and tell its client. No failure leaves this function."""
    try:
        tell = _outcome(job, work, stages)
    finally:
        # Before the client gets its answer: its next job must not be told to wait for this one.
        queue.done(job)
    tell()


def _outcome(job: Job, work: Work, stages: Stages) -> Callable[[], None]:
    """Do the job; -> a function that tells the client how it ended."""

    def report(stage: str, fraction: float) -> None:
        if job.dropped.is_set():
            raise JobDropped
        job.listener.tell_progress(job, stage, fraction)

    start = time.monotonic()

    def log(outcome: str, seconds: Mapping[str, float] | None = None) -> None:
        shares = "".join(f", {stage} {each:.3f}" for stage, each in (seconds or {}).items())
        logger.info("%s: %s in %.3f s%s", job.kind[:40], outcome, time.monotonic() - start, shares)

    try:
        answer = work(job.taken_content(), report, job.dropped.is_set)
    except (JobDropped, Cancelled):
        log("dropped")
        return lambda: job.listener.tell_dropped(job)
    except CutsmithError as error:
        failure = error
        log(type(error).__name__)
        return lambda: job.listener.tell_failure(job.number, failure)
    except Exception as error:  # a bug of ours or of a model: logged in full, and the next job may well work
        logger.exception("a job failed")
        log("crash")
        what = f"{type(error).__name__}: {error}"
        return lambda: job.listener.tell_crash(job, what)
    log("done", stages(answer))
    return lambda: job.listener.tell_result(job, answer)
