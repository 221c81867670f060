"""Workers as real processes, in folders of their own, and a network that needs no weights."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import cutsmith
from cutsmith.worker import client, rendezvous
from cutsmith.worker.protocol import Array

COMMAND = [sys.executable, "-m", "cutsmith"]


def with_patched_jobs(code: str) -> list[str]:
    """The command of a worker whose jobs' process runs `code` first."""
    jobs = f"{code}\nfrom cutsmith.worker.job_process import main\nmain()\n"
    return [
        sys.executable,
        "-c",
        "from cutsmith.worker import job_process\n"
        f"job_process.COMMAND = ({sys.executable!r}, '-c', {jobs!r})\n"
        "from cutsmith.cli import main\n"
        "main()\n",
    ]


# A worker whose job "refine" cannot be stopped while it computes, as native code cannot.
STUBBORN = with_patched_jobs(
    "import time\n"
    "from cutsmith.serving import jobs\n"
    "do = jobs.run_job\n"
    "def run_job(kind, fields, arrays, report, cancelled, *others):\n"
    "    if kind == 'refine' and arrays['pixels'].shape[0] > 500:\n"
    "        report('matting', 0.5)\n"
    "        time.sleep(100)\n"
    "    return do(kind, fields, arrays, report, cancelled, *others)\n"
    "jobs.run_job = run_job\n"
)


def environment(folder: Path) -> dict[str, str]:
    """What a worker needs to be this clone's, with its log in `folder`."""
    return {"PYTHONPATH": str(Path(cutsmith.__file__).parents[1]), "XDG_STATE_HOME": str(folder)}


def sent(values: np.ndarray) -> Array:
    """An array as it travels."""
    return Array(values.dtype.name, values.shape, np.ascontiguousarray(values).data)


def received(array: Array) -> np.ndarray:
    return np.frombuffer(array.data, array.dtype).reshape(array.shape)


LONG_MATTING = {"matting": "closed-form"}
"""The options with which `undecided_picture` is matted for seconds; by default such a mask is left alone."""


def undecided_picture() -> dict[str, Array]:
    """A picture of noise, and a mask that is undecided nearly everywhere."""
    noise = np.random.default_rng(0).integers(0, 256, (900, 900, 3), np.uint8)
    undecided = np.full((900, 900), 128, np.uint8)
    undecided[:8], undecided[-8:] = 0, 255
    return {"pixels": sent(noise), "mask": sent(undecided)}


def wait_until(is_so: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to that in time"
        time.sleep(0.01)


def is_alive(pid: int) -> bool:
    try:
        # The tests' process is the workers' parent: one that has ended is a zombie until it is asked for.
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def job_process_of(worker: int) -> int:
    """The process that runs the jobs of `worker`."""
    tasks = Path(f"/proc/{worker}/task").iterdir()
    (child,) = (each for task in tasks for each in (task / "children").read_text(encoding="utf-8").split())
    return int(child)


def is_running(pid: int) -> bool:
    """Whether a process runs that is nobody's child here."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not is_alive(pid))


class Workers:
    """Starts workers of one folder, and ends them with the test."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.folder = folder / "w"
        self.pids: set[int] = set()

    def connect(
        self, *, start: bool = True, idle_exit: float = 60, command: list[str] = COMMAND, **settings
    ) -> client.Session:
        session = client.connect(
            command if start else None,
            folder=self.folder,
            environment=environment(self.home),
            idle_exit=idle_exit,
            **settings,
        )
        self.pids.add(session.welcome.pid)
        return session

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


def log_of(workers: Workers) -> str:
    return (workers.home / "cutsmith" / "log" / "worker.log").read_text(encoding="utf-8")


def follow_until(job, stage: str) -> None:
    for progress in job.follow(pulse=5):
        if progress is not None and progress.stage == stage:
            return
    raise AssertionError(f"the job ended before {stage}: {job.result().header}")


def _ended(workers: Workers) -> None:
    for pid in workers.pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, 0)


@pytest.fixture
def workers(tmp_path) -> Iterator[Workers]:
    workers = Workers(short(tmp_path))
    yield workers
    _ended(workers)


@pytest.fixture(scope="module")
def warm(tmp_path_factory) -> Iterator[Workers]:
    """One worker for a module's tests that do not harm it."""
    workers = Workers(short(tmp_path_factory.mktemp("w")))
    workers.connect().close()
    yield workers
    _ended(workers)


def short(folder: Path) -> Path:
    """`folder`, after making sure that a socket in it has a path that is short enough."""
    assert len(os.fsencode(folder / "w" / rendezvous.SOCKET_FILE)) <= 100, "give pytest a shorter --basetemp"
    return folder


@pytest.fixture(scope="session")
def network(tiny_network) -> Path:
    """A stand-in for a removal model."""
    return tiny_network(64, sigmoid=True)


@pytest.fixture(scope="session")
def pixels() -> np.ndarray:
    """A small picture, uint8 (H, W, 3), in which the stand-in finds something."""
    return np.random.default_rng(3).integers(0, 256, (60, 80, 3), np.uint8)


@pytest.fixture(scope="session")
def slow_network(tmp_path_factory) -> Path:
    """A stand-in that takes about a second, so that something can happen meanwhile."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    generator = np.random.default_rng(0)
    channels = [3, *[64] * 24, 1]
    nodes, weights = [], []
    for number, (before, after) in enumerate(pairwise(channels)):
        values = generator.normal(0, 0.04, (after, before, 3, 3)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{number}"))
        names = [f"x{number}" if number else "image", f"w{number}"]
        nodes.append(helper.make_node("Conv", names, [f"x{number + 1}"], pads=[1] * 4, kernel_shape=[3, 3]))
    nodes.append(helper.make_node("Sigmoid", [f"x{len(channels) - 1}"], ["mask"]))
    shape = [1, 3, 320, 320]
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("mask", TensorProto.FLOAT, [1, 1, *shape[2:]])],
        weights,
    )
    path = tmp_path_factory.mktemp("slow") / "slow.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 15)], ir_version=8), path)
    return path


@pytest.fixture(scope="session")
def slow_job(slow_network, pixels):
    return "cut", {"model": str(slow_network), "threads": 1}, {"pixels": sent(pixels)}
