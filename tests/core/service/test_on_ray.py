"""The service on Ray: the same API from two replicas, of which one may be killed, and nothing is left in the end.

One Ray serves all tests of this module, since it takes half a minute to start.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path

import psutil
import pytest
import requests

from cutsmith.errors import BadOption
from cutsmith.service.keys import add_key
from cutsmith.service.settings import ServiceSettings
from tests.core.service.api_checks import CHECKS, PHOTO, QUICK, Api, ended_job, result_of
from tests.core.service.jobs.pictures import picture
from tests.core.service.servers import Serving

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="the extra [ray] is not installed"),
]


class OnRay:
    """A process of `cutsmith serve --engine ray` with two replicas, and a key for it."""

    def __init__(self, folder: Path, network: Path) -> None:
        self.folder = folder / "service"
        keys = folder / "keys.json"
        arguments = ("--engine", "ray", "--replicas", "2", "--model", str(network), "--rate", "10000/hour")
        # Without a name of its own, a service that asks for keys answers under any.
        arguments += ("--host-name", "cut.example.org")
        self.key = add_key("shop", keys)
        self.server = Serving(self.folder, *arguments, "--require-key", "--keys", str(keys), log=folder / "service.log")
        self.api = Api(self.server.address, {"X-API-Key": self.key})
        self.processes = psutil.Process(self.server.process.pid).children(recursive=True)

    def replicas(self) -> list[psutil.Process]:
        """The processes that cut out."""
        children = psutil.Process(self.server.process.pid).children(recursive=True)
        return [each for each in children if each.is_running() and "ServeReplica" in " ".join(each.cmdline())]


@pytest.fixture(scope="module")
def on_ray(red_network: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnRay]:
    made = OnRay(tmp_path_factory.mktemp("ray"), red_network)
    yield made
    if made.server.process.poll() is None:
        made.server.process.kill()
        made.server.process.wait(30)


def wait_for(is_so: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not is_so() and time.monotonic() < end:
        time.sleep(0.2)
    assert is_so()


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_the_api_does_what_it_says(on_ray: OnRay, check: Callable[[Api], None]) -> None:
    check(on_ray.api)


def test_both_replicas_work(on_ray: OnRay) -> None:
    assert len(on_ray.replicas()) == 2
    before = {each.pid: sum(each.cpu_times()[:2]) for each in on_ray.replicas()}
    threads = [
        threading.Thread(target=on_ray.api.post, args=("v1/cut",), kwargs={"files": {"image": picture(n, (900, 700))}})
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    after = {each.pid: sum(each.cpu_times()[:2]) for each in on_ray.replicas()}
    assert all(after[pid] - before[pid] > 0.2 for pid in before)


def test_keys_and_rates_are_the_applications_own(on_ray: OnRay) -> None:
    assert requests.post(f"{on_ray.server.address}v1/cut", files={"image": PHOTO}, timeout=60).status_code == 401
    wrong = {"X-API-Key": "cs_wrong"}
    answer = requests.post(f"{on_ray.server.address}v1/cut", files={"image": PHOTO}, headers=wrong, timeout=60)
    assert answer.status_code == 403
    assert on_ray.api.post("v1/cut", files={"image": PHOTO}, data=QUICK).headers["X-RateLimit-Limit"] == "10000"


def test_replicas_log_as_lines_of_json_without_keys(on_ray: OnRay) -> None:
    on_ray.api.get("v1/nothing-like-it")
    wait_for(lambda: "/v1/nothing-like-it" in on_ray.server.log.read_text(), 20)
    log = on_ray.server.log.read_text()
    lines = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    assert any(line.get("path") == "/v1/nothing-like-it" and line["status"] == 404 for line in lines)
    assert on_ray.key not in log


def test_nothing_listens_beyond_this_machine(on_ray: OnRay) -> None:
    listening = [
        (each.name(), each.pid, connection.laddr)
        for each in [psutil.Process(on_ray.server.process.pid), *on_ray.processes]
        for connection in each.net_connections("inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert len(listening) > 3
    foreign = [each for each in listening if each[2].ip not in ("127.0.0.1", "::1", "::ffff:127.0.0.1")]
    assert not foreign


def test_a_killed_replica_is_replaced_and_the_others_go_on_and_its_job_ends(on_ray: OnRay) -> None:
    files = [("images", (f"{number:02}.png", picture(number * 3, (900, 700)))) for number in range(12)]
    job = on_ray.api.post("v1/jobs", files=files, data={"matting": "closed-form"}).json()["job"]
    wait_for(lambda: on_ray.api.get(f"v1/jobs/{job}").json().get("done", 0) >= 2)
    lock = on_ray.folder / "jobs" / job / "results" / ".cutsmith" / "lock"
    before = on_ray.replicas()
    (victim,) = (each for each in before if any(Path(file.path) == lock for file in each.open_files()))
    answers: Counter[int] = Counter()
    is_over = threading.Event()

    def ask() -> None:
        while not is_over.is_set():
            answers[on_ray.api.post("v1/cut", files={"image": PHOTO}, data=QUICK).status_code] += 1

    clients = [threading.Thread(target=ask) for _ in range(4)]
    for client in clients:
        client.start()
    wait_for(lambda: answers[200] >= 8)
    victim.send_signal(signal.SIGKILL)
    told = ended_job(on_ray.api, job)
    wait_for(lambda: answers[200] >= 40)
    is_over.set()
    for client in clients:
        client.join()
    assert (told["state"], told["done"], told["failed"]) == ("done", 12, 0)
    assert {f"{number:02}.png" for number in range(12)} < set(result_of(on_ray.api, job))
    # What was on its way to the one that was killed is lost; there is nobody else who could answer it.
    assert answers.total() - answers[200] <= len(clients), answers
    wait_for(lambda: len(on_ray.replicas()) == 2)
    assert victim.pid not in {each.pid for each in on_ray.replicas()}
    on_ray.processes += on_ray.replicas()


def test_in_the_end_nothing_is_left(on_ray: OnRay) -> None:
    assert on_ray.server.end(signal.SIGINT, 90) == 0
    _, alive = psutil.wait_procs(on_ray.processes, timeout=30)
    assert len(on_ray.processes) > 5
    assert not alive
    assert "Traceback" not in on_ray.server.log.read_text()
    with pytest.raises(requests.ConnectionError):
        on_ray.api.get("healthz")


def test_a_port_that_is_taken_is_told_before_ray_is_started(tmp_path: Path) -> None:
    from cutsmith.service.on_ray import serve_on_ray
    from cutsmith.service.server import listening_socket

    with listening_socket("127.0.0.1", 0) as taken, pytest.raises(BadOption, match="cannot listen on"):
        serve_on_ray(ServiceSettings(port=taken.getsockname()[1], folder=tmp_path), None, 2, lambda address: None)
