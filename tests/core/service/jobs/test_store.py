"""The states of jobs: kept, counted, handed out once, by several processes at a time."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from cutsmith.service.jobs.store import VERSION, Counts, JobRecord, JobStore, StoreUnusable


@pytest.fixture
def store(tmp_path):
    opened = JobStore(tmp_path / "jobs.sqlite")
    yield opened
    opened.close()


def record(job: str, owner: str = "", webhook: str = "") -> JobRecord:
    return JobRecord(job, owner, "waiting", False, 3, created=time.time(), webhook=webhook, event=f"event-{job}")


def test_a_job_goes_through_its_states(store) -> None:
    assert store.find("one") is None
    assert store.add(record("one"), 10)
    assert store.find("one").state == "waiting"
    assert store.begin("one").state == "running"
    assert store.begin("one").state == "running", "whoever takes a killed process's job over goes on with it"
    store.count("one", Counts(2, 1, 1, 1))
    assert (store.find("one").counts, store.find("one").worked) == (Counts(2, 1, 1, 1), False)
    store.count("one", Counts(2, 1, 1, 1), worked=True)
    assert store.find("one").worked
    assert store.end("one", "done")
    assert store.find("one").state == "done"
    assert store.find("one").finished == pytest.approx(time.time(), abs=10)
    assert store.begin("one") is None, "what is over is over"
    assert not store.end("one", "failed")
    store.forget("one")
    assert store.find("one") is None


def test_a_cancelled_job_neither_begins_nor_ends(store) -> None:
    store.add(record("one"), 10)
    store.begin("one")
    store.cancel("one")
    assert store.begin("one") is None
    assert not store.end("one", "done")
    assert store.find("one").state == "cancelled"
    assert [each.job for each in store.to_do()] == ["one"], "somebody still has to clear it away"


def test_a_failed_job_says_why(store) -> None:
    store.add(record("one"), 10)
    store.begin("one")
    store.end("one", "failed", {"what": "é", "remedy": ""})
    assert store.find("one").error == {"what": "é", "remedy": ""}


def test_only_so_many_jobs_are_open(store) -> None:
    assert store.add(record("one"), 1)
    assert not store.add(record("two"), 1)
    assert store.find("two") is None
    store.begin("one")
    store.end("one", "done")
    assert store.add(record("two"), 1)


def test_owners_see_their_own_and_the_newest_first(store) -> None:
    for job, owner in (("one", "Ann"), ("two", "Ben"), ("three", "Ann")):
        store.add(record(job, owner), 10)
        time.sleep(0.002)
    assert [each.job for each in store.of_owner("Ann")] == ["three", "one"]
    assert [each.job for each in store.to_do()] == ["one", "two", "three"]


def test_a_webhook_is_due_once_the_job_is_over_and_one_at_a_time_has_it(store) -> None:
    store.add(record("one", webhook="http://hooks/"), 10)
    store.begin("one")
    assert store.take_webhook(60) is None
    store.end("one", "done")
    taken = store.take_webhook(60)
    assert (taken.job, taken.event, taken.tries) == ("one", "event-one", 1)
    assert store.take_webhook(60) is None
    store.webhook_again("one", time.time() - 1)
    assert store.take_webhook(-1).tries == 2, "whose process was killed is taken again"
    assert store.take_webhook(60).tries == 3
    store.webhook_again("one", None)
    assert store.take_webhook(60) is None


def test_a_job_without_a_webhook_tells_nobody(store) -> None:
    store.add(record("one"), 10)
    store.begin("one")
    store.end("one", "done")
    assert store.take_webhook(60) is None


def test_old_jobs_are_found(store) -> None:
    for job in ("one", "two"):
        store.add(record(job), 10)
    store.begin("one")
    store.end("one", "done")
    assert [each.job for each in store.ended_before(time.time() + 1)] == ["one"]
    assert store.ended_before(time.time() - 10) == []


def test_threads_share_a_store(store) -> None:
    threads = [threading.Thread(target=store.add, args=(record(f"{number}"), 1000)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.jobs()) == 50


WRITER = """
import sys
from pathlib import Path
from cutsmith.service.jobs.store import Counts, JobRecord, JobStore

store = JobStore(Path(sys.argv[1]))
for number in range(40):
    job = f"{sys.argv[2]}-{number}"
    assert store.add(JobRecord(job, "", "waiting", False, 1), 1000)
    store.begin(job)
    store.count(job, Counts(1, 1))
    assert store.end(job, "done")
"""


def test_processes_that_begin_at_the_same_moment_lose_nothing(tmp_path) -> None:
    path = tmp_path / "jobs.sqlite"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, str(path), name], stderr=subprocess.PIPE) for name in "abcd"
    ]
    assert [(each.communicate()[1], each.returncode) for each in writers] == [(b"", 0)] * 4
    store = JobStore(path)
    assert len(store.jobs()) == 160
    assert store.to_do() == []
    store.close()


def test_a_file_of_a_later_version_is_left_alone(tmp_path) -> None:
    path = tmp_path / "jobs.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreUnusable, match="later version"):
        JobStore(path).find("one")
    assert path.read_bytes()[96:] == before[96:]


@pytest.mark.parametrize("data", [b"no database" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_file_is_told(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "jobs.sqlite"
    path.write_bytes(data)
    with pytest.raises(StoreUnusable, match=r"jobs\.sqlite cannot be used") as caught:
        JobStore(path).find("one")
    assert str(tmp_path) not in caught.value.what
