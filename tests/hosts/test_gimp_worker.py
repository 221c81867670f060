"""One worker for all calls and all GIMPs of a user: it stays warm, is replaced when it dies, and leaves nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from cutsmith.worker import client
from tests.core.worker.conftest import is_running, job_process_of, wait_until
from tests.hosts.gimp_host import CUT_OUT, LAYER, GimpHost

pytestmark = [pytest.mark.slow, pytest.mark.weights]

OFF = {"edge": "off"}


def cut(gimp: GimpHost, pictures: Path) -> None:
    said, state = gimp.run(("load", str(pictures / "cat.png")), ("call", CUT_OUT, OFF), ("state",))
    assert said == ""
    assert state["layers"][0]["has_mask"]


def test_the_second_call_meets_the_warm_worker(gimp: GimpHost, pictures: Path) -> None:
    cut(gimp, pictures)
    first = gimp.worker_pid()
    assert first is not None
    cut(gimp, pictures)
    assert gimp.worker_pid() == first


def test_a_killed_worker_is_replaced(gimp: GimpHost, pictures: Path) -> None:
    cut(gimp, pictures)
    first = gimp.worker_pid()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    cut(gimp, pictures)
    assert gimp.worker_pid() not in (None, first)


def test_two_gimps_at_once_start_one_worker_and_it_leaves_no_file(gimp: GimpHost, pictures: Path) -> None:
    gimp.end_worker()
    assert gimp.worker_files() == []
    steps = (("load", str(pictures / "cat.png")), ("call", CUT_OUT, OFF), ("dump", f"mask:{LAYER}"))
    log = gimp.home / "state" / "cutsmith" / "log" / "worker.log"
    started_before = log.read_text(encoding="utf-8").count("listens in")
    waiting = [gimp.start(*steps), gimp.start(*steps)]
    for results in waiting:
        _, said, mask = results()
        assert said == ""
        assert mask.max() > 200
    assert log.read_text(encoding="utf-8").count("listens in") == started_before + 1
    gimp.end_worker()
    assert gimp.worker_files() == []
    assert gimp.worker_pid() is None


@pytest.mark.parametrize("name", ["worker.key", "worker.sock"])
def test_a_worker_that_cannot_be_found_any_more_is_replaced_and_ends(gimp: GimpHost, pictures: Path, name: str) -> None:
    """A cleaner of temporary files has removed one of its files."""
    cut(gimp, pictures)
    first = gimp.worker_pid()
    assert first is not None
    (gimp.worker_folder / name).unlink()
    cut(gimp, pictures)
    assert gimp.worker_pid() not in (None, first)
    wait_until(lambda: not is_running(first))
    assert gimp.worker_files() == ["worker.key", "worker.sock"]


def test_a_job_that_is_killed_is_told_and_the_worker_goes_on(gimp: GimpHost, pictures: Path) -> None:
    """As the system ends a process that takes too much memory."""
    cut(gimp, pictures)
    worker = gimp.worker_pid()
    assert worker is not None
    # Stopped first, so that the job cannot end before it is killed.
    child = job_process_of(worker)
    os.kill(child, signal.SIGSTOP)
    steps = (("load", str(pictures / "cat.png")), ("state",), ("call", CUT_OUT, {}), ("state",))
    results = gimp.start(*steps)
    with client.connect(folder=gimp.worker_folder) as asking:
        wait_until(lambda: asking.run("ping").header["jobs"] > 0, 120)
    os.kill(child, signal.SIGKILL)
    _, before, said, after = results()
    assert "was killed, possibly because memory ran out" in said
    assert "choose Edge: As found" in said
    assert before == after
    cut(gimp, pictures)
    assert gimp.worker_pid() == worker
