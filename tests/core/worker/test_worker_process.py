"""The worker as a process among others: shared, killed, left alone, shouted at; and what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from cutsmith import Picture, __version__, cut_out
from cutsmith.worker import client, protocol, rendezvous
from cutsmith.worker.protocol import Message, VersionMismatch, WrongKey
from cutsmith.worker.session import JobCancelled, WorkerLost, WorkerNotRunning, WorkerNotStarted
from tests.core.worker.conftest import (
    COMMAND,
    LONG_MATTING,
    Workers,
    environment,
    follow_until,
    is_alive,
    kill,
    log_of,
    received,
    sent,
    undecided_picture,
    wait_until,
)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and rights are those of POSIX")


def stream_to(workers: Workers) -> rendezvous.ConnectionStream:
    return rendezvous.ConnectionStream(rendezvous.dial(workers.folder))


def test_folder_key_and_log_are_this_users_alone(warm) -> None:
    rights = {name: stat.S_IMODE((warm.folder / name).stat().st_mode) for name in warm.files()}
    assert set(rights) == {rendezvous.KEY_FILE, rendezvous.SOCKET_FILE}
    assert stat.S_IMODE(warm.folder.stat().st_mode) == 0o700
    assert rights[rendezvous.KEY_FILE] == 0o600
    assert not any(mode & 0o077 for mode in rights.values())
    with warm.connect(start=False) as session:
        log = Path(session.welcome.log)
    assert log.parent == warm.home / "cutsmith" / "log"
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_the_second_call_meets_the_same_worker(warm) -> None:
    with warm.connect() as one:
        pass
    with warm.connect() as two:
        assert two.welcome == one.welcome
    assert two.welcome.worker == __version__


def test_a_second_worker_sees_that_there_is_one_and_goes(warm) -> None:
    done = subprocess.run(
        [*COMMAND, "worker", "--folder", str(warm.folder)],
        env={**os.environ, **environment(warm.home)},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0
    assert "already running there" in done.stderr
    warm.connect(start=False).close()


def test_a_wrong_key_is_refused_and_the_worker_lives_on(warm) -> None:
    stream = stream_to(warm)
    with pytest.raises(WrongKey):
        protocol.introduce(stream, b"0" * 32, "test")
    stream.close()
    with warm.connect(start=False) as session:
        assert session.run("ping").header["pid"] == session.welcome.pid


def test_a_job_without_the_handshake_is_not_done(warm) -> None:
    stream = stream_to(warm)
    protocol.write_message(stream, Message({"kind": "job", "id": 1, "job": "ping"}))
    assert protocol.read_message(stream).kind == "hello"
    assert not stream.wait(0.3)
    stream.close()
    warm.connect(start=False).close()


@pytest.mark.parametrize(
    "garbage", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\xff" * 50_000, bytes(1000), b"CSW\n" + b"\xff" * 12]
)
def test_garbage_on_the_socket_harms_nobody(warm, garbage) -> None:
    import socket

    # Straight on the socket, and as a piece of the stream.
    with socket.socket(socket.AF_UNIX) as raw:
        raw.connect(str(warm.folder / rendezvous.SOCKET_FILE))
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            raw.sendall(garbage)
    stream = stream_to(warm)
    stream.write(memoryview(garbage))
    stream.close()
    with warm.connect(start=False) as session:
        assert session.run("ping").header["pid"] == session.welcome.pid


@pytest.mark.parametrize(
    ("told", "error"),
    [
        (b"CSW\n" + (10).to_bytes(4, "big") + (3 << 30).to_bytes(8, "big") + b"x" * 3_000_000, "FrameTooLarge"),
        (b"CSW\n" + (2 << 20).to_bytes(4, "big") + bytes(8), "FrameTooLarge"),
        (b"nonsense" * 300_000, "FrameInvalid"),
        (b"CSW\n" + (4).to_bytes(4, "big") + bytes(8) + b"[[[[", "FrameInvalid"),
    ],
)
def test_what_is_too_large_or_no_frame_gets_an_answer(warm, told, error) -> None:
    with warm.connect(start=False) as session:
        view = memoryview(told)
        while view.nbytes:
            view = view[session._stream.write(view) :]
        answer = session.receive().header
        assert (answer["kind"], answer["type"]) == ("error", error)
    with warm.connect(start=False) as session:
        assert session.run("ping").header["pid"] == session.welcome.pid


def test_the_client_itself_sends_nothing_that_is_too_large(warm) -> None:
    with warm.connect(start=False) as session:
        session.welcome = protocol.Welcome("", 0, "", max_payload=10)
        with pytest.raises(protocol.FrameTooLarge):
            session.submit("cut", {}, {"pixels": sent(np.zeros((4, 4, 3), np.uint8))})


def test_one_job_a_client_at_a_time(warm, slow_job) -> None:
    with warm.connect(start=False) as session:
        job = session.submit(*slow_job)
        follow_until(job, "read")
        session.submit("models")
        answers = [session.receive().header for _ in range(4)]
        assert "BadJob" in [each.get("type") for each in answers]
        job.cancel()
        with contextlib.suppress(JobCancelled):
            job.result()


@pytest.mark.alone
def test_a_job_waits_for_anothers_and_is_told_so(warm, slow_job, network, pixels) -> None:
    with warm.connect(start=False) as one, warm.connect(start=False) as two, warm.connect(start=False) as three:
        first = one.submit(*slow_job)
        follow_until(first, "mask")
        second = two.submit("cut", {"model": str(network)}, {"pixels": sent(pixels)})
        assert next(second.follow()).before == 1
        third = three.submit("models")
        assert next(third.follow()).before == 2
        # A ping is answered at once, and a job that waits is dropped at once.
        start = time.monotonic()
        second.cancel()
        with pytest.raises(JobCancelled):
            second.result()
        assert next(third.follow()).before == 1
        assert time.monotonic() - start < 0.5
        assert third.result().kind == "result"
        assert first.result().kind == "result"


def test_a_running_job_is_cancelled_before_its_next_stage(warm, slow_job) -> None:
    with warm.connect(start=False) as session:
        job = session.submit(*slow_job)
        follow_until(job, "mask")
        job.cancel()
        with pytest.raises(JobCancelled):
            job.result()
        # The worker is free and the session of use.
        assert session.run("models").kind == "result"


def test_a_killed_clients_job_is_dropped(warm, slow_job, network, pixels) -> None:
    script = (
        "import sys, pathlib, time\n"
        "from cutsmith.worker import client, protocol\n"
        f"session = client.connect(folder=pathlib.Path({str(warm.folder)!r}))\n"
        "job = session.submit('cut', {'model': sys.argv[1], 'threads': 1},\n"
        "                     {'pixels': protocol.Array('uint8', (60, 80, 3), bytes(range(240)) * 60)})\n"
        "for progress in job.follow():\n"
        "    print(progress.stage, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, slow_job[1]["model"]],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment(warm.home)},
    ) as child:
        assert [child.stdout.readline().strip() for _ in range(3)] == ["read", "load", "mask"]
        child.kill()
    with warm.connect(start=False) as session:
        answer = session.run("cut", {"model": str(network), "alpha": "float32"}, {"pixels": sent(pixels)})
        expected = cut_out(Picture(pixels), model=str(network)).alpha
        np.testing.assert_array_equal(received(answer.arrays["alpha"]), expected)
    *_, dropped, done = log_of(warm).splitlines()
    assert "cut: dropped" in dropped
    assert "cut: done" in done


@pytest.mark.slow
@pytest.mark.alone
def test_matting_that_nobody_wants_any_more_ends_and_the_worker_goes_on(workers) -> None:
    with workers.connect() as one, workers.connect() as two:
        follow_until(one.submit("refine", LONG_MATTING, undecided_picture()), "matting")
        waiting = two.submit("models")
        assert next(waiting.follow()).stage == "waiting"
        one.close()
        start = time.monotonic()
        assert waiting.result().kind == "result"
        assert time.monotonic() - start < 10
        assert two.run("ping").header["pid"] == two.welcome.pid
        assert "refine: dropped" in log_of(workers)
        two.run("stop")
    wait_until(lambda: workers.files() == [])


def test_two_clients_at_once_share_one_worker_and_get_their_own_answers(workers, network, pixels) -> None:
    """No worker runs yet: both want to start one."""
    results: dict[int, tuple[int, np.ndarray]] = {}

    def call(number: int) -> None:
        with workers.connect() as session:
            shown = np.roll(pixels, number, axis=1)
            answer = session.run("cut", {"model": str(network), "alpha": "float32"}, {"pixels": sent(shown)})
            results[number] = session.run("ping").header["pid"], received(answer.arrays["alpha"])

    threads = [threading.Thread(target=call, args=(number,)) for number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(results) == 3
    assert len({pid for pid, _ in results.values()}) == 1
    assert log_of(workers).count("listens in") == 1
    for number, (_, alpha) in results.items():
        expected = cut_out(Picture(np.roll(pixels, number, axis=1)), model=str(network)).alpha
        np.testing.assert_array_equal(alpha, expected)
    assert workers.files() == sorted([rendezvous.KEY_FILE, rendezvous.SOCKET_FILE])


def test_after_a_killed_worker_the_client_starts_a_new_one(workers, slow_job) -> None:
    with workers.connect() as session:
        old = session.welcome.pid
        key = (workers.folder / rendezvous.KEY_FILE).read_bytes()
        job = session.submit(*slow_job)
        follow_until(job, "read")
        kill(old)
        with pytest.raises(WorkerLost, match=r"worker\.log"):
            job.result()
    # What it left is recognised as nobody's.
    assert workers.files() == sorted([rendezvous.KEY_FILE, rendezvous.SOCKET_FILE])
    with pytest.raises(WorkerNotRunning, match="Start one, or pass the command"):
        workers.connect(start=False)
    with workers.connect() as session:
        assert session.run("ping").header["pid"] == session.welcome.pid != old
    assert (workers.folder / rendezvous.KEY_FILE).read_bytes() != key


@pytest.mark.alone
def test_it_ends_when_it_is_idle_and_leaves_no_file(workers) -> None:
    session = workers.connect(idle_exit=1)
    start = time.monotonic()
    with session:
        wait_until(lambda: not is_alive(session.welcome.pid))
        assert 0.8 < time.monotonic() - start < 4
        assert workers.files() == []
        with pytest.raises(WorkerLost):
            session.run("ping")
    with workers.connect(idle_exit=1) as again:
        assert again.run("ping").header["pid"] != session.welcome.pid


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_and_leaves_no_file(workers, number) -> None:
    with workers.connect() as session:
        os.kill(session.welcome.pid, number)
        wait_until(lambda: not is_alive(session.welcome.pid))
    assert workers.files() == []


def test_a_stopped_worker_has_answered_and_leaves_no_file(workers) -> None:
    with workers.connect() as session:
        assert session.run("stop").header["job"] == "stop"
        wait_until(lambda: not is_alive(session.welcome.pid))
    assert workers.files() == []


def test_a_worker_of_another_version_is_replaced_or_named(workers) -> None:
    with workers.connect(worker_version=__version__) as old:
        pass
    with pytest.raises(VersionMismatch, match=rf"ours is 99\.9, theirs is {__version__}"):
        workers.connect(worker_version="99.9", start=False)
    assert is_alive(old.welcome.pid)
    # The interpreter has no other version either: that is told, after one that might have was started.
    with pytest.raises(VersionMismatch, match=rf"ours is 99\.9, theirs is {__version__}"):
        workers.connect(worker_version="99.9")
    wait_until(lambda: not is_alive(old.welcome.pid))
    with workers.connect() as session:
        session.run("stop")


def test_a_worker_that_cannot_start_says_why(workers) -> None:
    with pytest.raises(WorkerNotStarted, match="No module named 'no_such_module'"):
        client.connect([sys.executable, "-c", "import no_such_module"], folder=workers.folder)
    with pytest.raises(WorkerNotStarted, match="cannot be run"):
        client.connect(["/no/such/python"], folder=workers.folder)
    with pytest.raises(WorkerNotStarted, match="in time"):
        client.connect([sys.executable, "-c", "import time; time.sleep(60)"], folder=workers.folder, start_timeout=0.3)
    assert workers.files() == []


def test_a_worker_that_hangs_is_told(workers, monkeypatch) -> None:
    monkeypatch.setattr(client, "_ANSWER_SECONDS", 0.3)
    with workers.connect() as session:
        os.kill(session.welcome.pid, signal.SIGSTOP)
        with pytest.raises(WorkerLost, match="does not answer"):
            workers.connect()
        os.kill(session.welcome.pid, signal.SIGCONT)


def test_the_waiting_client_can_show_that_it_waits(workers) -> None:
    pulses: list[float] = []
    with workers.connect(on_wait=lambda: pulses.append(time.monotonic())):
        assert pulses
