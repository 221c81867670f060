"""Malformed requests to a service that this starts: `python benchmarks/service_fuzz.py --requests 2000 --seed 0`.

Wrong and cut-off forms, thousands of fields, bombs, wrong values of every field, foreign hosts, chunks, and what is no
HTTP at all (fuzz_bodies.py, fuzz_requests.py). Each must get an answer of 400 to 499 in the form of its API, without a
traceback; where no HTTP server could understand the request, or the client itself hangs up, no answer will do. The exit
code is 1 after any other answer, after a traceback in the service's log, if a good request is not answered at the end,
or if the service's memory grows: to more than 1.25 times that after the first 200 requests, or by more than a twentieth
from half the way to the end. (The heap keeps the most that a few large bodies needed at once, which some hundreds of
requests must meet first; a leak would go on.)
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import random
import re
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from fuzz_case import HOST, REMOVE_BG_WRONG, Case, Target, our_wrong_values
from fuzz_requests import Requests

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SECONDS = 60.0
WARM = 200
MOST_GROWTH, MOST_LATE_GROWTH = 1.25, 1.05
MOST_BYTES = 22_000_000
TRACES = re.compile(rb'Traceback|File "/|site-packages|\.py\b')


@dataclass
class Tally:
    """What came out, gathered from several threads."""

    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    lock: threading.Lock = field(default_factory=threading.Lock)


def main() -> int:
    """Run the command and return its exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--clients", type=int, default=4, help="requests at a time")
    parser.add_argument("--keep", type=Path, help="folder for the requests that made the service fail")
    options = parser.parse_args()

    picture = red_picture()
    with tempfile.TemporaryDirectory() as scratch, started(Path(scratch)) as (process, host, log):
        good = Case("good", good_request("/v1/cut", "image", picture), "/v1/cut")
        warm_up(picture, host)
        requests = Requests(random.Random(options.seed), targets(host), picture, MOST_BYTES)
        cases = enumerate(requests.cases(options.requests))
        tally = Tally()
        start = time.perf_counter()
        memory = []
        for share in (WARM, *[(options.requests - WARM) // 4] * 4):
            drive(itertools.islice(cases, share), host, tally, options)
            memory.append(resident(process))
        seconds = time.perf_counter() - start
        if not sent(good, host).startswith(b"HTTP/1.1 200"):
            tally.faults.append("a good request is not answered any more")
        if b"raceback" in (logged := log.read_bytes()):
            where = logged.index(b"raceback")
            tally.faults.append(f"the log has a traceback: {logged[max(0, where - 300) : where + 3000].decode()}")

    print(f"{options.requests} requests, seed {options.seed}, {options.clients} at a time, {seconds:.0f} s")
    print(f"{'':28} {'refused':>8} {'passed':>8} {'hung up':>8}  statuses")
    for kind, outcomes in sorted(tally.outcomes.items()):
        statuses = " ".join(f"{name}:{count}" for name, count in sorted(outcomes.items()))
        refused = sum(count for name, count in outcomes.items() if name[0] == "4")
        passed = sum(count for name, count in outcomes.items() if name[0] == "2")
        print(f"{kind:28} {refused:8d} {passed:8d} {outcomes['no answer']:8d}  {statuses}")
    growth, late = memory[-1] / memory[0], memory[-1] / memory[2]
    shown = ", ".join(f"{each / 1e6:.0f}" for each in memory)
    print(f"memory: {shown} MB after {WARM} requests and after each quarter of the others")
    print(f"        ratio {growth:.3f}, from half the way on {late:.3f}")
    print(f"slowest: {tally.slowest[0]:.1f} s ({tally.slowest[1]})")
    if growth > MOST_GROWTH or late > MOST_LATE_GROWTH:
        tally.faults.append(f"memory grew to {growth:.2f} times, from half the way on to {late:.2f} times")
    for fault in tally.faults:
        print(f"FAULT {fault}")
    print(f"{len(tally.faults)} faults")
    return 1 if tally.faults else 0


@contextlib.contextmanager
def started(scratch: Path) -> Iterator[tuple[psutil.Process, str, Path]]:
    """A service with a small network: its process, its host and port, and its log."""
    from tests.core.red_network import write_red_network

    network, log = write_red_network(scratch / "red.onnx"), scratch / "log"
    command = [sys.executable, "-m", "cutsmith", "serve", "--port", "0", "--model", str(network)]
    command += ["--folder", str(scratch / "service")]
    with log.open("wb") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address, log.read_text()
        yield psutil.Process(process.pid), urlsplit(address).netloc, log
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()


def resident(process: psutil.Process) -> int:
    """The memory of the service and its own processes, in bytes, once nothing goes on."""
    time.sleep(2)
    return sum(int(each.memory_info().rss) for each in (process, *process.children(recursive=True)))


def red_picture() -> bytes:
    """A small PNG with a red square, which the network takes for the subject."""
    from PIL import Image

    image = Image.new("RGB", (96, 80), "blue")
    image.paste((255, 0, 0), (30, 20, 70, 60))
    stream = io.BytesIO()
    image.save(stream, "PNG")
    return stream.getvalue()


def good_request(path: str, name: str, file: bytes) -> bytes:
    """A request that must not be refused: a form with one file."""
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="a.png"\r\n\r\n'.encode()
    body = head + file + b"\r\n--b--\r\n"
    lines = [f"POST {path} HTTP/1.1".encode(), b"Host: " + HOST, b"Connection: close"]
    lines += [b"Content-Type: multipart/form-data; boundary=b", b"Content-Length: %d" % len(body), b"", b""]
    return b"\r\n".join(lines) + body


def warm_up(picture: bytes, host: str) -> None:
    """Let the service load what it needs for all that it does, a job with its report too."""
    for path, name in (("/v1/cut", "image"), ("/v1/sessions", "image"), ("/v1.0/removebg", "image_file")):
        told = sent(Case("good", good_request(path, name, picture), path), host)
        assert told.startswith(b"HTTP/1.1 20") or path == "/v1.0/removebg", told[:500]
    told = sent(Case("good", good_request("/v1/jobs", "images", picture), "/v1/jobs"), host)
    if not told.startswith(b"HTTP/1.1 202"):
        print("/v1/jobs is left out: this service has none")
        return
    job = json.loads(told.partition(b"\r\n\r\n")[2])["job"]
    asking = f"GET /v1/jobs/{job} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    until = time.monotonic() + SECONDS
    while b'"done"' not in sent(Case("good", asking, "/v1/jobs"), host).partition(b'"state":')[2][:8]:
        assert time.monotonic() < until, "a job is not done"
        time.sleep(0.2)


def targets(host: str) -> list[Target]:
    """The addresses that this service has."""
    ours = our_wrong_values()
    found = [Target("/v1/cut", "image", ours), Target("/v1/refine", "image", ours)]
    found.append(Target("/v1/sessions", "image", {"x": ["y"]}))
    others = (Target("/v1.0/removebg", "image_file", REMOVE_BG_WRONG, ("type", "type_level", "crop"), is_strict=False),)
    for target in others:
        asked = Case(
            "", f"POST {target.path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode(), target.path
        )
        if sent(asked, host).startswith(b"HTTP/1.1 404"):
            print(f"{target.path} is left out: this service has none")
        else:
            found += [target] * 2
    return found


def drive(cases: Iterator[tuple[int, Case]], host: str, tally: Tally, options: argparse.Namespace) -> None:
    """Send `cases`, numbered, several at a time."""

    def work() -> None:
        while True:
            with tally.lock:
                number, case = next(cases, (0, None))
            if case is None:
                return
            start = time.perf_counter()
            outcome, fault = judged(case, sent(case, host))
            with tally.lock:
                tally.outcomes.setdefault(case.kind.partition(":")[0], Counter())[outcome] += 1
                tally.slowest = max(tally.slowest, (time.perf_counter() - start, f"request {number}, {case.kind}"))
                if fault:
                    shown = case.data[:120] + b" ... " + case.data[-200:]
                    tally.faults.append(f"request {number} ({case.kind}, {case.path[:60]}): {fault}\n   {shown!r}")
                    if options.keep is not None:
                        options.keep.mkdir(parents=True, exist_ok=True)
                        (options.keep / f"{number}.bin").write_bytes(case.data)

    threads = [threading.Thread(target=work) for _ in range(options.clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sent(case: Case, host: str) -> bytes:
    """All that the service answers to `case`; "" if it hangs up, "HUNG" if it does neither in time."""
    name, _, port = host.partition(":")
    answer = bytearray()
    with socket.create_connection((name, int(port)), timeout=SECONDS) as connection:
        # The service may answer, and hang up, before it has read everything.
        with contextlib.suppress(OSError):
            connection.sendall(case.data.replace(HOST, host.encode()))
            if case.hangs_up:
                connection.shutdown(socket.SHUT_WR)
        try:
            while piece := connection.recv(65536):
                answer += piece
        except TimeoutError:
            return b"HUNG"
        except OSError:
            pass
    return bytes(answer)


def judged(case: Case, answer: bytes) -> tuple[str, str]:
    """(the status or "no answer", what is wrong with the answer or "")."""
    if answer == b"HUNG":
        return "hung", f"neither an answer nor an end within {SECONDS:.0f} s"
    if not answer:
        may_be = case.hangs_up or case.is_no_http
        return "no answer", "" if may_be else "the service hung up without an answer"
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/1\.1 (\d{3})", head)
    if found is None:
        return "no HTTP", f"the answer is no HTTP: {answer[:100]!r}"
    status = found[1].decode()
    if TRACES.search(body) and status[0] != "2":
        return status, f"the answer tells of the program's inside: {body[:400]!r}"
    if status[0] == "2":
        return status, "" if case.may_pass else f"it was accepted: {head[:200]!r}"
    if status[0] != "4":
        return status, f"status {status}: {body[:300]!r}"
    if case.is_no_http:
        return status, ""
    return status, "" if has_form(case.path, body) else f"the answer has another form: {body[:200]!r}"


def has_form(path: str, body: bytes) -> bool:
    """Whether an answer that refuses is in the form of its API."""
    try:
        told: Any = json.loads(body)
    except ValueError:
        return False
    if not isinstance(told, dict):
        return False
    if path.startswith("/v1.0/"):
        errors = told.get("errors")
        return isinstance(errors, list) and bool(errors) and all({"title", "code"} <= set(each) for each in errors)
    error = told.get("error")
    return isinstance(error, dict) and bool(error.get("what")) and bool(error.get("type"))


if __name__ == "__main__":
    sys.exit(main())
