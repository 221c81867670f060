"""What the worker promises where things end: jobs that are cancelled, killed or kill, and files that are removed."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest

from cutsmith.worker import rendezvous
from cutsmith.worker.session import JobCancelled, WorkerCrashed
from tests.core.worker.conftest import (
    LONG_MATTING,
    STUBBORN,
    follow_until,
    is_alive,
    is_running,
    job_process_of,
    kill,
    log_of,
    sent,
    undecided_picture,
    wait_until,
    with_patched_jobs,
)

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(sys.platform == "win32", reason="signals and rights are those of POSIX"),
]


@pytest.mark.slow
def test_a_job_that_cannot_be_stopped_is_killed_and_the_next_ones_are_done(workers) -> None:
    with workers.connect(command=STUBBORN) as one, workers.connect() as two:
        job = one.submit("refine", LONG_MATTING, undecided_picture())
        follow_until(job, "matting")
        waiting = two.submit("models")
        assert next(waiting.follow()).stage == "waiting"
        start = time.monotonic()
        job.cancel()
        with pytest.raises(JobCancelled):
            job.result()
        assert time.monotonic() - start < 0.2
        assert waiting.result().kind == "result"
        assert time.monotonic() - start < 8
        assert two.run("ping").header["pid"] == one.run("ping").header["pid"] == one.welcome.pid
        assert "it does not stop, so its process is killed" in log_of(workers)
        two.run("stop")
    wait_until(lambda: workers.files() == [])


@pytest.mark.parametrize("stage", ["load", "mask"])
def test_a_cancelled_job_leaves_the_worker_free_at_once(warm, slow_job, stage) -> None:
    """Cancelled: told within 0.2 s; nothing of it goes on, so the next job starts then as well."""
    with warm.connect(start=False) as one, warm.connect(start=False) as two:
        job = one.submit(*slow_job)
        follow_until(job, stage)
        start = time.monotonic()
        job.cancel()
        with pytest.raises(JobCancelled):
            job.result()
        assert time.monotonic() - start < 0.2
        assert two.run("models").kind == "result"


def test_a_killed_jobs_process_is_told_and_the_worker_goes_on(workers, slow_job, network, pixels) -> None:
    with workers.connect() as session:
        job = session.submit(*slow_job)
        follow_until(job, "mask")
        os.kill(job_process_of(session.welcome.pid), signal.SIGKILL)
        with pytest.raises(WorkerCrashed, match="possibly because memory ran out"):
            job.result()
        assert session.run("cut", {"model": str(network)}, {"pixels": sent(pixels)}).kind == "result"
        assert session.run("ping").header["pid"] == session.welcome.pid


def test_the_jobs_process_ends_with_a_killed_worker(workers, slow_job) -> None:
    with workers.connect() as session:
        follow_until(session.submit(*slow_job), "mask")
        child = job_process_of(session.welcome.pid)
        kill(session.welcome.pid)
    wait_until(lambda: not is_running(child))


@pytest.mark.parametrize("name", [rendezvous.KEY_FILE, rendezvous.SOCKET_FILE, "."])
def test_a_worker_that_nobody_can_find_any_more_ends_and_harms_no_other(workers, name) -> None:
    """Its key, its socket or its folder was removed, such as by a cleaner of temporary files."""
    with workers.connect() as session:
        orphan = session.welcome.pid
    if name == ".":
        shutil.rmtree(workers.folder)
    else:
        (workers.folder / name).unlink()
    with workers.connect() as session:
        assert session.welcome.pid != orphan
        wait_until(lambda: not is_alive(orphan))
        assert workers.files() == sorted([rendezvous.KEY_FILE, rendezvous.SOCKET_FILE])
        assert session.run("ping").kind == "result"
    workers.connect(start=False).close()


def test_a_payload_that_is_announced_takes_no_memory(warm) -> None:
    def reserved() -> int:
        status = Path(f"/proc/{session.welcome.pid}/status").read_text(encoding="utf-8")
        return int(status.split("VmSize:")[1].split()[0]) * 1024

    with warm.connect(start=False) as session:
        before = reserved()
        header = b'{"kind":"job","id":1,"job":"cut"}'
        announced = b"CSW\n" + len(header).to_bytes(4, "big") + (1_500_000_000).to_bytes(8, "big")
        session._stream.write(memoryview(announced + header + bytes(100_000)))
        time.sleep(0.3)
        # A thread's stack is among it.
        assert reserved() - before < 150_000_000


def test_a_fault_is_in_the_log_in_full(workers) -> None:
    faulty = with_patched_jobs(
        "from cutsmith.serving import jobs\n"
        "def run_job(*asked):\n"
        "    raise ZeroDivisionError('by nought')\n"
        "jobs.run_job = run_job\n"
    )
    with workers.connect(command=faulty) as session:
        with pytest.raises(WorkerCrashed, match="by nought"):
            session.run("models")
        assert "Traceback" in log_of(workers)
