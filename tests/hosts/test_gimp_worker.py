"""One worker for all calls and all GIMPs of a user: it stays warm, is replaced when it dies, and leaves nothing."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

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
