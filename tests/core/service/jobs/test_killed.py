"""Processes of the service that are killed amid a job: nothing is lost, twice, or half-written."""

from __future__ import annotations

import csv
import io
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from cutsmith.batch.manifest import Manifest
from tests.core.service.jobs.pictures import picture
from tests.core.service.servers import Serving, serving

pytestmark = pytest.mark.slow

OPTIONS = {"matting": "closed-form", "background": "#ffee00", "format": "png"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve photographs, each of which takes about a second."""
    folder = tmp_path_factory.mktemp("shop")
    for number in range(12):
        (folder / f"{number:02}.jpg").write_bytes(picture(number * 5, (1000, 750), "JPEG"))
    return folder


@pytest.fixture(scope="module")
def expected(shop: Path, red_network: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What `cutsmith batch` makes of the shop."""
    options = [word for name, value in OPTIONS.items() for word in (f"--{name}", value)]
    folder = tmp_path_factory.mktemp("batch")
    command = [sys.executable, "-m", "cutsmith", "batch", str(shop), "-o", str(folder)]
    subprocess.run([*command, "--model", str(red_network), *options], check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


def post(address: str, shop: Path) -> str:
    files = [("images", (path.name, path.read_bytes())) for path in sorted(shop.iterdir())]
    answer = requests.post(f"{address}v1/jobs", files=files, data=OPTIONS, timeout=60)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["job"])


def state(address: str, job: str) -> dict[str, Any]:
    for _ in range(50):
        try:
            return requests.get(f"{address}v1/jobs/{job}", timeout=20).json()
        except requests.ConnectionError:  # the connection was that of the killed worker
            time.sleep(0.1)
    raise AssertionError("nobody answers any more")


def wait_for(is_so: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.1)
    assert is_so()


def result(address: str, job: str) -> dict[str, bytes]:
    answer = requests.get(f"{address}v1/jobs/{job}/result", timeout=60)
    assert answer.status_code == 200, answer.text
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        table = csv.DictReader(io.StringIO(archive.read("manifest.csv").decode("utf-8-sig")))
        assert sorted(row["input"] for row in table) == [f"{number:02}.jpg" for number in range(12)]
        return {name: archive.read(name) for name in archive.namelist() if name.endswith(".png")}


def rows(folder: Path, job: str) -> Counter[str]:
    manifest = Manifest(folder / "jobs" / job / "results")
    return Counter(row["input"] for row in manifest.rows() if row["row"] == "result")


def test_killed_amid_a_job_and_started_again_it_ends_as_if_nothing_had_happened(
    shop, expected, red_network, tmp_path
) -> None:
    folder = tmp_path / "service"
    first = Serving(folder, "--model", str(red_network), log=tmp_path / "first.log")
    try:
        first.wait_until_ready()
        job = post(first.address, shop)
        wait_for(lambda: state(first.address, job)["done"] >= 3)
    finally:
        first.process.send_signal(signal.SIGKILL)
        first.process.wait(20)
    before = rows(folder, job)
    assert 3 <= sum(before.values()) < 12, "it was killed in the middle"
    assert set(before.values()) == {1}
    for path in (folder / "jobs" / job / "results").glob("*.png"):
        assert path.read_bytes() == expected[path.name], "no truncated file under its final name"
    with serving(folder, "--model", str(red_network)) as second:
        wait_for(lambda: state(second.address, job)["state"] == "done")
        told = state(second.address, job)
        assert (told["done"], told["failed"]) == (12, 0)
        assert result(second.address, job) == expected
        cut = second.log.read_text().count("job: done in")
        assert cut == 12 - sum(before.values()), "what was done before was not done again"


def test_a_killed_worker_is_replaced_and_the_others_go_on(shop, expected, red_network, tmp_path) -> None:
    folder = tmp_path / "service"
    with serving(folder, "--model", str(red_network), "--workers", "2") as server:
        job = post(server.address, shop)
        wait_for(lambda: state(server.address, job)["done"] >= 2)
        supervisor = psutil.Process(server.process.pid)
        before = workers_of(supervisor)
        assert len(before) == 2
        victim = holder_of(folder / "jobs" / job / "results" / ".cutsmith" / "lock", before)
        victim.send_signal(signal.SIGKILL)
        answered = Counter()
        for number in range(10):
            try:
                one = picture(number)
                answer = requests.post(
                    f"{server.address}v1/cut", files={"image": one}, data={"matting": "none"}, timeout=60
                )
                answered[answer.status_code] += 1
            except requests.ConnectionError:
                answered["lost"] += 1
        assert answered[200] >= 9, answered
        wait_for(lambda: state(server.address, job)["state"] == "done")
        assert state(server.address, job)["done"] == 12
        assert result(server.address, job) == expected
        wait_for(lambda: len(workers_of(supervisor)) == 2)
        assert victim.pid not in {each.pid for each in workers_of(supervisor)}
        assert server.end() == 0


def workers_of(supervisor: psutil.Process) -> list[psutil.Process]:
    """The processes that serve; multiprocessing has one of its own beside them."""
    children = [each for each in supervisor.children() if each.status() != psutil.STATUS_ZOMBIE]
    return [each for each in children if "spawn_main" in " ".join(each.cmdline())]


def holder_of(lock: Path, processes: list[psutil.Process]) -> psutil.Process:
    """The process that works at the job."""
    (found,) = (each for each in processes if any(Path(file.path) == lock for file in each.open_files()))
    return found
