"""Jobs of `cutsmith serve`: `python benchmarks/service_jobs.py [--pictures 16] [--rounds 3] [--upload 300]`.

1. The pictures a second of a job, from its upload to its zip, against those that `cutsmith batch` tells of the same
   photographs, in turn; and the processor's seconds for each picture, of the batch those of its whole process.
2. How long a single picture takes while a job runs, against the same when none does.
3. The memory that the service takes beyond what it had, while a job of `--upload` megabytes arrives.

Exit code 1: a target is missed.
"""

from __future__ import annotations

import argparse
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from time import perf_counter
from typing import NamedTuple

import psutil
import requests
from interleaved_runs import machine
from service_rate import photo

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.core.service.servers import Serving, serving

OF_BATCH, UPLOAD_MEGABYTES = 0.85, 60.0
_RATE = re.compile(r"\(([\d.]+) pictures a second\)")


def job_of(address: str, files: list[tuple[str, tuple[str, bytes]]]) -> str:
    """Post a job; -> its identity."""
    answer = requests.post(f"{address}v1/jobs", files=files, timeout=300)
    answer.raise_for_status()
    return str(answer.json()["job"])


def wait_for_end(address: str, job: str) -> None:
    """Wait until the job has ended."""
    while True:
        told = requests.get(f"{address}v1/jobs/{job}", timeout=60).json()
        if told["state"] in ("done", "failed"):
            assert told["failed"] == 0, told
            return
        time.sleep(0.5)


class Rate(NamedTuple):
    """Pictures a second, and the processor's seconds for each picture."""

    pictures: float
    processor: float


def job_rate(server: Serving, data: bytes, pictures: int) -> Rate:
    """The rate of a job, its upload and its zip among that."""
    process = psutil.Process(server.process.pid)
    before, began = sum(process.cpu_times()[:2]), perf_counter()
    job = job_of(server.address, [("images", (f"{number}.jpg", data)) for number in range(pictures)])
    wait_for_end(server.address, job)
    seconds = perf_counter() - began
    return Rate(pictures / seconds, (sum(process.cpu_times()[:2]) - before) / pictures)


def batch_rate(folder: Path, data: bytes, pictures: int) -> Rate:
    """The rate that `cutsmith batch` tells."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with tempfile.TemporaryDirectory(dir=folder) as place:
        shop = Path(place) / "shop"
        shop.mkdir()
        for number in range(pictures):
            (shop / f"{number}.jpg").write_bytes(data)
        command = [sys.executable, "-m", "cutsmith", "batch", str(shop), "-o", f"{place}/out"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = _RATE.search(done.stderr)
    assert found is not None, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    processor = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Rate(float(found[1]), processor / pictures)


def singles(address: str, data: bytes, count: int) -> list[float]:
    """The seconds of single pictures, one after another."""
    told = []
    for _ in range(count):
        began = perf_counter()
        requests.post(f"{address}v1/cut", files={"image": ("photo.jpg", data)}, timeout=120).raise_for_status()
        told.append(perf_counter() - began)
        time.sleep(0.3)
    return told


def upload_megabytes(server: Serving, megabytes: int) -> tuple[float, float]:
    """(seconds of the upload, most megabytes of memory that it took) of a job whose files are no pictures."""
    process = psutil.Process(server.process.pid)
    before, most, is_over = process.memory_info().rss, 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not is_over.wait(0.02):
            most = max(most, process.memory_info().rss)

    watching = threading.Thread(target=watch)
    watching.start()
    piece = b"\xff\xd8\xff\xe0" + bytes(10_000_000 - 4)
    files = [("images", (f"{number}.jpg", piece)) for number in range(megabytes // 10)]
    began = perf_counter()
    answer = requests.post(f"{server.address}v1/jobs", files=files, timeout=300)
    seconds = perf_counter() - began
    is_over.set()
    watching.join()
    answer.raise_for_status()
    requests.delete(f"{server.address}v1/jobs/{answer.json()['job']}", timeout=60).raise_for_status()
    return seconds, (most - before) / 1e6


def _median(rates: list[Rate]) -> Rate:
    return Rate(*(round(statistics.median(values), 2) for values in zip(*rates, strict=True)))


def main() -> int:
    """Measure, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--upload", type=int, default=300, help="megabytes")
    asked = parser.parse_args()
    print(machine())
    data = photo()
    with tempfile.TemporaryDirectory() as place, serving(Path(place) / "service") as server:
        singles(server.address, data, 1)
        seconds, megabytes = upload_megabytes(server, asked.upload)
        print(f"upload of {asked.upload} MB: {asked.upload / seconds:.0f} MB/s, {megabytes:.0f} MB more memory")
        jobs, batches = [], []
        for number in range(asked.rounds):
            for each in ("job", "batch") if number % 2 else ("batch", "job"):
                if each == "job":
                    jobs.append(job_rate(server, data, asked.pictures))
                else:
                    batches.append(batch_rate(Path(place), data, asked.pictures))
        ratio = _median(jobs).pictures / _median(batches).pictures
        print(f"job {_median(jobs)}, batch {_median(batches)}: {ratio:.2f} of the pictures/s")
        alone = singles(server.address, data, 6)
        job = job_of(server.address, [("images", (f"{number}.jpg", data)) for number in range(3 * asked.pictures)])
        meanwhile = singles(server.address, data, 6)
        requests.delete(f"{server.address}v1/jobs/{job}", timeout=60).raise_for_status()
        print(
            f"a single picture {statistics.median(alone):.2f} s (worst {max(alone):.2f}), "
            f"while a job runs {statistics.median(meanwhile):.2f} s (worst {max(meanwhile):.2f})"
        )
    return int(ratio < OF_BATCH or megabytes > UPLOAD_MEGABYTES)


if __name__ == "__main__":
    sys.exit(main())
